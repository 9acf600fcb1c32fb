//! People who may log in: registry documents of kind `user`.

use picket_core::{Classified, Clock, ErrorCode, Role, Secret};
use picket_ports::registry::DocumentKind;
use picket_ports::{Registry, RegistryError};
use serde::{Deserialize, Serialize};

use crate::passwords::{self, PASSWORD_BYTES_MAX, PasswordError};

/// Longest user name.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// A stored user. A new format is a new variant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "format", deny_unknown_fields)]
enum StoredUser {
    #[serde(rename = "1")]
    V1 { password_hash: String, role: Role },
}

/// A user as log-in sees it.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) password_hash: String,
    pub(crate) role: Role,
    /// Changes whenever the user is changed; sessions of an older version end.
    pub(crate) version: u64,
}

/// Why a user was not made or read.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The name is not one a user may have.
    #[error("user name `{name}` {problem}")]
    BadName {
        /// What was given, shortened and escaped.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The password is too long or empty.
    #[error("the password of user `{0}` must have 1 to 1024 bytes")]
    BadPassword(String),
    /// Hashing failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The stored text is not a user.
    #[error("the stored user `{name}` cannot be read: {cause}")]
    Stored {
        /// The user.
        name: String,
        /// The cause.
        cause: String,
    },
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl Classified for UserError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BadName { .. } | Self::BadPassword(_) => ErrorCode::Invalid,
            Self::Password(_) | Self::Stored { .. } => ErrorCode::Internal,
            Self::Registry(error) => error.code(),
        }
    }
}

/// Makes user `name` unless there is one of that name already. Returns whether it was made; the
/// password and role of a user that exists stay as they are. Takes a moment: the password is hashed.
pub async fn ensure_user(
    registry: &dyn Registry,
    clock: &dyn Clock,
    name: &str,
    password: &Secret,
    role: Role,
) -> Result<bool, UserError> {
    check_name(name)?;
    if password.expose().is_empty() || password.expose().len() > PASSWORD_BYTES_MAX {
        return Err(UserError::BadPassword(name.to_owned()));
    }
    match registry.document(DocumentKind::User, name).await {
        Ok(_) => return Ok(false),
        Err(RegistryError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let secret = password.clone();
    let hashed = tokio::task::spawn_blocking(move || passwords::hash(&secret)).await;
    let password_hash = hashed
        .map_err(|error| UserError::Stored { name: name.to_owned(), cause: error.to_string() })??;
    let body = serde_json::to_string(&StoredUser::V1 { password_hash, role })
        .map_err(|error| UserError::Stored { name: name.to_owned(), cause: error.to_string() })?;
    match registry.create_document(DocumentKind::User, name, &body, clock.now()).await {
        Ok(_) => Ok(true),
        Err(RegistryError::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The user of that name, if there is one.
pub(crate) async fn find(registry: &dyn Registry, name: &str) -> Result<Option<User>, UserError> {
    let document = match registry.document(DocumentKind::User, name).await {
        Ok(document) => document,
        Err(RegistryError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let stored = serde_json::from_str(&document.body)
        .map_err(|error| UserError::Stored { name: name.to_owned(), cause: error.to_string() })?;
    let StoredUser::V1 { password_hash, role } = stored;
    Ok(Some(User { password_hash, role, version: document.version }))
}

fn check_name(name: &str) -> Result<(), UserError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    let problem = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "is longer than 64 bytes"
    } else if !name.chars().all(allowed) {
        "may hold letters, digits and `._@+-` only"
    } else {
        return Ok(());
    };
    let name = name.chars().take(NAME_BYTES_MAX).flat_map(char::escape_debug).collect();
    Err(UserError::BadName { name, problem })
}
