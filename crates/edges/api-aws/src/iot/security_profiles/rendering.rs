//! Security profiles in AWS's shape.

use picket_registry::SecurityProfile;
use picket_wire_aws::timestamp::seconds;
use serde_json::{Value, json};

use crate::call::Call;

/// What `DescribeSecurityProfile` gives.
pub(super) fn described(call: &Call, profile: &SecurityProfile) -> Value {
    let mut members = profile.content.shown();
    let SecurityProfile { name, content: _, targets: _, version, created, modified } = profile;
    for (member, value) in [
        ("securityProfileName", json!(name)),
        ("securityProfileArn", json!(call.control().security_profile_arn(name))),
        ("version", json!(version)),
        ("creationDate", seconds(*created)),
        ("lastModifiedDate", seconds(*modified)),
    ] {
        members.insert(member.to_owned(), value);
    }
    Value::Object(members)
}

/// Name and ARN.
pub(super) fn identifier(call: &Call, name: &str) -> Value {
    json!({ "name": name, "arn": call.control().security_profile_arn(name) })
}
