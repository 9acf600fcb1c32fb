//! Security profiles as documents.

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::Document;
use serde_json::{Map, Value};

use super::{KIND, ProfileContent, SecurityProfile};
use crate::{ControlError, ControlPlane};

const TARGETS: &str = "targets";
const VERSION: &str = "version";
const MODIFIED: &str = "modified_ms";

/// A profile that has been read, and the document's own version, which grows with every write.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) profile: SecurityProfile,
    pub(super) document_version: u64,
}

/// Reads a document. One that a template made has no version and no time of its own yet.
pub(super) fn read(document: Document) -> Result<Stored, ControlError> {
    let Document { kind: _, name, body, version: document_version, created, modified } = document;
    let unreadable = |problem: &str| {
        ControlError::Internal(format!("the stored security profile {name} {problem}"))
    };
    let mut members: Map<String, Value> = serde_json::from_str(&body)
        .map_err(|error| unreadable(&format!("is no object: {error}")))?;
    let mut targets: Vec<String> = match members.shift_remove(TARGETS) {
        None => Vec::new(),
        Some(value) => serde_json::from_value(value)
            .map_err(|_| unreadable("has targets that are no texts"))?,
    };
    targets.sort_unstable();
    targets.dedup();
    let version = members.shift_remove(VERSION).and_then(|it| it.as_u64()).unwrap_or(1);
    let changed = members.shift_remove(MODIFIED).and_then(|it| it.as_i64());
    let modified = changed.map_or(modified, Timestamp::from_millis);
    let content = ProfileContent::stored(members);
    let profile = SecurityProfile { name, content, targets, version, created, modified };
    Ok(Stored { profile, document_version })
}

/// The document's text.
pub(super) fn body(profile: &SecurityProfile) -> String {
    let mut members = profile.content.members().clone();
    let targets = profile.targets.iter().map(|arn| Value::from(arn.as_str())).collect();
    members.insert(TARGETS.to_owned(), Value::Array(targets));
    members.insert(VERSION.to_owned(), Value::from(profile.version));
    members.insert(MODIFIED.to_owned(), Value::from(profile.modified.as_millis()));
    Value::Object(members).to_string()
}

impl ControlPlane {
    /// Stores `after` in place of `before`, unless another process has changed it since.
    pub(super) async fn replace_profile(
        &self,
        before: &Stored,
        after: &SecurityProfile,
    ) -> Result<(), ControlError> {
        let (expected, now) = (Some(before.document_version), self.parts.clock.now());
        let registry = &self.parts.registry;
        match registry.replace_document(KIND, &after.name, &body(after), expected, now).await {
            Ok(_) => Ok(()),
            Err(RegistryError::NotFound { .. }) => Err(super::missing(&after.name)),
            Err(error) => Err(error.into()),
        }
    }
}
