//! Operations on dimensions (spec device-defender §2.8).
//!
//! A dimension is a document of AWS's shape, which the detect engine reads by itself.

mod create;
mod delete;
mod stored;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::{DocumentKind, Page, Rows};

use crate::checked::ENTRY_NAME;
use crate::security_profiles::PROFILES_LOCK;
use crate::{ControlError, ControlPlane};

pub use create::NewDimension;

use stored::Record;

const KIND: DocumentKind = DocumentKind::Dimension;
/// The only type there is.
const TOPIC_FILTER: &str = "TOPIC_FILTER";

/// A named set of topic filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// `TOPIC_FILTER`.
    pub dimension_type: String,
    /// The filters.
    pub values: Vec<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub modified: Timestamp,
}

impl ControlPlane {
    /// `DescribeDimension`.
    pub async fn dimension(&self, name: &str) -> Result<Dimension, ControlError> {
        ENTRY_NAME.check("dimensionName", name)?;
        match self.parts.registry.document(KIND, name).await {
            Ok(document) => Ok(stored::read(document)?.dimension),
            Err(error) => Err(failure(error, name)),
        }
    }

    /// `ListDimensions`: names, in their order.
    pub async fn list_dimensions(&self, page: &Page) -> Result<Rows<String>, ControlError> {
        let Rows { rows, next } = self.parts.registry.documents_page(KIND, page).await?;
        Ok(Rows { rows: rows.into_iter().map(|document| document.name).collect(), next })
    }

    /// Every dimension, by name.
    pub async fn dimensions(&self) -> Result<Vec<Dimension>, ControlError> {
        let documents = self.parts.registry.documents(KIND).await?;
        documents.into_iter().map(|document| Ok(stored::read(document)?.dimension)).collect()
    }

    /// `UpdateDimension`: puts other filters in the place of all.
    pub async fn update_dimension(
        &self,
        name: &str,
        values: Vec<String>,
    ) -> Result<Dimension, ControlError> {
        ENTRY_NAME.check("dimensionName", name)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let registry = &self.parts.registry;
        let document = registry.document(KIND, name).await.map_err(|error| failure(error, name))?;
        let before = stored::read(document)?;
        let record = Record { string_values: values, ..before.record };
        let (body, now) = (record.checked_body(name)?, self.parts.clock.now());
        let expected = Some(before.document_version);
        let written = registry.replace_document(KIND, name, &body, expected, now).await?;
        Ok(stored::read(written)?.dimension)
    }

    /// The ARN of dimension `name`.
    pub fn dimension_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("dimension/{name}"))
    }
}

fn failure(error: RegistryError, name: &str) -> ControlError {
    match error {
        RegistryError::NotFound { .. } => ControlError::not_found("dimension", name),
        error => error.into(),
    }
}
