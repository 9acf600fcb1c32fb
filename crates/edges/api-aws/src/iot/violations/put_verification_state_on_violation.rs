//! `PutVerificationStateOnViolation`.

use http::Method;
use picket_ports::alarms::{Verification, VerifyError};
use serde::Deserialize;

use super::filter::{self, STATES, one_of};
use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "PutVerificationStateOnViolation",
    method: Method::POST,
    path: "/violations/verification-state/{violationId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    verification_state: String,
    verification_state_description: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let verification = Verification {
        state: one_of("verificationState", &input.verification_state, STATES)?,
        description: input.verification_state_description,
        by: Some(call.caller.name().to_owned()),
        at: Some(call.now()),
    };
    let id = call.label("violationId")?;
    call.shared.deps.alarms.verify(id, verification).await.map_err(refused)?;
    Ok(Answer::empty())
}

/// AWS knows no "not found" here (spec §4.6).
fn refused(error: VerifyError) -> ApiError {
    match error {
        VerifyError::NotFound(_) | VerifyError::Invalid(_) => ApiError::invalid(error.to_string()),
        VerifyError::Storage(error) => filter::failed(&error),
    }
}
