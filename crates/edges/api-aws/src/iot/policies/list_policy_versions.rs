//! `ListPolicyVersions`.

use http::Method;
use picket_ports::registry::PolicyVersion;
use picket_wire_aws::timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListPolicyVersions",
    method: Method::GET,
    path: "/policies/{policyName}/version",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let policy = call.control().list_policy_versions(call.label("policyName")?).await?;
    let row = |version: &PolicyVersion| {
        json!({
            "versionId": version.id.to_string(),
            "isDefaultVersion": version.id == policy.default_version,
            "createDate": timestamp::seconds(version.created),
        })
    };
    let versions: Vec<Value> = policy.versions.iter().map(row).collect();
    Ok(Answer::json(json!({ "policyVersions": versions })))
}
