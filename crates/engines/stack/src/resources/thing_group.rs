//! `AWS::IoT::ThingGroup`.

use picket_core::Account;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, check_name};

const PROPERTIES: &[Property] = &[
    Property::required("ThingGroupName", "thingGroupName", Shape::Text),
    Property::new("ParentGroupName", "parentGroupName", Shape::Text),
];

#[derive(Debug)]
pub(super) struct ThingGroup;

impl ResourceType for ThingGroup {
    fn name(&self) -> &'static str {
        "AWS::IoT::ThingGroup"
    }

    fn doc(&self) -> &'static str {
        "A static group of things."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "ThingGroupName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, ":_-")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("Arn", account.iot_arn(&format!("thinggroup/{name}")))]
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let parent = members.get("parentGroupName").and_then(Value::as_str).map(str::to_owned);
        if parent.as_deref() == Some(name) {
            return Err(("ParentGroupName", "a group cannot lie in itself".to_owned()));
        }
        Ok(Item::Group { name: name.to_owned(), parent })
    }
}
