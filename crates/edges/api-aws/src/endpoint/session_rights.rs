//! What the session of an IAM role may ask the endpoint for: what the role's policies allow, on the resource
//! where the operation is about one that is known here (spec iot-core §4.5).

use picket_core::ErrorCode;
use picket_ports::{RoleSession, SessionRequest};
use picket_registry::RoleArn;
use picket_wire_aws::{AwsError, Protocol};
use serde_json::Value;

use crate::call::Call;
use crate::fault;
use crate::operation::Access;

/// Operations that are about one resource, by the label that names it and what its ARN has before the name.
/// For any other operation a policy has to allow it on every resource.
const NAMED: &[(&str, &str, &[&str])] = &[
    (
        "thingName",
        "thing/",
        &[
            "CreateThing",
            "DescribeThing",
            "UpdateThing",
            "DeleteThing",
            "ListThingPrincipals",
            "ListThingPrincipalsV2",
            "ListThingGroupsForThing",
        ],
    ),
    (
        "thingTypeName",
        "thingtype/",
        &[
            "CreateThingType",
            "DescribeThingType",
            "UpdateThingType",
            "DeprecateThingType",
            "DeleteThingType",
        ],
    ),
    (
        "thingGroupName",
        "thinggroup/",
        &[
            "CreateThingGroup",
            "DescribeThingGroup",
            "UpdateThingGroup",
            "DeleteThingGroup",
            "ListThingsInThingGroup",
        ],
    ),
    (
        "billingGroupName",
        "billinggroup/",
        &[
            "CreateBillingGroup",
            "DescribeBillingGroup",
            "UpdateBillingGroup",
            "DeleteBillingGroup",
            "ListThingsInBillingGroup",
        ],
    ),
    (
        "policyName",
        "policy/",
        &[
            "CreatePolicy",
            "GetPolicy",
            "DeletePolicy",
            "CreatePolicyVersion",
            "GetPolicyVersion",
            "DeletePolicyVersion",
            "ListPolicyVersions",
            "SetDefaultPolicyVersion",
            "ListTargetsForPolicy",
        ],
    ),
    ("certificateId", "cert/", &["DescribeCertificate", "UpdateCertificate", "DeleteCertificate"]),
    (
        "caCertificateId",
        "cacert/",
        &["DescribeCACertificate", "UpdateCACertificate", "DeleteCACertificate"],
    ),
    (
        "roleAlias",
        "rolealias/",
        &["CreateRoleAlias", "DescribeRoleAlias", "UpdateRoleAlias", "DeleteRoleAlias"],
    ),
];

/// Members that bring a second resource in.
const SECOND: &[&str] = &["billingGroupName", "parentGroupName"];

/// Refuses what the policies of the session's role do not allow.
pub(super) fn permit(call: &Call, session: &RoleSession) -> Result<(), AwsError> {
    match call.operation.access {
        // The operation asks by itself, or there is nothing to ask.
        access if access.is_for_devices() => return Ok(()),
        Access::Open | Access::Assume => return Ok(()),
        _ => {}
    }
    let action = action_of(call);
    let resource = resource_of(call);
    demand(call, session, (&action, resource.as_deref()))?;
    for role in passed_roles(call) {
        demand(call, session, ("iam:PassRole", Some(&role)))?;
    }
    Ok(())
}

fn demand(
    call: &Call,
    session: &RoleSession,
    (action, resource): (&str, Option<&str>),
) -> Result<(), AwsError> {
    let asked = SessionRequest { action, resource, source_ip: call.source_ip(), client_id: None };
    match session.refusal(&asked) {
        None => Ok(()),
        Some(why) => {
            let caller = call.caller_arn();
            let on = resource.map(|arn| format!(" on resource: {arn}")).unwrap_or_default();
            let text = format!("{caller} is not authorized to perform: {action}{on} {why}");
            Err(AwsError::new(fault::own_of(call.service, ErrorCode::Forbidden), text))
        }
    }
}

/// IAM's name of the operation.
fn action_of(call: &Call) -> String {
    let service = match call.service.name {
        "iot-data" => "iot",
        name => name,
    };
    format!("{service}:{}", call.operation.name)
}

/// The ARN the operation is about, where that is one and it is known here.
fn resource_of(call: &Call) -> Option<String> {
    let members = call.members().ok()?;
    if call.service.name == "sns" {
        return members.get("TopicArn").and_then(Value::as_str).map(str::to_owned);
    }
    if call.service.name != "iot" || SECOND.iter().any(|name| members.contains_key(*name)) {
        return None;
    }
    let (label, prefix, _) =
        NAMED.iter().find(|(.., operations)| operations.contains(&call.operation.name))?;
    Some(call.control().account().iot_arn(&format!("{prefix}{}", call.labels.get(label)?)))
}

/// The roles that the call hands to a service: as on AWS, that needs a right of its own, or else whoever may
/// change one setting could act as any role.
fn passed_roles(call: &Call) -> Vec<String> {
    let mut roles = Vec::new();
    if call.service.protocol != Protocol::Query {
        let members = call.members().unwrap_or_default();
        members.values().for_each(|value| roles_in(value, &mut roles));
    }
    roles
}

/// The depth of a body is bounded where it is read.
fn roles_in(value: &Value, roles: &mut Vec<String>) {
    match value {
        Value::String(text) if RoleArn::parse(text).is_some() => roles.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| roles_in(item, roles)),
        Value::Object(members) => members.values().for_each(|member| roles_in(member, roles)),
        _ => {}
    }
}
