//! What an operation answers.

use bytes::Bytes;
use serde_json::{Map, Value};

/// The answer of an operation that was done. A body of JSON members becomes XML where the service speaks the
/// query protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub(crate) body: Body,
    pub(crate) about: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Members(Map<String, Value>),
    Bytes { content_type: &'static str, bytes: Bytes },
}

impl Answer {
    /// An answer without members: `{}`.
    pub fn empty() -> Self {
        Self { body: Body::Members(Map::new()), about: None }
    }

    /// The members of `value`, which is an object. Nulls are left out, at every depth.
    pub fn json(value: Value) -> Self {
        let members = match without_nulls(value) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self { body: Body::Members(members), about: None }
    }

    /// A body that is sent as it is.
    pub fn bytes(content_type: &'static str, bytes: Bytes) -> Self {
        Self { body: Body::Bytes { content_type, bytes }, about: None }
    }

    /// Says what was changed, for the audit trail, where the request does not name it: for example
    /// `cert/…` after `CreateKeysAndCertificate`.
    #[must_use]
    pub fn about(mut self, resource: impl Into<String>) -> Self {
        self.about = Some(resource.into());
        self
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_left_out_and_empty_lists_stay() {
        let answer = Answer::json(
            serde_json::json!({"a": null, "b": {"c": null, "d": []}, "e": [{"f": null}]}),
        );
        let Body::Members(members) = answer.body else { panic!("members") };
        assert_eq!(Value::Object(members).to_string(), r#"{"b":{"d":[]},"e":[{}]}"#);
    }
}
