//! Dimensions as documents.

use picket_ports::registry::Document;
use serde::{Deserialize, Serialize};

use super::Dimension;
use crate::ControlError;
use crate::security_profiles::problem_message;

/// What is stored of a dimension beside its name and its times: members in AWS's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(rename = "type")]
    pub(super) dimension_type: String,
    pub(super) string_values: Vec<String>,
    /// That of the request which created it, so that the same request finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client_request_token: Option<String>,
}

/// A dimension that has been read, and the document's version.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) dimension: Dimension,
    pub(super) record: Record,
    pub(super) document_version: u64,
}

impl Record {
    /// The document's text, if the detect engine will understand it.
    pub(super) fn checked_body(&self, name: &str) -> Result<String, ControlError> {
        let body = serde_json::to_string(self);
        let body = body.map_err(|error| ControlError::Internal(error.to_string()))?;
        match picket_profile::parse_dimension(name, &body) {
            Ok(_) => Ok(body),
            Err(problems) => Err(ControlError::Invalid(problem_message(&problems))),
        }
    }
}

pub(super) fn read(document: Document) -> Result<Stored, ControlError> {
    let Document { kind: _, name, body, version, created, modified } = document;
    let record: Record = serde_json::from_str(&body).map_err(|error| {
        ControlError::Internal(format!("the stored dimension {name} cannot be read: {error}"))
    })?;
    let Record { dimension_type, string_values, client_request_token: _ } = record.clone();
    let dimension = Dimension { name, dimension_type, values: string_values, created, modified };
    Ok(Stored { dimension, record, document_version: version })
}
