//! `thingGroupProperties`, and groups as they are listed.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Call;
use crate::iot::attributes::AttributePayload;

/// `thingGroupProperties` as they come.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertiesInput {
    pub(super) thing_group_description: Option<String>,
    pub(super) attribute_payload: Option<AttributePayload>,
}

/// An entry of `thingGroups`.
pub(super) fn name_and_arn(call: &Call, name: &str) -> Value {
    json!({ "groupName": name, "groupArn": call.control().thing_group_arn(name) })
}
