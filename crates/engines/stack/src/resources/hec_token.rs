//! `Picket::Hec::Token`.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, check_name};

const PROPERTIES: &[Property] = &[
    Property::required("Name", "name", Shape::Text),
    Property::required("Token", "token", Shape::Text),
    Property::new("Description", "description", Shape::Text),
    Property::new("Index", "index", Shape::Text),
    Property::new("Indexes", "indexes", Shape::List(&Shape::Text)),
    Property::new("Source", "source", Shape::Text),
    Property::new("Sourcetype", "sourcetype", Shape::Text),
    Property::new("Host", "host", Shape::Text),
    Property::new("UseAck", "useACK", Shape::Flag),
    Property::new("ChannelOptional", "channelOptional", Shape::Flag),
    Property::new("Disabled", "disabled", Shape::Flag),
    Property::new("AllowQueryStringAuth", "allowQueryStringAuth", Shape::Flag),
];

#[derive(Debug)]
pub(super) struct HecToken;

impl ResourceType for HecToken {
    fn name(&self) -> &'static str {
        "Picket::Hec::Token"
    }

    fn doc(&self) -> &'static str {
        "A token of our own HTTP Event Collector, and where its events go."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "Name"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, "_.-")
    }

    fn attributes(&self, _name: &str, _account: &Account) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let token = members.get("token").and_then(Value::as_str).unwrap_or_default();
        if !(1..=128).contains(&token.chars().count()) {
            return Err(("Token", "must be 1 to 128 characters long".to_owned()));
        }
        let (kind, name) = (DocumentKind::HecToken, name.to_owned());
        Ok(Item::Document { kind, name, body: Value::Object(members) })
    }
}
