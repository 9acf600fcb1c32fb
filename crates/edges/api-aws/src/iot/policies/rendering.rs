//! What several operations on policies answer.

use picket_core::PolicyName;
use serde_json::{Value, json};

use crate::call::Call;

/// Policies by name and ARN.
pub(super) fn policies<'a>(call: &Call, names: impl Iterator<Item = &'a PolicyName>) -> Vec<Value> {
    let row = |name: &PolicyName| json!({ "policyName": name, "policyArn": call.control().policy_arn(name) });
    names.map(row).collect()
}

/// As [`policies`], from names that policies have.
pub(super) fn named_policies(call: &Call, names: &[String]) -> Vec<Value> {
    let names: Vec<PolicyName> =
        names.iter().filter_map(|name| PolicyName::new(name).ok()).collect();
    policies(call, names.iter())
}
