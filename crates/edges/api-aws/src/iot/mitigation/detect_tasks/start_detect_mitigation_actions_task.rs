//! `StartDetectMitigationActionsTask`. PUT, where the one for audits is POST.

use http::Method;
use picket_core::Timestamp;
use picket_mitigate::{DetectRequest, DetectTarget, NewTask, TaskRequest};
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "StartDetectMitigationActionsTask",
    method: Method::PUT,
    path: "/detect/mitigationactions/tasks/{taskId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    target: TargetInput,
    actions: Vec<String>,
    violation_event_occurrence_range: Option<RangeInput>,
    include_only_active_violations: Option<bool>,
    include_suppressed_alerts: Option<bool>,
    client_request_token: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetInput {
    violation_ids: Option<Vec<String>>,
    security_profile_name: Option<String>,
    behavior_name: Option<String>,
}

/// Seconds since the epoch, with a fraction or without; both ends are required.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RangeInput {
    start_time: f64,
    end_time: f64,
}

impl TargetInput {
    fn read(self) -> ApiResult<DetectTarget> {
        match (self.violation_ids, self.security_profile_name, self.behavior_name) {
            (Some(ids), None, None) => Ok(DetectTarget::Violations(ids)),
            (None, Some(profile), behavior) => Ok(DetectTarget::Profile { profile, behavior }),
            _ => Err(ApiError::invalid(
                "`target` must have either `violationIds`, or `securityProfileName` with or without a \
                 `behaviorName`",
            )),
        }
    }
}

impl RangeInput {
    fn read(&self) -> (Timestamp, Timestamp) {
        (moment(self.start_time), moment(self.end_time))
    }
}

/// Times beyond all ends are cut to the last there is.
fn moment(seconds: f64) -> Timestamp {
    Timestamp::from_millis((seconds * 1000.0).round() as i64)
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let new = NewTask {
        id: call.label("taskId")?.to_owned(),
        token: Some(input.client_request_token),
        by: call.caller.name().to_owned(),
        note: None,
    };
    let request = DetectRequest {
        target: input.target.read()?,
        actions: input.actions,
        range: input.violation_event_occurrence_range.as_ref().map(RangeInput::read),
        only_active: input.include_only_active_violations.unwrap_or(false),
        includes_suppressed: input.include_suppressed_alerts.unwrap_or(false),
    };
    let id = new.id.clone();
    call.shared.deps.mitigation.start_task(new, TaskRequest::Detect(request)).await?;
    Ok(Answer::json(json!({ "taskId": id })))
}
