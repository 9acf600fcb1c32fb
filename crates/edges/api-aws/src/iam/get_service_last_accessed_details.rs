//! `GetServiceLastAccessedDetails`: a failed job that says why nothing is known.

use http::Method;
use picket_wire_aws::timestamp::iso;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetServiceLastAccessedDetails",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    job_id: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { job_id } = call.input()?;
    let job = call.control().last_accessed(&job_id).await?;
    let now = iso(call.now());
    Ok(Answer::json(json!({
        "JobStatus": "FAILED",
        "JobType": "SERVICE_LEVEL",
        "JobCreationDate": now,
        "JobCompletionDate": now,
        "ServicesLastAccessed": [],
        "IsTruncated": false,
        "Error": { "Code": "Unknown", "Message": job.unknown_because },
    })))
}
