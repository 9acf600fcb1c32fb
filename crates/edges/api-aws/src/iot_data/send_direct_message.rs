//! `SendDirectMessage`.

use std::time::Duration;

use http::Method;
use picket_policy::Action;
use picket_ports::DirectMessageError;
use picket_wire_aws::{AwsCode, AwsError};
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

/// How long the client has to confirm.
const PATIENCE_SECONDS_DEFAULT: u64 = 5;
const PATIENCE_SECONDS_MAX: u64 = 15;
/// How long a message that need not be confirmed may wait for its turn before the caller is answered.
const ATTEMPT: Duration = Duration::from_secs(1);

pub(crate) static OPERATION: Operation = Operation {
    name: "SendDirectMessage",
    method: Method::POST,
    path: "/connections/{clientId}/messages",
    access: Access::Data,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let client_id = call.client_id()?;
    let (qos, patience) = if call.query_flag("confirmation")? {
        let seconds = call.query_number("timeout", 1..=PATIENCE_SECONDS_MAX)?;
        (1, Duration::from_secs(seconds.unwrap_or(PATIENCE_SECONDS_DEFAULT)))
    } else {
        // As on AWS, `timeout` is not looked at then.
        (0, ATTEMPT)
    };
    let message = call.direct_message(qos)?;
    call.rights().await?.check(Action::SendDirectMessage, client_id)?;
    let sent = call.data().connections().send_direct(client_id, message, patience).await;
    sent.map_err(in_words)?;
    Ok(Answer::json(json!({"message": "OK", "traceId": call.request_id})))
}

fn in_words(error: DirectMessageError) -> AwsError {
    let code = match &error {
        DirectMessageError::NotConnected { .. } => AwsCode::ResourceNotFound,
        DirectMessageError::ReceiveDenied { .. } => AwsCode::Forbidden,
        DirectMessageError::TooLarge { .. } => AwsCode::RequestEntityTooLarge,
        DirectMessageError::Full { .. } => AwsCode::DataThrottling,
        DirectMessageError::Left { .. } | DirectMessageError::NotConfirmed { .. } => {
            AwsCode::GatewayTimeout
        }
    };
    AwsError::new(code, error.to_string())
}
