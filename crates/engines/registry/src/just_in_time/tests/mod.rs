//! Devices with certificates of a foreign authority, against a real database.

mod provisioning;
mod registration;

use std::sync::Arc;

use picket_core::CertificateId;
use picket_ports::registry::CertificateStatus;
use picket_ports::{JustInTime, JustInTimeError};

use crate::test_plane::TestPlane;

/// A device connects with this certificate.
async fn present(
    at: &TestPlane,
    der: &[u8],
) -> Result<(CertificateId, CertificateStatus), JustInTimeError> {
    let door: Arc<dyn JustInTime> = at.plane.clone();
    door.present(der).await
}

/// As [`present`], for one that is refused: `Variant: text`.
async fn refused(at: &TestPlane, der: &[u8]) -> String {
    let error = present(at, der).await.unwrap_err();
    let variant = format!("{error:?}");
    let variant = variant.split('(').next().unwrap_or_default();
    format!("{variant}: {error}")
}
