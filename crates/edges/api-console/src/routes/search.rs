//! Running searches.

use axum::Json;
use axum::extract::State;
use picket_core::ErrorCode;
use picket_ports::{SearchRequest, SearchResult};
use serde::Deserialize;

use super::Body;
use crate::error::{self, ApiError, ApiResult};
use crate::state::{ConsoleState, Shared};

const SPL_BYTES_MAX: usize = 64 * 1024;
const TIME_BYTES_MAX: usize = 128;
const ROWS_DEFAULT: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchBody {
    spl: String,
    #[serde(default)]
    earliest: Option<String>,
    #[serde(default)]
    latest: Option<String>,
    #[serde(default)]
    rows_max: Option<usize>,
}

pub(crate) async fn run(
    State(state): State<Shared>,
    Body(asked): Body<SearchBody>,
) -> ApiResult<Json<SearchResult>> {
    let rows_limit = state.config.search_rows_max;
    let rows_max = asked.rows_max.unwrap_or(ROWS_DEFAULT.min(rows_limit));
    if rows_max == 0 || rows_max > rows_limit {
        return Err(ApiError::invalid(format!("`rows_max` must be 1 to {rows_limit}")));
    }
    if asked.spl.len() > SPL_BYTES_MAX {
        return Err(ApiError::invalid(format!("`spl` is longer than {SPL_BYTES_MAX} bytes")));
    }
    let result = search(&state, asked.spl, (asked.earliest, asked.latest), rows_max).await?;
    Ok(Json(result))
}

/// Runs one search within the console's limits. Empty times mean none.
pub(crate) async fn search(
    state: &ConsoleState,
    spl: String,
    (earliest, latest): (Option<String>, Option<String>),
    rows_max: usize,
) -> ApiResult<SearchResult> {
    let earliest = time("earliest", earliest)?;
    let latest = time("latest", latest)?.filter(|latest| latest != "now");
    let request = SearchRequest { spl, earliest, latest, now: state.now(), rows_max };
    let seat = tokio::time::timeout(state.config.search_wait(), state.search_seats.acquire()).await;
    let Ok(Ok(_seat)) = seat else {
        return Err(ApiError::throttled("too many searches are running; try again shortly", 5));
    };
    let timeout = state.config.search_timeout();
    match tokio::time::timeout(timeout, state.search.search(request)).await {
        Ok(result) => result.map_err(error::of_search),
        Err(_) => Err(ApiError::new(
            ErrorCode::Timeout,
            format!(
                "the search took longer than {} s and was stopped; narrow the time range",
                timeout.as_secs()
            ),
        )),
    }
}

fn time(name: &str, text: Option<String>) -> ApiResult<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    if text.len() > TIME_BYTES_MAX {
        return Err(ApiError::invalid(format!("`{name}` is longer than {TIME_BYTES_MAX} bytes")));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
