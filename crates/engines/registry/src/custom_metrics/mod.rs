//! Operations on custom metrics (spec device-defender §3.4).
//!
//! A custom metric is a document of AWS's shape, which the detect engine reads by itself.

mod create;
mod delete;
mod stored;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::{DocumentKind, Page, Rows};

use crate::checked::{ENTRY_NAME, TextRule};
use crate::security_profiles::PROFILES_LOCK;
use crate::{ControlError, ControlPlane};

pub use create::NewCustomMetric;

use stored::Record;

const KIND: DocumentKind = DocumentKind::CustomMetric;

const DISPLAY_NAME: TextRule = TextRule {
    chars_min: 0,
    chars_max: 128,
    pattern: "[\\p{Graph}\\x20]*",
    is_allowed: |c| c == ' ' || c.is_ascii_graphic(),
};

/// A metric that devices measure and name themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomMetric {
    /// Its name, as devices write it.
    pub name: String,
    /// `number`, `number-list`, `string-list` or `ip-address-list`.
    pub metric_type: String,
    /// Its name for people.
    pub display_name: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub modified: Timestamp,
}

impl ControlPlane {
    /// `DescribeCustomMetric`.
    pub async fn custom_metric(&self, name: &str) -> Result<CustomMetric, ControlError> {
        ENTRY_NAME.check("metricName", name)?;
        match self.parts.registry.document(KIND, name).await {
            Ok(document) => Ok(stored::read(document)?.metric),
            Err(error) => Err(failure(error, name)),
        }
    }

    /// `ListCustomMetrics`: names, in their order.
    pub async fn list_custom_metrics(&self, page: &Page) -> Result<Rows<String>, ControlError> {
        let Rows { rows, next } = self.parts.registry.documents_page(KIND, page).await?;
        Ok(Rows { rows: rows.into_iter().map(|document| document.name).collect(), next })
    }

    /// Every custom metric, by name.
    pub async fn custom_metrics(&self) -> Result<Vec<CustomMetric>, ControlError> {
        let documents = self.parts.registry.documents(KIND).await?;
        documents.into_iter().map(|document| Ok(stored::read(document)?.metric)).collect()
    }

    /// `UpdateCustomMetric`: gives it another name for people; an empty one takes it away.
    pub async fn update_custom_metric(
        &self,
        name: &str,
        display_name: &str,
    ) -> Result<CustomMetric, ControlError> {
        ENTRY_NAME.check("metricName", name)?;
        DISPLAY_NAME.check("displayName", display_name)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let registry = &self.parts.registry;
        let document = registry.document(KIND, name).await.map_err(|error| failure(error, name))?;
        let before = stored::read(document)?;
        let record = Record {
            display_name: Some(display_name.to_owned()).filter(|text| !text.is_empty()),
            ..before.record
        };
        let (body, now) = (record.body()?, self.parts.clock.now());
        let expected = Some(before.document_version);
        let written = registry.replace_document(KIND, name, &body, expected, now).await?;
        Ok(stored::read(written)?.metric)
    }

    /// The ARN of custom metric `name`.
    pub fn custom_metric_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("custommetric/{name}"))
    }
}

fn failure(error: RegistryError, name: &str) -> ControlError {
    match error {
        RegistryError::NotFound { .. } => ControlError::not_found("custom metric", name),
        error => error.into(),
    }
}
