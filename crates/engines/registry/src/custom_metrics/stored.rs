//! Custom metrics as documents.

use picket_ports::registry::Document;
use serde::{Deserialize, Serialize};

use super::CustomMetric;
use crate::ControlError;

/// What is stored of a custom metric beside its name and its times: members in AWS's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) metric_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) display_name: Option<String>,
    /// That of the request which created it, so that the same request finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_request_token: Option<String>,
}

/// A custom metric that has been read, and the document's version.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) metric: CustomMetric,
    pub(super) record: Record,
    pub(super) document_version: u64,
}

impl Record {
    pub(super) fn body(&self) -> Result<String, ControlError> {
        serde_json::to_string(self).map_err(|error| ControlError::Internal(error.to_string()))
    }
}

pub(super) fn read(document: Document) -> Result<Stored, ControlError> {
    let Document { kind: _, name, body, version, created, modified } = document;
    let record: Record = serde_json::from_str(&body).map_err(|error| {
        ControlError::Internal(format!("the stored custom metric {name} cannot be read: {error}"))
    })?;
    let Record { metric_type, display_name, client_request_token: _ } = record.clone();
    let metric = CustomMetric { name, metric_type, display_name, created, modified };
    Ok(Stored { metric, record, document_version: version })
}
