//! The members of a JSON object as slices of its text, and lists of them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in the order sent.
#[derive(Debug)]
pub(crate) struct JsonMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'a> JsonMembers<'a> {
    /// The members of the object `json`; `None` if it is not one.
    pub(crate) fn of(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The JSON of a member; of one that comes twice, the last.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(member, _)| member == name).map(|(_, value)| value.get())
    }

    /// A member's text; `None` if it is not a string.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|json| serde_json::from_str(json).ok())
    }

    /// A member that is a whole number.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(|json| json.parse().ok())
    }
}

/// The elements of a list; `None` if `json` is not one.
pub(crate) fn elements(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

impl<'de> Deserialize<'de> for JsonMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = JsonMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(JsonMembers(members))
    }
}
