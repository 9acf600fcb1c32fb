//! What the audit trail says about a change.

use picket_ports::registry::ChangeRecord;
use serde_json::{Map, Value};

use crate::call::{Call, Caller, shortened};

/// Labels, query parameters, headers and members, also those within another, that name what a change is
/// about, with the prefix that their names get. Of a list each item is named. Nothing else of a request is
/// written down.
const NAMING: &[(&str, &str)] = &[
    ("thingName", "thing/"),
    ("thingTypeName", "thingtype/"),
    ("thingGroupName", "thinggroup/"),
    ("billingGroupName", "billinggroup/"),
    ("parentGroupName", "parent/"),
    ("thingGroupsToAdd", "joins/"),
    ("thingGroupsToRemove", "leaves/"),
    ("certificateId", "cert/"),
    ("caCertificateId", "cacert/"),
    ("policyName", "policy/"),
    ("actionName", "mitigationaction/"),
    ("taskId", "task/"),
    ("policyVersionId", "version/"),
    ("roleAlias", "rolealias/"),
    ("targetName", "target/"),
    ("logTarget.targetName", "target/"),
    ("securityProfileName", "securityprofile/"),
    ("metricName", "custommetric/"),
    // Only dimensions are named so.
    ("name", "dimension/"),
    ("violationId", "violation/"),
    ("clientId", "client/"),
    ("topic", "topic/"),
    ("thingArn", ""),
    ("thingGroupArn", ""),
    ("billingGroupArn", ""),
    ("resourceArn", ""),
    ("securityProfileTargetArn", ""),
    ("principal", ""),
    ("target", ""),
    ("x-amzn-principal", ""),
    ("x-amzn-iot-principal", ""),
    ("newStatus", "status/"),
    ("RoleName", "role/"),
    ("PolicyName", "policy/"),
    ("PolicyArn", ""),
    ("RoleArn", ""),
    ("RoleSessionName", "session/"),
    ("UserName", "user/"),
    ("AccessKeyId", "accesskey/"),
    ("IdentityPoolName", "identitypool/"),
    ("IdentityPoolId", "identitypool/"),
    ("TopicArn", ""),
    ("TargetArn", ""),
    ("SubscriptionArn", ""),
    ("ResourceArn", ""),
    ("AttributeName", "attribute/"),
    ("tagKeys", "tag/"),
    ("tags", "tag/"),
];

/// Most items of a list that are named.
const NAMES_MAX: usize = 20;
/// Longest resource.
const RESOURCE_CHARS_MAX: usize = 512;

/// The record of `call`, as if it had succeeded.
pub(super) fn record_of(call: &Call) -> ChangeRecord {
    let access_key = match &call.caller {
        Caller::User(owner) => Some(owner.access_key.clone()),
        Caller::Device(_) => None,
    };
    ChangeRecord {
        at: call.now(),
        actor: call.caller.name().to_owned(),
        access_key,
        source: call.source.clone(),
        service: call.service.name.to_owned(),
        operation: call.operation.name.to_owned(),
        resource: resource_of(call),
        request_id: call.request_id.clone(),
        error: None,
    }
}

fn resource_of(call: &Call) -> String {
    let members = call.members().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for (name, prefix) in NAMING {
        let said = call.labels.get(name).map(String::as_str);
        let said = said.or_else(|| call.query(name)).or_else(|| call.header(name));
        let found = match said {
            Some(text) => vec![text],
            None => texts_at(&members, name),
        };
        let found = found.into_iter().filter(|text| !text.is_empty()).take(NAMES_MAX);
        names.extend(found.map(|text| format!("{prefix}{}", long(text))));
    }
    names.join(" ").chars().take(RESOURCE_CHARS_MAX).collect()
}

/// The text at `path`, for example `logTarget.targetName`, or those of a list; of a list of tags the keys.
fn texts_at<'m>(members: &'m Map<String, Value>, path: &str) -> Vec<&'m str> {
    let found = match path.split_once('.') {
        Some((outer, inner)) => members.get(outer).and_then(|outer| outer.get(inner)),
        None => members.get(path),
    };
    let text = |value: &'m Value| value.get("Key").unwrap_or(value).as_str();
    match found {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

fn long(text: &str) -> String {
    if text.len() <= 64 { shortened(text) } else { text.escape_debug().take(256).collect() }
}
