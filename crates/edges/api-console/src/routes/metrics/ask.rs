//! What the questions have in common: a series, a stretch of time, and a seat for those that take long.

use std::future::Future;
use std::time::Duration;

use picket_core::{ErrorCode, Timestamp};
use picket_ports::HistoryError;
use picket_ports::metric_history::Series;
use picket_profile::metrics;

use crate::error::{ApiError, ApiResult};
use crate::state::ConsoleState;

/// The longest stretch; no more is stored by far.
const LAST_MAX: Duration = Duration::from_secs(366 * 86_400);
const UNITS: &[(char, u64)] = &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// The series that is asked for. Without an operator a dimension is `IN`.
pub(super) fn series(
    metric: String,
    dimension: Option<String>,
    operator: Option<String>,
) -> ApiResult<Series> {
    let dimension = match (dimension.filter(|name| !name.is_empty()), operator) {
        (None, None) => None,
        (None, Some(_)) => {
            return Err(ApiError::invalid("`operator` goes with `dimension` only"));
        }
        (Some(name), operator) => Some((name, operator.unwrap_or_else(|| "IN".to_owned()))),
    };
    Ok(Series { metric, dimension })
}

/// The unit of a metric's values; empty for lists and for custom metrics.
pub(super) fn unit(metric: &str) -> &'static str {
    let built_in = metrics::index_of(metric).and_then(|index| metrics::ALL.get(index));
    built_in.map_or("", |metric| metric.unit())
}

/// The time from `text` ago, such as `24h` or `7d`, until now.
pub(super) fn last(state: &ConsoleState, text: &str) -> ApiResult<(Timestamp, Timestamp)> {
    let now = state.now();
    let wrong = || {
        let shown: String = text.chars().take(40).collect();
        ApiError::invalid(format!(
            "`last` is {shown:?}; it must be a number and s, m, h, d or w, such as 24h, and a year at \
             most"
        ))
    };
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(*seconds).ok_or_else(wrong)?;
    if seconds == 0 || seconds > LAST_MAX.as_secs() {
        return Err(wrong());
    }
    let ms = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    let from = Timestamp::from_millis(now.as_millis().saturating_sub(ms));
    Ok((from, now.plus(Duration::from_millis(1))))
}

/// Lets a question run that reads the whole fleet: one at a time for each seat, and not for ever.
pub(super) async fn long<T>(
    state: &ConsoleState,
    question: impl Future<Output = Result<T, HistoryError>>,
) -> ApiResult<T> {
    let wait = state.config.search_wait();
    let Ok(Ok(_seat)) = tokio::time::timeout(wait, state.history_seats.acquire()).await else {
        return Err(busy());
    };
    let timeout = state.config.search_timeout();
    match tokio::time::timeout(timeout, question).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ApiError::new(
            ErrorCode::Timeout,
            format!(
                "it took longer than {} s and was stopped; ask for a shorter time or a group",
                timeout.as_secs()
            ),
        )),
    }
}

/// All seats are taken.
pub(super) fn busy() -> ApiError {
    ApiError::throttled(
        "too many questions about stored datapoints are running; try again shortly",
        5,
    )
}
