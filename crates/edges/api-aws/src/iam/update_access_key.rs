//! `UpdateAccessKey`: switches a key on or off, at once.

use http::Method;
use picket_registry::{AccessKeyStatus, set_access_key_status};
use serde::Deserialize;

use super::users::{key_error, key_of, keys_in_force};
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateAccessKey",
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
    status: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { user_name, access_key_id, status } = call.input()?;
    let status = match status.as_str() {
        "Active" => AccessKeyStatus::Active,
        "Inactive" => AccessKeyStatus::Inactive,
        other => {
            let other = shortened(other);
            return Err(ApiError::invalid(format!(
                "`Status` is `{other}`; it must be Active or Inactive"
            )));
        }
    };
    key_of(&call, user_name, &access_key_id).await?;
    let (registry, clock) = (call.control().registry(), &call.shared.deps.clock);
    let set = set_access_key_status(&**registry, &**clock, &access_key_id, status).await;
    set.map_err(key_error)?;
    keys_in_force(&call).await;
    Ok(Answer::empty())
}
