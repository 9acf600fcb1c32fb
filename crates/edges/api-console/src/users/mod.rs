//! People who may log in: registry documents of kind `user`.

mod manage;

use picket_core::{Classified, Clock, ErrorCode, Role, Secret};
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{Registry, RegistryError};
use serde::{Deserialize, Serialize};

use crate::passwords::{self, PASSWORD_BYTES_MAX, PasswordError};

pub(crate) use manage::{KnownUser, UserChange, change, create, delete, list};

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
    /// There is a user of that name.
    #[error("user `{0}` exists already")]
    Exists(String),
    /// There is no user of that name.
    #[error("user `{0}` not found")]
    NotFound(String),
    /// Somebody has to be able to make users.
    #[error("`{0}` is the only administrator; make another one first")]
    LastAdmin(String),
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
            Self::Exists(_) => ErrorCode::AlreadyExists,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::LastAdmin(_) => ErrorCode::Conflict,
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
    check(name, password)?;
    match registry.document(DocumentKind::User, name).await {
        Ok(_) => return Ok(false),
        Err(RegistryError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let body = stored(name, hashed(name, password).await?, role)?;
    match registry.create_document(DocumentKind::User, name, &body, clock.now()).await {
        Ok(_) => Ok(true),
        Err(RegistryError::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn check(name: &str, password: &Secret) -> Result<(), UserError> {
    check_name(name)?;
    match password.expose().len() {
        1..=PASSWORD_BYTES_MAX => Ok(()),
        _ => Err(UserError::BadPassword(name.to_owned())),
    }
}

async fn hashed(name: &str, password: &Secret) -> Result<String, UserError> {
    let secret = password.clone();
    let hashed = tokio::task::spawn_blocking(move || passwords::hash(&secret)).await;
    Ok(hashed.map_err(|error| broken(name, &error))??)
}

fn stored(name: &str, password_hash: String, role: Role) -> Result<String, UserError> {
    serde_json::to_string(&StoredUser::V1 { password_hash, role })
        .map_err(|error| broken(name, &error))
}

fn broken(name: &str, cause: &dyn std::error::Error) -> UserError {
    UserError::Stored { name: name.to_owned(), cause: cause.to_string() }
}

fn read(document: &Document) -> Result<User, UserError> {
    let stored = serde_json::from_str(&document.body);
    let StoredUser::V1 { password_hash, role } =
        stored.map_err(|error| broken(&document.name, &error))?;
    Ok(User { password_hash, role, version: document.version })
}

/// The user of that name, if there is one.
pub(crate) async fn find(registry: &dyn Registry, name: &str) -> Result<Option<User>, UserError> {
    let document = match registry.document(DocumentKind::User, name).await {
        Ok(document) => document,
        Err(RegistryError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    read(&document).map(Some)
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
