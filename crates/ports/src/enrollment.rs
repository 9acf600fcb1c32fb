//! Giving a device its identity.

use async_trait::async_trait;
use picket_core::{CertificateId, Classified, ErrorCode, InvalidName, Secret, ThingName};

/// A new device's files.
#[derive(Debug, Clone)]
pub struct ThingBundle {
    /// The thing.
    pub thing: ThingName,
    /// Its certificate's id.
    pub certificate_id: CertificateId,
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// Its private key, PEM (PKCS#8). Kept nowhere else.
    pub private_key_pem: Secret,
    /// The CA that signed the server's certificate, PEM.
    pub ca_pem: String,
}

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The name is not one a thing may have.
    #[error(transparent)]
    BadName(#[from] InvalidName),
    /// The thing exists; its certificate is not handed out twice.
    #[error("thing `{0}` exists already; choose another name or delete it first")]
    AlreadyExists(ThingName),
    /// No such group.
    #[error("thing group `{0}` does not exist")]
    NoSuchGroup(String),
    /// The registry or the CA failed.
    #[error("could not enroll the thing: {0}")]
    Failed(String),
}

impl Classified for EnrollError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BadName(_) => ErrorCode::Invalid,
            Self::AlreadyExists(_) => ErrorCode::AlreadyExists,
            Self::NoSuchGroup(_) => ErrorCode::NotFound,
            Self::Failed(_) => ErrorCode::Internal,
        }
    }
}

/// Creates a thing together with an active certificate and a policy, in one step.
#[async_trait]
pub trait Enrollment: std::fmt::Debug + Send + Sync {
    /// Creates thing `name` in `group` (the fleet's group when absent), with a fresh key, an ACTIVE
    /// certificate of our CA attached to it, and the device policy attached to that.
    async fn create_thing(
        &self,
        name: &str,
        group: Option<&str>,
    ) -> Result<ThingBundle, EnrollError>;
}
