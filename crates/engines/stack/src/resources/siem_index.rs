//! `Picket::Siem::Index`.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape};

const PROPERTIES: &[Property] = &[
    Property::required("Name", "name", Shape::Text),
    Property::new("Description", "description", Shape::Text),
    Property::new("RetentionDays", "retentionDays", Shape::Whole),
];

#[derive(Debug)]
pub(super) struct SiemIndex;

impl ResourceType for SiemIndex {
    fn name(&self) -> &'static str {
        "Picket::Siem::Index"
    }

    fn doc(&self) -> &'static str {
        "An index of the SIEM, and how long it keeps its events."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "Name"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        let good =
            (1..=80).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with('-');
        (!good).then(|| "must be 1 to 80 of a-z, 0-9, `_`, `-`, not beginning with `-`".to_owned())
    }

    fn attributes(&self, _name: &str, _account: &Account) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let days = members.get("retentionDays").and_then(Value::as_i64).unwrap_or(0);
        if u32::try_from(days).is_err() {
            return Err(("RetentionDays", "must be a number of days; 0 keeps for ever".to_owned()));
        }
        let (kind, name) = (DocumentKind::Index, name.to_owned());
        Ok(Item::Document { kind, name, body: Value::Object(members) })
    }
}
