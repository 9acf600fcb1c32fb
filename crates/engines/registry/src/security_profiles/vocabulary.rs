//! What profiles may name: the custom metrics and dimensions that are there.

use picket_ports::registry::DocumentKind;
use picket_profile::{CustomMetric, Dimension, Vocabulary, parse_custom_metric, parse_dimension};

use crate::{ControlError, ControlPlane};

/// The words of profiles, read once for a check.
#[derive(Debug)]
pub(super) struct Words {
    custom: Vec<CustomMetric>,
    dimensions: Vec<Dimension>,
    elements_max: usize,
}

impl Words {
    pub(super) fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary {
            custom: &self.custom,
            dimensions: &self.dimensions,
            elements_max: self.elements_max,
        }
    }
}

impl ControlPlane {
    /// The words there are. A custom metric or dimension that cannot be read is none.
    pub(super) async fn words(&self) -> Result<Words, ControlError> {
        let registry = &self.parts.registry;
        let metrics = registry.documents(DocumentKind::CustomMetric).await?;
        let dimensions = registry.documents(DocumentKind::Dimension).await?;
        Ok(Words {
            custom: metrics
                .iter()
                .filter_map(|it| parse_custom_metric(&it.name, &it.body).ok())
                .collect(),
            dimensions: dimensions
                .iter()
                .filter_map(|it| parse_dimension(&it.name, &it.body).ok())
                .collect(),
            elements_max: self.parts.limits.elements_per_profile_max,
        })
    }
}
