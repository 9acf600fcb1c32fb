//! Saying what alarms were found to be, one by one and many at once.

use axum::extract::State;
use axum::{Extension, Json};
use picket_core::{Classified, ErrorCode};
use picket_ports::alarms::{Verification, VerificationState, VerifyError};
use serde::{Deserialize, Serialize};

use super::view::AlarmView;
use crate::audit::Changed;
use crate::error::{ApiError, ApiResult};
use crate::gate::Caller;
use crate::routes::{Body, Name};
use crate::state::{ConsoleState, Shared};

const VERIFICATIONS_MAX: usize = 100;
/// Ids that the audit trail names of a change of many.
const IDS_SHOWN: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVerification {
    state: VerificationState,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAlarm {
    id: String,
    state: VerificationState,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVerifications {
    verifications: Vec<OfAlarm>,
}

#[derive(Debug, Serialize)]
struct Outcome {
    id: String,
    /// Why it was not taken; null if it was.
    error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Outcomes {
    results: Vec<Outcome>,
}

fn by(state: &ConsoleState, caller: &Caller, given: NewVerification) -> Verification {
    let NewVerification { state: found, description } = given;
    let description = description.filter(|text| !text.is_empty());
    let by = Some(caller.session.user.clone());
    Verification { state: found, description, by, at: Some(state.now()) }
}

pub(crate) async fn verify(
    State(state): State<Shared>,
    caller: Caller,
    Name(id): Name,
    Body(given): Body<NewVerification>,
) -> ApiResult<(Extension<Changed>, Json<AlarmView>)> {
    let verification = by(&state, &caller, given);
    state.alarms.verify(&id, verification).await?;
    let Some(episode) = state.alarms.episode(&id).await? else {
        return Err(ApiError::new(ErrorCode::NotFound, "the alarm is forgotten by now"));
    };
    let changed = Extension(Changed(format!("violation/{id}")));
    Ok((changed, Json(AlarmView::of_episode(&state.config.index, &episode))))
}

/// Each by itself: what is wrong with one does not keep the others.
pub(crate) async fn verify_many(
    State(state): State<Shared>,
    caller: Caller,
    Body(given): Body<NewVerifications>,
) -> ApiResult<(Extension<Changed>, Json<Outcomes>)> {
    let count = given.verifications.len();
    if !(1..=VERIFICATIONS_MAX).contains(&count) {
        let message = format!("`verifications` must have 1 to {VERIFICATIONS_MAX} entries");
        return Err(ApiError::invalid(message));
    }
    let mut results = Vec::with_capacity(count);
    for OfAlarm { id, state: found, description } in given.verifications {
        let given = NewVerification { state: found, description };
        let taken = state.alarms.verify(&id, by(&state, &caller, given)).await;
        let error = taken.err().map(|error| reason(&error));
        results.push(Outcome { id: id.chars().take(128).collect(), error });
    }
    let changed = Extension(Changed(named(&results)));
    Ok((changed, Json(Outcomes { results })))
}

fn reason(error: &VerifyError) -> String {
    if error.code().is_server_fault() {
        tracing::error!(%error, "a verification could not be stored");
    }
    error.public_message().to_string()
}

fn named(results: &[Outcome]) -> String {
    let taken: Vec<&str> =
        results.iter().filter(|it| it.error.is_none()).map(|it| it.id.as_str()).collect();
    let shown = taken.iter().take(IDS_SHOWN).copied().collect::<Vec<_>>().join(",");
    match taken.len().saturating_sub(IDS_SHOWN) {
        0 => format!("violation/{shown}"),
        more => format!("violation/{shown} and {more} more"),
    }
}
