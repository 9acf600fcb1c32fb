//! `DeleteAccessKey`, at once.

use http::Method;
use picket_registry::delete_access_key;
use serde::Deserialize;

use super::users::{key_error, key_of, keys_in_force};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteAccessKey",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    user_name: Option<String>,
    access_key_id: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { user_name, access_key_id } = call.input()?;
    key_of(&call, user_name, &access_key_id).await?;
    let deleted = delete_access_key(&**call.control().registry(), &access_key_id).await;
    deleted.map_err(key_error)?;
    keys_in_force(&call).await;
    Ok(Answer::empty())
}
