//! What mitigation changes in the registry: planned first, then applied (spec device-defender §8.1).

use async_trait::async_trait;
use picket_core::{CertificateId, Classified, ErrorCode, PolicyName};
use serde::{Deserialize, Serialize};

/// A change for the better, without whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remedy {
    /// `UPDATE_DEVICE_CERTIFICATE`: the certificate becomes INACTIVE.
    DeactivateCertificate,
    /// `UPDATE_CA_CERTIFICATE`: the authority becomes INACTIVE.
    DeactivateAuthority,
    /// `ADD_THINGS_TO_THING_GROUP`.
    JoinGroups {
        /// The groups, 1 to 10.
        groups: Vec<String>,
        /// Whether the thing may be taken out of dynamic groups to make room.
        override_dynamic_groups: bool,
    },
    /// `REPLACE_DEFAULT_POLICY_VERSION`: a version that allows nothing becomes the default.
    BlankPolicy,
    /// `ENABLE_IOT_LOGGING`.
    EnableLogging {
        /// The role for logging.
        role_arn: String,
        /// `DEBUG`, `INFO`, `ERROR` or `WARN`.
        level: String,
    },
}

/// Whom a remedy concerns. What does not match it is looked up: for a thing, the remedy for certificates
/// goes to all certificates of the thing, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemedySubject {
    /// A thing: its certificates, their authorities, their policies.
    Thing(String),
    /// A device certificate: itself, the things it belongs to, its policies.
    Certificate(CertificateId),
    /// An authority.
    Authority(CertificateId),
    /// A policy.
    Policy(PolicyName),
    /// The account: logging only.
    Account,
}

/// One change that a remedy makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// The operation by AWS's name, `UpdateCertificate`.
    pub operation: String,
    /// What it changes, for a person: `certificate 3f0a…`, `thing pump-1`.
    pub resource: String,
    /// How it stands.
    pub before: String,
    /// How it shall stand.
    pub after: String,
    /// Whether it stood so already.
    pub is_done: bool,
}

/// Why a remedy was not applied.
#[derive(Debug, thiserror::Error)]
pub enum RemedyError {
    /// There is nothing to apply it to: the thing is not registered, has no certificate, and so on.
    #[error("{0}")]
    NoSubject(String),
    /// The registry refuses.
    #[error("{message}")]
    Refused {
        /// AWS's exception, `VersionsLimitExceededException`.
        code: String,
        /// Why.
        message: String,
    },
    /// The storage failed; try again.
    #[error("{0}")]
    Unavailable(String),
}

impl Classified for RemedyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSubject(_) => ErrorCode::NotFound,
            Self::Refused { .. } => ErrorCode::Conflict,
            Self::Unavailable(_) => ErrorCode::Unavailable,
        }
    }
}

/// Plans and applies remedies. Implemented by the control plane.
#[async_trait]
pub trait Remedies: std::fmt::Debug + Send + Sync {
    /// What [`Remedies::apply`] would do. Changes nothing.
    async fn plan(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
    ) -> Result<Vec<PlannedChange>, RemedyError>;

    /// Makes it so and tells what was changed; what was so already is left alone, so that applying it
    /// again after a crash is harmless. When it resolves, the front door acts accordingly.
    async fn apply(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
    ) -> Result<Vec<PlannedChange>, RemedyError>;
}
