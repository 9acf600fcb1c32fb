//! The filters that both lists of violations take.

use picket_core::Classified;
use picket_ports::AlarmsError;
use picket_ports::alarms::{AlarmFilter, CriteriaType, VerificationState};
use picket_registry::ControlError;

use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::ApiResult;

const CRITERIA: &[(&str, CriteriaType)] = &[
    ("STATIC", CriteriaType::Static),
    ("STATISTICAL", CriteriaType::Statistical),
    ("MACHINE_LEARNING", CriteriaType::MachineLearning),
];
pub(super) const STATES: &[(&str, VerificationState)] = &[
    ("FALSE_POSITIVE", VerificationState::FalsePositive),
    ("BENIGN_POSITIVE", VerificationState::BenignPositive),
    ("TRUE_POSITIVE", VerificationState::TruePositive),
    ("UNKNOWN", VerificationState::Unknown),
];

/// AWS's word for a state.
pub(super) fn state_name(state: VerificationState) -> &'static str {
    STATES.iter().find(|(_, it)| *it == state).map_or("UNKNOWN", |(name, _)| name)
}

/// Reads one of the words of a list.
pub(super) fn one_of<T: Copy>(name: &str, text: &str, known: &[(&str, T)]) -> ApiResult<T> {
    known.iter().find(|(word, _)| *word == text).map(|(_, it)| *it).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let (text, words) = (shortened(text), words.join(", "));
        ApiError::invalid(format!("`{name}` is `{text}`; it must be one of {words}"))
    })
}

/// The filter in the query. `listSuppressedAlerts` is true for muted behaviors only, false for the others
/// only, and absent for both.
pub(super) fn read(call: &Call) -> ApiResult<AlarmFilter> {
    let text = |name| call.query(name).map(ToOwned::to_owned);
    let suppressed = match call.query("listSuppressedAlerts") {
        None => None,
        Some(_) => Some(call.query_flag("listSuppressedAlerts")?),
    };
    let criteria = call.query("behaviorCriteriaType");
    let criteria = criteria.map(|it| one_of("behaviorCriteriaType", it, CRITERIA)).transpose()?;
    let state = call.query("verificationState");
    let state = state.map(|it| one_of("verificationState", it, STATES)).transpose()?;
    Ok(AlarmFilter {
        thing: text("thingName"),
        profile: text("securityProfileName"),
        behavior: None,
        criteria,
        suppressed,
        verification: state,
    })
}

/// A failure to read or write the book.
pub(super) fn failed(error: &AlarmsError) -> ApiError {
    tracing::error!(%error, "an AWS operation failed");
    ControlError::Unavailable(error.public_message()).into()
}
