//! Devices with certificates of a foreign authority, against a real database.

mod provisioning;
mod registration;
mod rewritten;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use picket_core::CertificateId;
use picket_ports::registry::{CertificateStatus, ChangeFilter, ChangeRecord, Page};
use picket_ports::{JustInTime, JustInTimeError};

use crate::test_plane::TestPlane;

/// Where devices are.
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));

/// A device connects with this certificate.
async fn present(
    at: &TestPlane,
    der: &[u8],
) -> Result<(CertificateId, CertificateStatus), JustInTimeError> {
    let door: Arc<dyn JustInTime> = at.plane.clone();
    door.present(der, FROM).await
}

/// What the audit trail says, oldest first.
async fn trail(at: &TestPlane) -> Vec<ChangeRecord> {
    let filter = ChangeFilter::default();
    let mut records = at.registry.recorded_changes(&filter, &Page::first(99)).await.unwrap().rows;
    records.reverse();
    records
}

/// As [`present`], for one that is refused: `Variant: text`.
async fn refused(at: &TestPlane, der: &[u8]) -> String {
    let error = present(at, der).await.unwrap_err();
    let variant = format!("{error:?}");
    let variant = variant.split('(').next().unwrap_or_default();
    format!("{variant}: {error}")
}
