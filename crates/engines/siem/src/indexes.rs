//! Which indexes exist, and for how long they keep their events.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use picket_ports::Registry;
use picket_ports::registry::{DocumentKind, RegistryError};
use serde::{Deserialize, Serialize};

/// The body of a registry document of kind `Index`. The document's name is the index's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct IndexDocument {
    /// The index's name again, if given.
    pub name: Option<String>,
    /// What the index is for.
    pub description: Option<String>,
    /// Days after which an event is removed; the SIEM's own setting when absent, 0 = never.
    pub retention_days: Option<u32>,
}

/// Why a document is not an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIndex {
    /// The name could not be a directory's or would not be found by `index=`.
    #[error(
        "index name `{0}` is not 1 to 80 of a-z, 0-9, `_` and `-`, beginning with a letter, digit or `_`"
    )]
    Name(String),
    /// The document's name and the name in it differ.
    #[error("the document of index `{document}` names it `{name}`")]
    OtherName {
        /// The document's name.
        document: String,
        /// The name inside.
        name: String,
    },
    /// The body is not what it must be.
    #[error("the document of index `{document}` cannot be read: {cause}")]
    Body {
        /// The document's name.
        document: String,
        /// The parser's words.
        cause: String,
    },
}

impl IndexDocument {
    /// Checks the document `name` with the JSON text `body`.
    ///
    /// # Errors
    /// A name that no index may have, an unknown member, a wrong type.
    pub fn parse(name: &str, body: &str) -> Result<Self, InvalidIndex> {
        let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let all_allowed = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        if name.len() > 80 || !begins_well || !all_allowed {
            return Err(InvalidIndex::Name(name.chars().take(100).collect()));
        }
        let document: Self = serde_json::from_str(body).map_err(|error| InvalidIndex::Body {
            document: name.to_owned(),
            cause: error.to_string(),
        })?;
        match document.name.as_deref().filter(|inner| *inner != name) {
            Some(inner) => Err(InvalidIndex::OtherName {
                document: name.to_owned(),
                name: inner.chars().take(100).collect(),
            }),
            None => Ok(document),
        }
    }
}

/// A view of the indexes in the registry.
#[derive(Debug)]
pub(crate) struct Indexes {
    registry: Arc<dyn Registry>,
    documents: RwLock<HashMap<String, IndexDocument>>,
}

impl Indexes {
    pub(crate) async fn load(registry: Arc<dyn Registry>) -> Result<Self, RegistryError> {
        let indexes = Self { registry, documents: RwLock::default() };
        indexes.refresh().await?;
        Ok(indexes)
    }

    /// Reads the documents again. One that cannot be read is left out, with a warning.
    pub(crate) async fn refresh(&self) -> Result<(), RegistryError> {
        let mut documents = HashMap::new();
        for document in self.registry.documents(DocumentKind::Index).await? {
            match IndexDocument::parse(&document.name, &document.body) {
                Ok(index) => {
                    documents.insert(document.name, index);
                }
                Err(error) => tracing::warn!(%error, "an index is not usable"),
            }
        }
        *self.documents.write() = documents;
        Ok(())
    }

    pub(crate) fn revision(&self) -> tokio::sync::watch::Receiver<u64> {
        self.registry.documents_revision()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.documents.read().contains_key(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.documents.read().keys().cloned().collect();
        names.sort();
        names
    }

    /// How long `index` keeps its events; `None` = for ever.
    pub(crate) fn retention(&self, index: &str, default_days: u32) -> Option<Duration> {
        let documents = self.documents.read();
        let own = documents.get(index).and_then(|document| document.retention_days);
        let days = own.unwrap_or(default_days);
        (days > 0).then(|| Duration::from_secs(u64::from(days) * 24 * 3600))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_what_is_wrong_with_it() {
        let check = |name: &str, body: &str, expected: &str| {
            let error = IndexDocument::parse(name, body).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("../etc", "{}", "`../etc`");
        check("", "{}", "index name");
        check("iot", r#"{"retention":3}"#, "unknown field `retention`");
        check("iot", r#"{"name":"other"}"#, "names it `other`");
        let fine = IndexDocument::parse("iot", r#"{"name":"iot","retentionDays":30}"#).unwrap();
        assert_eq!(fine.retention_days, Some(30));
    }
}
