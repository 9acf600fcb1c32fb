//! Why an operation on actions or tasks was refused.

use picket_core::{Classified, ErrorCode};
use picket_ports::{AlarmsError, FindingsError, LogError, RegistryError};

/// Why an operation was refused. Each variant is one of AWS's exceptions; the texts are for the caller.
#[derive(Debug, thiserror::Error)]
pub enum MitigationError {
    /// An argument is malformed or breaks a rule: `InvalidRequestException`.
    #[error("{0}")]
    Invalid(String),
    /// It is not there: `ResourceNotFoundException`.
    #[error("{kind} {name} not found")]
    NotFound {
        /// `mitigation action`, `audit mitigation task`, `detect mitigation task`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// There is an action of this name: `ResourceAlreadyExistsException`.
    #[error("mitigation action {name} already exists")]
    ActionExists {
        /// Its name.
        name: String,
        /// Its id.
        id: String,
        /// Its ARN.
        arn: String,
    },
    /// There is a task of this id: `TaskAlreadyExistsException`.
    #[error("a mitigation task with the id {0} exists already; task ids are used once")]
    TaskExists(String),
    /// A quota is used up: `LimitExceededException`.
    #[error("{0}")]
    LimitExceeded(String),
    /// Others change the same entry all the time, or the storage failed: `InternalFailureException`;
    /// the text is for the log only.
    #[error("mitigation failed: {0}")]
    Unavailable(String),
}

impl MitigationError {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }
}

impl Classified for MitigationError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::ActionExists { .. } | Self::TaskExists(_) => ErrorCode::AlreadyExists,
            Self::LimitExceeded(_) => ErrorCode::LimitExceeded,
            Self::Unavailable(_) => ErrorCode::Unavailable,
        }
    }
}

impl From<RegistryError> for MitigationError {
    fn from(error: RegistryError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<LogError> for MitigationError {
    fn from(error: LogError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<AlarmsError> for MitigationError {
    fn from(error: AlarmsError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<FindingsError> for MitigationError {
    fn from(error: FindingsError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
