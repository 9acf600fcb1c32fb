//! Making, listing and ending access keys: registry documents of kind `access-key`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use picket_core::{Clock, Secret, Timestamp};
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{Registry, RegistryError};
use rand::Rng as _;

use super::stored::KeyRecord;
use super::{AccessKeyError, AccessKeyStatus};

/// Most keys of one user. AWS has 2; more allow one for each tool.
pub const ACCESS_KEYS_PER_USER_MAX: usize = 10;

const KIND: DocumentKind = DocumentKind::AccessKey;
const ID_PREFIX: &str = "AKIA";
const ID_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An access key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id, which requests name.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// Whether it can be used.
    pub status: AccessKeyStatus,
    /// When it was made.
    pub created: Timestamp,
}

/// An access key that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessKey {
    /// The key.
    pub key: AccessKey,
    /// Its secret. Shown this once.
    pub secret: Secret,
}

/// Makes an active key of an existing user, with a random id and secret.
pub async fn create_access_key(
    registry: &dyn Registry,
    clock: &dyn Clock,
    user: &str,
) -> Result<NewAccessKey, AccessKeyError> {
    user_must_exist(registry, user).await?;
    if access_keys(registry, Some(user)).await?.len() >= ACCESS_KEYS_PER_USER_MAX {
        let keys_max = ACCESS_KEYS_PER_USER_MAX;
        return Err(AccessKeyError::TooMany { user: user.to_owned(), keys_max });
    }
    let (id, secret) = (new_access_key_id(), new_secret_access_key());
    let created = clock.now();
    store_new(registry, &id, user, &secret, created).await?;
    let status = AccessKeyStatus::Active;
    let key = AccessKey { id, user: user.to_owned(), status, created };
    Ok(NewAccessKey { key, secret })
}

