//! `GetPolicyVersion`.

use http::Method;
use picket_registry::policy_generation_id;
use picket_wire_aws::timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetPolicyVersion",
    method: Method::GET,
    path: "/policies/{policyName}/version/{policyVersionId}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (name, id) = (call.label("policyName")?, call.label("policyVersionId")?);
    let (policy, version) = call.control().get_policy_version(name, id).await?;
    Ok(Answer::json(json!({
        "policyArn": call.control().policy_arn(&policy.name),
        "policyName": policy.name,
        "policyDocument": version.document,
        "policyVersionId": version.id.to_string(),
        "isDefaultVersion": version.id == policy.default_version,
        "creationDate": timestamp::seconds(version.created),
        "lastModifiedDate": timestamp::seconds(version.created),
        "generationId": policy_generation_id(&policy),
    })))
}
