//! `AWS::IoT::Dimension`.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, TAG, check_name};

const PROPERTIES: &[Property] = &[
    Property::required("Name", "name", Shape::Text),
    Property::required("Type", "type", Shape::OneOf(&["TOPIC_FILTER"])),
    Property::required("StringValues", "stringValues", Shape::List(&Shape::Text)),
    Property::new("Tags", "tags", Shape::List(&Shape::Object(TAG))),
];

#[derive(Debug)]
pub(super) struct Dimension;

impl ResourceType for Dimension {
    fn name(&self) -> &'static str {
        "AWS::IoT::Dimension"
    }

    fn doc(&self) -> &'static str {
        "Topic filters by which security profiles count only some messages."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "Name"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, ":_-")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("Arn", account.iot_arn(&format!("dimension/{name}")))]
    }

    fn tagged_as(&self) -> Option<&'static str> {
        Some("dimension")
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let body = Value::Object(members);
        if let Err(problems) = picket_profile::parse_dimension(name, &body.to_string()) {
            let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
            return Err(("StringValues", texts.join("; ")));
        }
        Ok(Item::Document { kind: DocumentKind::Dimension, name: name.to_owned(), body })
    }
}
