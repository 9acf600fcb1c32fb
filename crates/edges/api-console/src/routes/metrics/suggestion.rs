//! Behaviours that what is stored complies with.

use axum::Json;
use axum::extract::State;
use picket_core::ErrorCode;
use picket_ports::metric_history::{SuggestRequest, Suggestion};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ask;
use crate::error::{ApiError, ApiResult};
use crate::routes::Body;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestionBody {
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    metrics: Vec<String>,
    last: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct SuggestionList {
    suggestions: Vec<SuggestionView>,
}

#[derive(Debug, Serialize)]
struct SuggestionView {
    /// In AWS's shape.
    behavior: Box<RawValue>,
    because: String,
    devices: u64,
    datapoints: u64,
}

pub(crate) async fn run(
    State(state): State<Shared>,
    Body(body): Body<SuggestionBody>,
) -> ApiResult<Json<SuggestionList>> {
    let SuggestionBody { group, metrics, last } = body;
    let (from, to) = ask::last(&state, &last)?;
    let group = group.filter(|name| !name.is_empty());
    let request = SuggestRequest { group, metrics, from, to };
    let found = ask::long(&state, state.metric_history.suggest(&request)).await?;
    let suggestions = found.into_iter().map(view).collect::<ApiResult<_>>()?;
    Ok(Json(SuggestionList { suggestions }))
}

fn view(suggestion: Suggestion) -> ApiResult<SuggestionView> {
    let Suggestion { behavior, because, devices, datapoints } = suggestion;
    let behavior = RawValue::from_string(behavior).map_err(|error| {
        tracing::error!(%error, "a suggested behavior is not JSON");
        ApiError::new(ErrorCode::Internal, "a suggested behavior cannot be shown")
    })?;
    Ok(SuggestionView { behavior, because, devices, datapoints })
}
