//! Why an access key was not made, changed or read.

use picket_core::{Classified, ErrorCode};
use picket_ports::RegistryError;

/// Why an access key was not made, changed or read.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// The id is not one a key may have.
    #[error("access key id `{id}` {problem}")]
    BadId {
        /// What was given, shortened and escaped.
        id: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The secret is not one a key may have. It is not shown.
    #[error("the secret of access key `{0}` must be 16 to 128 printable ASCII characters")]
    BadSecret(String),
    /// No such user.
    #[error("user `{0}` does not exist")]
    NoSuchUser(String),
    /// No such key.
    #[error("access key `{0}` does not exist")]
    NoSuchKey(String),
    /// The user has as many keys as one may have.
    #[error("user `{user}` has {keys_max} access keys, which is the most; delete one first")]
    TooMany {
        /// The user.
        user: String,
        /// The limit.
        keys_max: usize,
    },
    /// The stored text is not an access key.
    #[error("the stored access key `{id}` cannot be read: {cause}")]
    Stored {
        /// The key's id.
        id: String,
        /// The cause.
        cause: String,
    },
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl Classified for AccessKeyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BadId { .. } | Self::BadSecret(_) => ErrorCode::Invalid,
            Self::NoSuchUser(_) | Self::NoSuchKey(_) => ErrorCode::NotFound,
            Self::TooMany { .. } => ErrorCode::LimitExceeded,
            Self::Stored { .. } => ErrorCode::Internal,
            Self::Registry(error) => error.code(),
        }
    }
}
