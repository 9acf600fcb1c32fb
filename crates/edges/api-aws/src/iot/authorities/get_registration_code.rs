//! `GetRegistrationCode`. The first time it is asked for, it is made: a change, and for admins.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetRegistrationCode",
    method: Method::GET,
    path: "/registrationcode",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let code = call.control().registration_code().await?;
    Ok(Answer::json(json!({ "registrationCode": code })))
}
