//! `AWS::IoT::MitigationAction`.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Item, Property, ResourceType, Shape, check_name};

const DEACTIVATE: &[Property] =
    &[Property::required("Action", "action", Shape::OneOf(&["DEACTIVATE"]))];
const GROUPS: &[Property] = &[
    Property::required("ThingGroupNames", "thingGroupNames", Shape::List(&Shape::Text)),
    Property::new("OverrideDynamicGroups", "overrideDynamicGroups", Shape::Flag),
];
const POLICY: &[Property] =
    &[Property::required("TemplateName", "templateName", Shape::OneOf(&["BLANK_POLICY"]))];
const LOGGING: &[Property] = &[
    Property::required("RoleArnForLogging", "roleArnForLogging", Shape::Text),
    Property::required("LogLevel", "logLevel", Shape::OneOf(&["DEBUG", "INFO", "ERROR", "WARN"])),
];
const TOPIC: &[Property] = &[Property::required("TopicArn", "topicArn", Shape::Text)];
const PARAMS: &[Property] = &[
    Property::new(
        "UpdateDeviceCertificateParams",
        "updateDeviceCertificateParams",
        Shape::Object(DEACTIVATE),
    ),
    Property::new(
        "UpdateCACertificateParams",
        "updateCACertificateParams",
        Shape::Object(DEACTIVATE),
    ),
    Property::new(
        "AddThingsToThingGroupParams",
        "addThingsToThingGroupParams",
        Shape::Object(GROUPS),
    ),
    Property::new(
        "ReplaceDefaultPolicyVersionParams",
        "replaceDefaultPolicyVersionParams",
        Shape::Object(POLICY),
    ),
    Property::new("EnableIoTLoggingParams", "enableIoTLoggingParams", Shape::Object(LOGGING)),
    Property::new("PublishFindingToSnsParams", "publishFindingToSnsParams", Shape::Object(TOPIC)),
];
const PROPERTIES: &[Property] = &[
    Property::required("ActionName", "actionName", Shape::Text),
    Property::required("RoleArn", "roleArn", Shape::Text),
    Property::required("ActionParams", "actionParams", Shape::Object(PARAMS)),
];

#[derive(Debug)]
pub(super) struct MitigationAction;

impl ResourceType for MitigationAction {
    fn name(&self) -> &'static str {
        "AWS::IoT::MitigationAction"
    }

    fn doc(&self) -> &'static str {
        "What can be done about a violation or a finding."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "ActionName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, "_-")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![
            ("MitigationActionArn", account.iot_arn(&format!("mitigationaction/{name}"))),
            ("MitigationActionId", action_id(name)),
        ]
    }

    fn item(
        &self,
        name: &str,
        mut members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let params = members.get("actionParams").and_then(Value::as_object);
        let count = params.map_or(0, Map::len);
        if count != 1 {
            let problem = format!("must have exactly one member, not {count}");
            return Err(("ActionParams", problem));
        }
        members.insert("format".to_owned(), json!("1"));
        members.insert("actionId".to_owned(), json!(action_id(name)));
        let (kind, name) = (DocumentKind::MitigationAction, name.to_owned());
        Ok(Item::Document { kind, name, body: Value::Object(members) })
    }
}

/// The same for each deployment, so that it can be told before the action is made.
fn action_id(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("mitigationaction/{name}").as_bytes()).to_string()
}
