//! Documents of one type, with the format in which they are stored.

use picket_ports::RegistryError;
use picket_ports::registry::{Document, DocumentKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{ControlError, ControlPlane};

/// A stored entry. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format")]
enum Stored<T> {
    #[serde(rename = "1")]
    V1(T),
}

/// A document that has been read.
#[derive(Debug, Clone)]
pub(crate) struct Typed<T> {
    pub(crate) value: T,
    pub(crate) document: Document,
}

pub(crate) fn read<T: DeserializeOwned>(document: Document) -> Result<Typed<T>, ControlError> {
    let stored: Stored<T> = serde_json::from_str(&document.body).map_err(|error| {
        let (kind, name) = (document.kind.as_str(), &document.name);
        ControlError::Internal(format!("the stored {kind} {name} cannot be read: {error}"))
    })?;
    let Stored::V1(value) = stored;
    Ok(Typed { value, document })
}

fn write<T: Serialize>(value: &T) -> Result<String, ControlError> {
    let stored = Stored::V1(value);
    serde_json::to_string(&stored).map_err(|error| ControlError::Internal(error.to_string()))
}

impl ControlPlane {
    /// The entry, if it is there.
    pub(crate) async fn typed<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<Option<Typed<T>>, ControlError> {
        match self.parts.registry.document(kind, name).await {
            Ok(document) => read(document).map(Some),
            Err(RegistryError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Every entry of a kind, by name.
    pub(crate) async fn all_typed<T: DeserializeOwned>(
        &self,
        kind: DocumentKind,
    ) -> Result<Vec<Typed<T>>, ControlError> {
        self.parts.registry.documents(kind).await?.into_iter().map(read).collect()
    }

    /// Adds an entry; false if there is one of that name.
    pub(crate) async fn add_typed<T: Serialize>(
        &self,
        kind: DocumentKind,
        name: &str,
        value: &T,
    ) -> Result<bool, ControlError> {
        let (body, now) = (write(value)?, self.parts.clock.now());
        match self.parts.registry.create_document(kind, name, &body, now).await {
            Ok(_) => Ok(true),
            Err(RegistryError::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces an entry that was read before, unless somebody else has changed it since.
    pub(crate) async fn replace_typed<T: Serialize>(
        &self,
        before: &Document,
        value: &T,
    ) -> Result<(), ControlError> {
        let (body, now) = (write(value)?, self.parts.clock.now());
        let expected = Some(before.version);
        self.parts
            .registry
            .replace_document(before.kind, &before.name, &body, expected, now)
            .await?;
        Ok(())
    }

    /// Removes an entry; false if there is none.
    pub(crate) async fn remove_document(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<bool, ControlError> {
        match self.parts.registry.delete_document(kind, name).await {
            Ok(()) => Ok(true),
            Err(RegistryError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
