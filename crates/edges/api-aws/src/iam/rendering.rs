//! Roles and policies as IAM writes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use picket_registry::{ManagedPolicy, Role};
use picket_wire_aws::timestamp::iso;
use serde_json::{Value, json};

use crate::call::Call;

/// The one version of a managed policy.
pub(super) const VERSION: &str = "v1";

const DOCUMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A policy document, percent-encoded as IAM answers it.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, DOCUMENT).to_string()
}

/// `Role`.
pub(super) fn role_json(call: &Call, role: &Role, tags: &[(String, String)]) -> Value {
    json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": call.control().role_arn(&role.path, &role.name),
        "CreateDate": iso(role.created),
        "AssumeRolePolicyDocument": encoded(&role.trust_policy),
        "Description": role.description,
        "MaxSessionDuration": role.session_seconds_max,
        "Tags": (!tags.is_empty()).then(|| tags_json(tags)),
    })
}

/// `Tags`.
pub(super) fn tags_json(tags: &[(String, String)]) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// `Policy`, without its document.
pub(super) fn policy_json(policy: &ManagedPolicy) -> Value {
    json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": VERSION,
        "AttachmentCount": policy.attachments,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": true,
        "Description": policy.description,
        "CreateDate": iso(policy.created),
        "UpdateDate": iso(policy.created),
    })
}

/// `PolicyVersion`, without its document.
pub(super) fn version_json(policy: &ManagedPolicy) -> Value {
    json!({
        "VersionId": VERSION,
        "IsDefaultVersion": true,
        "CreateDate": iso(policy.created),
    })
}
