//! What several operations are given. In the query protocol every value is a text.

use std::collections::BTreeMap;

use picket_notify::{Attribute, Publication};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::call::shortened;
use crate::fault::ApiError;
use crate::operation::ApiResult;

/// A map: `entry.N.key` and `entry.N.value`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entries {
    #[serde(default)]
    entry: BTreeMap<String, KeyValue>,
}

#[derive(Debug, Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default)]
    value: String,
}

impl Entries {
    pub(super) fn into_map(self) -> ApiResult<BTreeMap<String, String>> {
        let mut map = BTreeMap::new();
        for KeyValue { key, value } in self.entry.into_values() {
            if map.insert(key.clone(), value).is_some() {
                return Err(ApiError::invalid(format!(
                    "Invalid parameter: Attributes Reason: `{}` is given twice",
                    shortened(&key)
                )));
            }
        }
        Ok(map)
    }
}

/// A list. One without items comes as an empty text.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    match Value::deserialize(deserializer)? {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        other => serde_json::from_value(other).map_err(serde::de::Error::custom),
    }
}

/// `{"Key": …, "Value": …}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagInput {
    key: String,
    #[serde(default)]
    value: String,
}

impl TagInput {
    pub(super) fn pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

/// `true` or `false`; false where nothing is given.
pub(super) fn flag(member: &str, text: Option<&str>) -> ApiResult<bool> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(ApiError::invalid(format!(
            "Invalid parameter: {member} is `{}`; it must be true or false",
            shortened(other)
        ))),
    }
}

/// The members of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MessageInput {
    #[serde(default)]
    message: String,
    subject: Option<String>,
    message_structure: Option<String>,
    message_attributes: Option<AttributeEntries>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct AttributeEntries {
    #[serde(default)]
    entry: BTreeMap<String, AttributeEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeEntry {
    name: String,
    value: AttributeValue,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeValue {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

impl MessageInput {
    /// How large it is, its attributes included.
    pub(super) fn bytes(&self) -> usize {
        let attributes = self.message_attributes.iter().flat_map(|it| it.entry.values());
        let of_attribute = |entry: &AttributeEntry| {
            let AttributeValue { data_type, string_value, binary_value } = &entry.value;
            let value = string_value.as_ref().or(binary_value.as_ref()).map_or(0, String::len);
            entry.name.len() + data_type.len() + value
        };
        self.message.len() + attributes.map(of_attribute).sum::<usize>()
    }

    pub(super) fn into_publication(self) -> ApiResult<Publication> {
        let bad = |text: String| ApiError::invalid(format!("Invalid parameter: {text}"));
        if self.message_deduplication_id.is_some() || self.message_group_id.is_some() {
            return Err(bad(
                "MessageDeduplicationId and MessageGroupId are for FIFO topics, which are not here"
                    .to_owned(),
            ));
        }
        let is_structured = match self.message_structure.as_deref() {
            None => false,
            Some("json") => true,
            Some(other) => {
                return Err(bad(format!(
                    "MessageStructure is `{}`; it can only be json",
                    shortened(other)
                )));
            }
        };
        let mut attributes = BTreeMap::new();
        for AttributeEntry { name, value } in
            self.message_attributes.unwrap_or_default().entry.into_values()
        {
            let AttributeValue { data_type, string_value, binary_value } = value;
            let is_binary = data_type == "Binary" || data_type.starts_with("Binary.");
            let value = if is_binary { binary_value } else { string_value };
            let attribute = Attribute { data_type, value: value.unwrap_or_default() };
            if attributes.insert(name.clone(), attribute).is_some() {
                return Err(bad(format!(
                    "the message attribute `{}` is given twice",
                    shortened(&name)
                )));
            }
        }
        Ok(Publication {
            subject: self.subject,
            message: self.message,
            is_structured,
            attributes,
            deduplication_id: None,
            mail: None,
        })
    }
}
