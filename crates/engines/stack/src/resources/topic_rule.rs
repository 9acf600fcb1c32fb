//! `AWS::IoT::TopicRule`, with the actions the rules engine runs.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, check_name};

const FIREHOSE: &[Property] = &[
    Property::required("DeliveryStreamName", "deliveryStreamName", Shape::Text),
    Property::required("RoleArn", "roleArn", Shape::Text),
    Property::new("Separator", "separator", Shape::Text),
    Property::new("BatchMode", "batchMode", Shape::Flag),
];
const USER_PROPERTY: &[Property] = &[
    Property::required("Key", "key", Shape::Text),
    Property::required("Value", "value", Shape::Text),
];
const HEADERS: &[Property] = &[
    Property::new("PayloadFormatIndicator", "payloadFormatIndicator", Shape::Text),
    Property::new("ContentType", "contentType", Shape::Text),
    Property::new("ResponseTopic", "responseTopic", Shape::Text),
    Property::new("CorrelationData", "correlationData", Shape::Text),
    Property::new("MessageExpiry", "messageExpiry", Shape::Text),
    Property::new("UserProperties", "userProperties", Shape::List(&Shape::Object(USER_PROPERTY))),
];
const REPUBLISH: &[Property] = &[
    Property::required("Topic", "topic", Shape::Text),
    Property::required("RoleArn", "roleArn", Shape::Text),
    Property::new("Qos", "qos", Shape::Whole),
    Property::new("Headers", "headers", Shape::Object(HEADERS)),
];
const ACTION: &[Property] = &[
    Property::new("Firehose", "firehose", Shape::Object(FIREHOSE)),
    Property::new("Republish", "republish", Shape::Object(REPUBLISH)),
];
const PAYLOAD: &[Property] = &[
    Property::required("Sql", "sql", Shape::Text),
    Property::required("Actions", "actions", Shape::List(&Shape::Object(ACTION))),
    Property::new("AwsIotSqlVersion", "awsIotSqlVersion", Shape::Text),
    Property::new("Description", "description", Shape::Text),
    Property::new("ErrorAction", "errorAction", Shape::Object(ACTION)),
    Property::new("RuleDisabled", "ruleDisabled", Shape::Flag),
];
const PROPERTIES: &[Property] = &[
    Property::required("RuleName", "ruleName", Shape::Text),
    Property::required("TopicRulePayload", "topicRulePayload", Shape::Object(PAYLOAD)),
];

#[derive(Debug)]
pub(super) struct TopicRule;

impl ResourceType for TopicRule {
    fn name(&self) -> &'static str {
        "AWS::IoT::TopicRule"
    }

    fn doc(&self) -> &'static str {
        "A query over messages, and what is done with its results."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "RuleName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, "_")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("Arn", account.iot_arn(&format!("rule/{name}")))]
    }

    fn item(
        &self,
        name: &str,
        mut members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let (kind, name) = (DocumentKind::TopicRule, name.to_owned());
        let body = members.shift_remove("topicRulePayload").unwrap_or_default();
        Ok(Item::Document { kind, name, body })
    }
}
