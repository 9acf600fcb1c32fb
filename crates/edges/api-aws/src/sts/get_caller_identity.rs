//! `GetCallerIdentity`: the user behind an access key, or the session of a role. AWS asks for no right.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::iam::user_id;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetCallerIdentity",
    method: Method::POST,
    path: "/",
    access: Access::Open,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let id = match (&call.caller, call.caller.session()) {
        (_, Some(session)) => format!("{}:{}", session.role_id, session.name),
        (Caller::User(owner), None) => user_id(&call, &owner.user).await?,
        (Caller::Device(certificate), None) => certificate.as_str().to_owned(),
    };
    Ok(Answer::json(json!({
        "UserId": id,
        "Account": call.control().account().id,
        "Arn": call.caller_arn(),
    })))
}
