//! `GetCallerIdentity`: the user behind an access key.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetCallerIdentity",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let account = &call.control().account().id;
    let user = call.caller.name();
    let id = match &call.caller {
        Caller::User(owner) => &owner.access_key,
        Caller::Device(_) => user,
    };
    Ok(Answer::json(json!({
        "UserId": id,
        "Account": account,
        "Arn": format!("arn:aws:iam::{account}:user/{user}"),
    })))
}
