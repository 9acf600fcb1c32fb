//! `attributePayload` of things and thing groups.

use std::collections::BTreeMap;

use picket_registry::AttributeChange;
use serde::Deserialize;
use serde_json::{Value, json};

/// `attributePayload` as it comes.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AttributePayload {
    attributes: Option<BTreeMap<String, String>>,
    merge: Option<bool>,
}

impl AttributePayload {
    /// The attributes of something new. There is nothing to merge them with.
    pub(super) fn first(self) -> BTreeMap<String, String> {
        self.attributes.unwrap_or_default()
    }

    /// The change of something that is there; without `attributes` there is none.
    pub(super) fn change(self) -> Option<AttributeChange> {
        let is_merge = self.merge.unwrap_or(false);
        self.attributes.map(|attributes| AttributeChange { attributes, is_merge })
    }
}

/// `attributes` as they go out.
pub(super) fn attributes_json(pairs: &[(String, String)]) -> Value {
    let member = |(name, value): &(String, String)| (name.clone(), json!(value));
    Value::Object(pairs.iter().map(member).collect())
}
