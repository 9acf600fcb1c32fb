//! What the audit trail says about a change.

use picket_ports::registry::ChangeRecord;
use serde_json::Value;

use crate::call::{Call, Caller, shortened};

/// Labels, query parameters, headers and members that name what a change is about, with the prefix that
/// their names get. Nothing else of a request is written down.
const NAMING: &[(&str, &str)] = &[
    ("thingName", "thing/"),
    ("thingTypeName", "thingtype/"),
    ("thingGroupName", "thinggroup/"),
    ("billingGroupName", "billinggroup/"),
    ("certificateId", "cert/"),
    ("caCertificateId", "cacert/"),
    ("policyName", "policy/"),
    ("actionName", "mitigationaction/"),
    ("taskId", "task/"),
    ("policyVersionId", "version/"),
    ("roleAlias", "rolealias/"),
    ("targetName", "target/"),
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
];

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
        let found = call
            .labels
            .get(name)
            .map(String::as_str)
            .or_else(|| call.query(name))
            .or_else(|| call.header(name))
            .or_else(|| members.get(*name).and_then(Value::as_str));
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            names.push(format!("{prefix}{}", long(found)));
        }
    }
    names.join(" ").chars().take(RESOURCE_CHARS_MAX).collect()
}

fn long(text: &str) -> String {
    if text.len() <= 64 { shortened(text) } else { text.escape_debug().take(256).collect() }
}