/// Makes the key `id` of an existing user unless there is a key of that id already. Returns whether it
/// was made; a key that exists stays as it is.
pub async fn ensure_access_key(
    registry: &dyn Registry,
    clock: &dyn Clock,
    user: &str,
    id: &str,
    secret: &Secret,
) -> Result<bool, AccessKeyError> {
    check_id(id)?;
    let text = secret.expose();
    if !(16..=128).contains(&text.len()) || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(AccessKeyError::BadSecret(id.to_owned()));
    }
    match registry.document(KIND, id).await {
        Ok(_) => return Ok(false),
        Err(RegistryError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    user_must_exist(registry, user).await?;
    match store_new(registry, id, user, secret, clock.now()).await {
        Ok(()) => Ok(true),
        Err(AccessKeyError::Registry(RegistryError::AlreadyExists { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The keys by id; those of one user if given.
pub async fn access_keys(
    registry: &dyn Registry,
    user: Option<&str>,
) -> Result<Vec<AccessKey>, AccessKeyError> {
    let mut keys = Vec::new();
    for document in registry.documents(KIND).await? {
        let record = read(&document)?;
        if user.is_none_or(|user| user == record.user) {
            let KeyRecord { user, created, status, .. } = record;
            keys.push(AccessKey { id: document.name, user, status, created });
        }
    }
    Ok(keys)
}

/// Switches a key on or off.
pub async fn set_access_key_status(
    registry: &dyn Registry,
    clock: &dyn Clock,
    id: &str,
    status: AccessKeyStatus,
) -> Result<(), AccessKeyError> {
    loop {
        let document = registry.document(KIND, id).await.map_err(|error| missing(id, error))?;
        let record = KeyRecord { status, ..read(&document)? };
        let body = record.write().map_err(|error| unreadable(id, error))?;
        let version = Some(document.version);
        match registry.replace_document(KIND, id, &body, version, clock.now()).await {
            Ok(_) => return Ok(()),
            Err(RegistryError::VersionConflict { .. }) => {}
            Err(error) => return Err(missing(id, error)),
        }
    }
}

/// Removes a key.
pub async fn delete_access_key(registry: &dyn Registry, id: &str) -> Result<(), AccessKeyError> {
    registry.delete_document(KIND, id).await.map_err(|error| missing(id, error))
}

/// Removes all keys of a user. For when the user is removed: one of the same name who comes later must
/// not find them working. Returns how many there were.
pub async fn delete_access_keys_of(
    registry: &dyn Registry,
    user: &str,
) -> Result<usize, AccessKeyError> {
    let keys = access_keys(registry, Some(user)).await?;
    for key in &keys {
        match delete_access_key(registry, &key.id).await {
            Ok(()) | Err(AccessKeyError::NoSuchKey(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(keys.len())
}

async fn user_must_exist(registry: &dyn Registry, user: &str) -> Result<(), AccessKeyError> {
    match registry.document(DocumentKind::User, user).await {
        Ok(_) => Ok(()),
        Err(RegistryError::NotFound { .. }) => Err(AccessKeyError::NoSuchUser(user.to_owned())),
        Err(error) => Err(error.into()),
    }
}

async fn store_new(
    registry: &dyn Registry,
    id: &str,
    user: &str,
    secret: &Secret,
    created: Timestamp,
) -> Result<(), AccessKeyError> {
    let (user, secret) = (user.to_owned(), secret.clone());
    let record = KeyRecord { user, secret, created, status: AccessKeyStatus::Active };
    let body = record.write().map_err(|error| unreadable(id, error))?;
    registry.create_document(KIND, id, &body, created).await?;
    Ok(())
}

fn read(document: &Document) -> Result<KeyRecord, AccessKeyError> {
    KeyRecord::read(&document.body).map_err(|error| unreadable(&document.name, error))
}

fn missing(id: &str, error: RegistryError) -> AccessKeyError {
    match error {
        RegistryError::NotFound { .. } => AccessKeyError::NoSuchKey(id.to_owned()),
        other => other.into(),
    }
}

/// The cause without the text around it, in which the secret may be.
fn unreadable(id: &str, error: serde_json::Error) -> AccessKeyError {
    let cause = format!("{:?} error at column {}", error.classify(), error.column());
    AccessKeyError::Stored { id: id.to_owned(), cause }
}

fn check_id(id: &str) -> Result<(), AccessKeyError> {
    let problem = if !(16..=128).contains(&id.len()) {
        "must have 16 to 128 characters"
    } else if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        "may hold letters, digits and `_` only"
    } else {
        return Ok(());
    };
    let id = id.chars().take(64).flat_map(char::escape_debug).collect();
    Err(AccessKeyError::BadId { id, problem })
}

/// A new access key's id: `AKIA` and 80 random bits.
pub fn new_access_key_id() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    let letter =
        |byte: &u8| ID_LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter));
    ID_PREFIX.chars().chain(bytes.iter().filter_map(letter)).collect()
}

/// A new access key's secret: 240 random bits in 40 characters.
pub fn new_secret_access_key() -> Secret {
    let mut bytes = [0_u8; 30];
    rand::rng().fill_bytes(&mut bytes);
    Secret::new(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_secrets_look_like_those_of_aws_and_never_repeat() {
        let (one, other) = (new_access_key_id(), new_access_key_id());
        assert_ne!(one, other);
        assert_eq!(one.len(), 20);
        assert!(one.starts_with("AKIA"), "{one}");
        assert!(one.bytes().all(|byte| ID_LETTERS.contains(&byte)), "{one}");
        check_id(&one).unwrap();
        let (one, other) = (new_secret_access_key(), new_secret_access_key());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 40);
    }

    #[test]
    fn what_cannot_be_read_is_told_without_the_text_that_may_hold_a_secret() {
        let body =
            r#"{"format":"1","user":"ada","secret":"hush","created":"hush","status":"ACTIVE"}"#;
        let error = unreadable("AKIA", KeyRecord::read(body).unwrap_err());
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
