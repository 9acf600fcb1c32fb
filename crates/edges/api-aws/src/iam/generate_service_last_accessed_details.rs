//! `GenerateServiceLastAccessedDetails`. Nothing is stored, so that it is open to every user.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GenerateServiceLastAccessedDetails",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    arn: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { arn } = call.input()?;
    let job = call.control().generate_last_accessed(&arn).await?;
    Ok(Answer::json(json!({ "JobId": job.job_id })))
}
