//! Making, changing and removing users.

use picket_core::{Clock, Role, Secret, Timestamp};
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{Registry, RegistryError};

use super::{User, UserError, broken, check, hashed, read, stored};

/// A user without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownUser {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

/// What changes; what is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct UserChange {
    pub(crate) role: Option<Role>,
    pub(crate) password: Option<Secret>,
}

fn known(document: Document) -> Result<KnownUser, UserError> {
    let User { role, .. } = read(&document)?;
    let Document { name, created, modified, .. } = document;
    Ok(KnownUser { name, role, created, modified })
}

/// All users, by name.
pub(crate) async fn list(registry: &dyn Registry) -> Result<Vec<KnownUser>, UserError> {
    registry.documents(DocumentKind::User).await?.into_iter().map(known).collect()
}

/// Makes a user.
pub(crate) async fn create(
    registry: &dyn Registry,
    clock: &dyn Clock,
    name: &str,
    (password, role): (&Secret, Role),
) -> Result<KnownUser, UserError> {
    check(name, password)?;
    let body = stored(name, hashed(name, password).await?, role)?;
    match registry.create_document(DocumentKind::User, name, &body, clock.now()).await {
        Ok(document) => known(document),
        Err(RegistryError::AlreadyExists { .. }) => Err(UserError::Exists(name.to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// Changes a user, whose sessions end with it.
pub(crate) async fn change(
    registry: &dyn Registry,
    clock: &dyn Clock,
    name: &str,
    change: UserChange,
) -> Result<KnownUser, UserError> {
    let document = existing(registry, name).await?;
    let before = read(&document)?;
    let role = change.role.unwrap_or(before.role);
    if before.role == Role::Admin && role != Role::Admin {
        must_not_be_last(registry, name).await?;
    }
    let password_hash = match &change.password {
        None => before.password_hash,
        Some(password) => {
            check(name, password)?;
            hashed(name, password).await?
        }
    };
    let (body, expected) = (stored(name, password_hash, role)?, Some(document.version));
    let now = clock.now();
    known(registry.replace_document(DocumentKind::User, name, &body, expected, now).await?)
}

/// Removes a user with their access keys, and ends their sessions.
pub(crate) async fn delete(registry: &dyn Registry, name: &str) -> Result<(), UserError> {
    let document = existing(registry, name).await?;
    // One that cannot be read can be removed all the same.
    if read(&document).is_ok_and(|user| user.role == Role::Admin) {
        must_not_be_last(registry, name).await?;
    }
    registry.delete_document(DocumentKind::User, name).await?;
    let removed = picket_registry::delete_access_keys_of(registry, name).await;
    removed.map(drop).map_err(|error| broken(name, &error))
}

async fn existing(registry: &dyn Registry, name: &str) -> Result<Document, UserError> {
    match registry.document(DocumentKind::User, name).await {
        Ok(document) => Ok(document),
        Err(RegistryError::NotFound { .. }) => Err(UserError::NotFound(name.to_owned())),
        Err(error) => Err(error.into()),
    }
}

async fn must_not_be_last(registry: &dyn Registry, name: &str) -> Result<(), UserError> {
    let documents = registry.documents(DocumentKind::User).await?;
    let is_other_admin =
        |it: &Document| it.name != name && read(it).is_ok_and(|user| user.role == Role::Admin);
    match documents.iter().any(is_other_admin) {
        true => Ok(()),
        false => Err(UserError::LastAdmin(name.to_owned())),
    }
}
