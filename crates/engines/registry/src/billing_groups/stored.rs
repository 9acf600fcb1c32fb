//! Billing groups as documents.

use picket_ports::registry::Document;
use serde::{Deserialize, Serialize};

use super::BillingGroup;
use crate::ControlError;

/// A stored billing group. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format", deny_unknown_fields)]
enum StoredBillingGroup {
    #[serde(rename = "1")]
    V1 { id: String, description: Option<String> },
}

pub(super) fn read(document: &Document) -> Result<BillingGroup, ControlError> {
    let Document { kind: _, name, body, version, created, modified: _ } = document;
    let StoredBillingGroup::V1 { id, description } =
        serde_json::from_str(body).map_err(|error| {
            ControlError::Internal(format!("stored billing group {name} cannot be read: {error}"))
        })?;
    let (name, version, created) = (name.clone(), *version, *created);
    Ok(BillingGroup { name, id, description, version, created })
}

pub(super) fn write(id: &str, description: Option<&str>) -> Result<String, ControlError> {
    let stored = StoredBillingGroup::V1 {
        id: id.to_owned(),
        description: description.map(ToOwned::to_owned),
    };
    serde_json::to_string(&stored).map_err(|error| ControlError::Internal(error.to_string()))
}
