//! `CreateSecurityProfile`.

use http::Method;
use picket_registry::ProfileContent;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateSecurityProfile",
    method: Method::POST,
    path: "/security-profiles/{securityProfileName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
struct Input {
    tags: Option<FirstTags>,
}

async fn run(call: Call) -> ApiResult {
    let Input { tags } = call.input()?;
    let content = ProfileContent::of_request(call.members()?);
    let (name, control) = (call.label("securityProfileName")?, call.control());
    let tags = tags.unwrap_or_default().pairs();
    control.create_security_profile(name, content, &tags).await?;
    let arn = control.security_profile_arn(name);
    Ok(Answer::json(json!({ "securityProfileName": name, "securityProfileArn": arn })))
}
