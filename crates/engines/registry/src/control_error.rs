//! Why an operation of the control plane was refused.

use picket_core::{Classified, ErrorCode, InvalidName};
use picket_ports::RegistryError;

/// Why an operation was refused. Each variant is one of AWS's exceptions; the texts are for the caller.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// An argument is malformed or breaks a rule: `InvalidRequestException`.
    #[error("{0}")]
    Invalid(String),
    /// It is not there: `ResourceNotFoundException`.
    #[error("{kind} {name} not found")]
    NotFound {
        /// `thing`, `thing group`, `certificate`, …
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// It is there already, and not the same: `ResourceAlreadyExistsException`.
    #[error("{}", already_exists(kind, name))]
    AlreadyExists {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// `resourceId` of the answer.
        id: String,
        /// `resourceArn` of the answer.
        arn: String,
    },
    /// It is at another version: `VersionConflictException`.
    #[error("expected version {expected} of {kind} {name}, but it is at version {actual}")]
    VersionConflict {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What the caller expected.
        expected: u64,
        /// What is stored.
        actual: u64,
    },
    /// Something else refers to it: `DeleteConflictException`.
    #[error("{0}")]
    DeleteConflict(String),
    /// A quota is used up: `LimitExceededException`.
    #[error("{0}")]
    LimitExceeded(String),
    /// A policy has as many versions as it may: `VersionsLimitExceededException`.
    #[error("{0}")]
    VersionsLimitExceeded(String),
    /// The document is not a policy: `MalformedPolicyException`.
    #[error("{0}")]
    MalformedPolicy(String),
    /// The certificate is not in a state for this: `CertificateStateException`.
    #[error("{0}")]
    CertificateState(String),
    /// The certificate is not acceptable: `CertificateValidationException`.
    #[error("{0}")]
    CertificateValidation(String),
    /// Several authorities could have signed it: `CertificateConflictException`.
    #[error("{0}")]
    CertificateConflict(String),
    /// The verification certificate does not hold the code: `RegistrationCodeValidationException`.
    #[error("{0}")]
    RegistrationCodeValidation(String),
    /// The provisioning template failed: `ResourceRegistrationFailureException`.
    #[error("{0}")]
    RegistrationFailure(String),
    /// Logging was never set up: `NotConfiguredException`.
    #[error("{0}")]
    NotConfigured(String),
    /// The storage or a library failed: `InternalFailureException`; the text is for the log only.
    #[error("the operation failed: {0}")]
    Internal(String),
    /// The storage could not be reached: `ServiceUnavailableException`; the text is for the log only.
    #[error("the registry failed: {0}")]
    Unavailable(String),
}

impl ControlError {
    /// `InvalidRequestException` with this text.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// `ServiceUnavailableException`: others, of another process most likely, changed it each time it was
    /// tried. A caller who expects no version is not told of one.
    pub(crate) fn changed_too_often(kind: &str, name: &str) -> Self {
        Self::Unavailable(format!("{kind} {name} was changed by others each time it was tried"))
    }

    /// `ResourceNotFoundException`.
    pub fn not_found(kind: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound { kind, name: name.into() }
    }
}

impl Classified for ControlError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } | Self::NotConfigured(_) => ErrorCode::NotFound,
            Self::AlreadyExists { .. } => ErrorCode::AlreadyExists,
            Self::VersionConflict { .. }
            | Self::DeleteConflict(_)
            | Self::CertificateState(_)
            | Self::CertificateConflict(_) => ErrorCode::Conflict,
            Self::LimitExceeded(_) | Self::VersionsLimitExceeded(_) => ErrorCode::LimitExceeded,
            Self::Internal(_) => ErrorCode::Internal,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Invalid(_)
            | Self::MalformedPolicy(_)
            | Self::CertificateValidation(_)
            | Self::RegistrationCodeValidation(_)
            | Self::RegistrationFailure(_) => ErrorCode::Invalid,
        }
    }
}

/// AWS has words of its own for certificates.
fn already_exists(kind: &str, name: &str) -> String {
    match kind {
        "certificate" => "The certificate is already provisioned or registered".to_owned(),
        "CA certificate" => format!("CA certificate {name} is already registered"),
        _ => format!("{kind} {name} already exists in account with different configuration"),
    }
}

impl From<InvalidName> for ControlError {
    fn from(error: InvalidName) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// For errors that an operation has no better word for. `AlreadyExists` and `InUse` should be caught
/// before, where the ARN and AWS's own text are known.
impl From<RegistryError> for ControlError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::NotFound { kind, name } => Self::NotFound { kind, name },
            RegistryError::AlreadyExists { kind, name } => {
                Self::AlreadyExists { kind, name, id: String::new(), arn: String::new() }
            }
            RegistryError::VersionConflict { kind, name, expected, actual } => {
                Self::VersionConflict { kind, name, expected, actual }
            }
            RegistryError::InUse { kind, name, by } => {
                Self::DeleteConflict(format!("{kind} {name} is still in use by {by}"))
            }
            RegistryError::Storage(cause) => Self::Unavailable(cause),
        }
    }
}
