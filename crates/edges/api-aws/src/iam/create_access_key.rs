//! `CreateAccessKey`: of the caller where no user is named.

use http::Method;
use picket_registry::create_access_key;
use picket_wire_aws::timestamp::iso;
use serde::Deserialize;
use serde_json::json;

use super::users::{key_error, keys_in_force, status_text, user_meant};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateAccessKey",
    method: Method::POST,
    path: "/",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    user_name: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { user_name } = call.input()?;
    let user = user_meant(&call, user_name)?;
    let clock = &call.shared.deps.clock;
    let made = create_access_key(&**call.control().registry(), &**clock, &user).await;
    let made = made.map_err(key_error)?;
    keys_in_force(&call).await;
    let about = format!("user/{user} accesskey/{}", made.key.id);
    Ok(Answer::json(json!({ "AccessKey": {
        "UserName": user,
        "AccessKeyId": made.key.id,
        "Status": status_text(made.key.status),
        "SecretAccessKey": made.secret.expose(),
        "CreateDate": iso(made.key.created),
    }}))
    .about(about))
}
