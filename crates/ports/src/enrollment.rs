//! Giving a device its identity.

use std::collections::BTreeMap;

use async_trait::async_trait;
use picket_core::{CertificateId, Classified, ErrorCode, InvalidName, Secret, ThingName};

/// A device to be enrolled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewDeviceRequest {
    /// The thing's name.
    pub name: String,
    /// The group it joins; the fleet's when absent.
    pub group: Option<String>,
    /// Its type.
    pub type_name: Option<String>,
    /// Its attributes; those with an empty value are left out.
    pub attributes: BTreeMap<String, String>,
}

impl NewDeviceRequest {
    /// A device of which nothing but its name is given.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

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
    /// No such thing type.
    #[error("thing type `{0}` does not exist")]
    NoSuchType(String),
    /// Its type takes no things, or its attributes break a rule.
    #[error("{0}")]
    Invalid(String),
    /// The registry or the CA failed.
    #[error("could not enroll the thing: {0}")]
    Failed(String),
}

impl Classified for EnrollError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BadName(_) | Self::Invalid(_) => ErrorCode::Invalid,
            Self::AlreadyExists(_) => ErrorCode::AlreadyExists,
            Self::NoSuchGroup(_) | Self::NoSuchType(_) => ErrorCode::NotFound,
            Self::Failed(_) => ErrorCode::Internal,
        }
    }
}

/// Creates a thing together with an active certificate and a policy, in one step.
#[async_trait]
pub trait Enrollment: std::fmt::Debug + Send + Sync {
    /// Creates the thing in its group, with a fresh key, an ACTIVE certificate of our CA attached to
    /// it, and the device policy attached to that: all or nothing.
    async fn create_thing(&self, request: NewDeviceRequest) -> Result<ThingBundle, EnrollError>;
}
