//! `tags` of operations that create something.

use serde::Deserialize;

/// A list of `{"Key": …, "Value": …}`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct FirstTags(Vec<FirstTag>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FirstTag {
    key: String,
    value: Option<String>,
}

impl FirstTags {
    /// Keys with values, in the order given; a missing value is an empty one.
    pub(super) fn pairs(self) -> Vec<(String, String)> {
        self.0.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()
    }
}
