//! `AWS::SNS::Topic`.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value, json};

use super::{Item, Property, ResourceType, Shape, check_name};

const PROPERTIES: &[Property] = &[
    Property::required("TopicName", "topicName", Shape::Text),
    Property::new("DisplayName", "DisplayName", Shape::Text),
];

#[derive(Debug)]
pub(super) struct SnsTopic;

impl ResourceType for SnsTopic {
    fn name(&self) -> &'static str {
        "AWS::SNS::Topic"
    }

    fn doc(&self) -> &'static str {
        "A topic that alarms and findings are sent to, for whoever subscribes to it."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "TopicName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 256, "_-")
    }

    fn reference(&self, name: &str, account: &Account) -> String {
        account.sns_topic_arn(name)
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("TopicArn", account.sns_topic_arn(name)), ("TopicName", name.to_owned())]
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let (kind, name) = (DocumentKind::NotificationTopic, name.to_owned());
        Ok(Item::Document { kind, name, body: json!({ "attributes": members }) })
    }
}
