//! What a thing's charts show. The searches are written here, so that a viewer needs no right to
//! search freely and no browser has to quote what devices say.

use axum::Json;
use axum::extract::State;
use picket_core::{ErrorCode, ThingName};
use picket_ports::SearchResult;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};
use crate::routes::search::search;
use crate::routes::{Name, Params};
use crate::spl_text::{self, SavedSpl};
use crate::state::Shared;

const POINTS_MAX: usize = 5000;

/// Time ranges of the charts and how coarse their points are.
const RANGES: [(&str, &str); 5] =
    [("-15m", "10s"), ("-1h", "1m"), ("-4h", "1m"), ("-24h", "5m"), ("-7d", "1h")];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricParams {
    #[serde(default = "last_hour")]
    earliest: String,
}

fn last_hour() -> String {
    "-1h".to_owned()
}

#[derive(Debug, Serialize)]
pub(crate) struct MetricsView {
    /// One column per numeric metric over `_time`.
    numbers: Answer,
    /// The newest port and address lists: `_time`, `name`, `ports`, `addresses`.
    lists: Answer,
}

#[derive(Debug, Serialize)]
struct Answer {
    search: SavedSpl,
    result: SearchResult,
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(name): Name,
    Params(params): Params<MetricParams>,
) -> ApiResult<Json<MetricsView>> {
    let name = ThingName::new(&name)
        .map_err(|error| ApiError::new(ErrorCode::NotFound, error.to_string()))?;
    let range = RANGES.iter().find(|(earliest, _)| *earliest == params.earliest);
    let Some((earliest, span)) = range else {
        let known: Vec<&str> = RANGES.iter().map(|(earliest, _)| *earliest).collect();
        return Err(ApiError::invalid(format!("`earliest` must be one of {}", known.join(", "))));
    };
    let events = spl_text::events_of_thing(&state.config.index, name.as_str());
    let numbers = format!("{events} | timechart span={span} limit=0 max(value.count) by name");
    let lists = format!(
        "{events} | dedup name | spath value.ports{{}} output=ports | spath value.cidrs{{}} output=addresses \
         | where isnotnull(ports) OR isnotnull(addresses) | table _time name ports addresses"
    );
    let numbers = answer(&state, numbers, earliest).await?;
    let lists = answer(&state, lists, earliest).await?;
    Ok(Json(MetricsView { numbers, lists }))
}

async fn answer(state: &Shared, spl: String, earliest: &str) -> ApiResult<Answer> {
    let times = (Some(earliest.to_owned()), None);
    let result = search(state, spl.clone(), times, POINTS_MAX).await?;
    let search = SavedSpl { spl, earliest: earliest.to_owned(), latest: "now".to_owned() };
    Ok(Answer { search, result })
}
