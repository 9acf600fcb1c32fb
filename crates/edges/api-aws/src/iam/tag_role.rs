//! `TagRole`.

use http::Method;
use serde::Deserialize;

use super::inputs::{TagInput, pairs};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "TagRole",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_name: String,
    tags: Vec<TagInput>,
}

async fn run(call: Call) -> ApiResult {
    let Input { role_name, tags } = call.input()?;
    call.control().tag_role(&role_name, &pairs(&tags)).await?;
    Ok(Answer::empty())
}
