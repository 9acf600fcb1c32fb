//! Why an operation failed, before it is the port's error.

use picket_ports::RegistryError;

/// What an operation on a connection gives.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Why an operation on a connection failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// For a reason the caller is to know.
    Refused(RegistryError),
    /// The database failed.
    Database(rusqlite::Error),
    /// A row holds what we never wrote.
    Damaged(String),
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for RegistryError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Database(error) => Self::Storage(error.to_string()),
            Failure::Damaged(what) => Self::Storage(format!("a stored row is damaged: {what}")),
        }
    }
}

pub(crate) fn damaged(what: impl std::fmt::Display) -> Failure {
    Failure::Damaged(what.to_string())
}

pub(crate) fn not_found(kind: &'static str, name: impl ToString) -> Failure {
    Failure::Refused(RegistryError::NotFound { kind, name: name.to_string() })
}

pub(crate) fn in_use(kind: &'static str, name: impl ToString, by: &'static str) -> Failure {
    Failure::Refused(RegistryError::InUse { kind, name: name.to_string(), by })
}

pub(crate) fn version_conflict(
    kind: &'static str,
    name: impl ToString,
    (expected, actual): (u64, u64),
) -> Failure {
    let name = name.to_string();
    Failure::Refused(RegistryError::VersionConflict { kind, name, expected, actual })
}

/// Maps the violation of a key to `AlreadyExists`.
pub(crate) fn insert_failure(
    kind: &'static str,
    name: impl ToString,
    error: rusqlite::Error,
) -> Failure {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|cause| cause.extended_code);
    match code {
        Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE) => {
            Failure::Refused(RegistryError::AlreadyExists { kind, name: name.to_string() })
        }
        _ => Failure::Database(error),
    }
}
