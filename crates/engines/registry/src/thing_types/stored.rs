//! Thing types as documents.

use picket_core::Timestamp;
use picket_ports::registry::Document;
use serde::{Deserialize, Serialize};

use super::{ThingType, ThingTypeProperties};
use crate::ControlError;

/// A stored thing type. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format", deny_unknown_fields)]
enum StoredThingType {
    #[serde(rename = "1")]
    V1 { id: String, properties: ThingTypeProperties, deprecated: Option<Timestamp> },
}

pub(super) fn read(document: &Document) -> Result<ThingType, ControlError> {
    let StoredThingType::V1 { id, properties, deprecated } = serde_json::from_str(&document.body)
        .map_err(|error| {
        ControlError::Internal(format!(
            "stored thing type {} cannot be read: {error}",
            document.name
        ))
    })?;
    let (name, created) = (document.name.clone(), document.created);
    Ok(ThingType { name, id, properties, deprecated, created })
}

pub(super) fn write(thing_type: &ThingType) -> Result<String, ControlError> {
    let stored = StoredThingType::V1 {
        id: thing_type.id.clone(),
        properties: thing_type.properties.clone(),
        deprecated: thing_type.deprecated,
    };
    serde_json::to_string(&stored).map_err(|error| ControlError::Internal(error.to_string()))
}
