//! Just-in-time registration: a certificate introduces itself (spec iot-core §2.6).

use std::net::IpAddr;

use async_trait::async_trait;
use picket_core::CertificateId;

use crate::registry::CertificateStatus;

/// Why a certificate was not registered.
#[derive(Debug, thiserror::Error)]
pub enum JustInTimeError {
    /// No active authority with automatic registration has signed it, or it is not in order.
    #[error("the certificate is not one that registers itself: {0}")]
    NotWelcome(String),
    /// The authority's template could not be applied.
    #[error("the provisioning template could not be applied: {0}")]
    Template(String),
    /// The registry failed.
    #[error("the certificate could not be registered: {0}")]
    Failed(String),
}

/// Registers certificates of authorities that allow it. Implemented by the registry engine.
#[async_trait]
pub trait JustInTime: std::fmt::Debug + Send + Sync {
    /// Takes the DER of a certificate whose key the peer has proven to have, and which is not
    /// registered, or PENDING_ACTIVATION. Registers it, applies the authority's template if it has
    /// one, and publishes the event. The connection it came by must be refused all the same: the
    /// device tries again. `from` is the peer's address, for the audit trail.
    async fn present(
        &self,
        der: &[u8],
        from: IpAddr,
    ) -> Result<(CertificateId, CertificateStatus), JustInTimeError>;
}
