//! `GetPolicy`.

use http::Method;
use picket_registry::policy_generation_id;
use picket_wire_aws::timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetPolicy",
    method: Method::GET,
    path: "/policies/{policyName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let policy = call.control().get_policy(call.label("policyName")?).await?;
    Ok(Answer::json(json!({
        "policyName": policy.name,
        "policyArn": call.control().policy_arn(&policy.name),
        "policyDocument": policy.document(),
        "defaultVersionId": policy.default_version.to_string(),
        "creationDate": timestamp::seconds(policy.created),
        "lastModifiedDate": timestamp::seconds(policy.modified),
        "generationId": policy_generation_id(&policy),
    })))
}
