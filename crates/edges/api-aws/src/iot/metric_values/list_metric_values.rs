//! `ListMetricValues`.

use std::time::Duration;

use http::Method;
use picket_core::Classified as _;
use picket_ports::HistoryError;
use picket_ports::metric_history::{Series, StoredDatapoint};
use picket_ports::registry::Rows;
use picket_registry::ControlError;
use picket_wire_aws::{AwsCode, AwsError, timestamp};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

/// As long as datapoints are kept.
const PERIOD_MAX: Duration = Duration::from_secs(14 * 86_400);
/// Pages of the storage that are read to fill one of ours: one that has rows of other metrics only is
/// short.
const READS_MAX: usize = 8;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListMetricValues",
    method: Method::GET,
    path: "/metric-values",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let thing = call.query_needed("thingName")?;
    let series = series(&call)?;
    let (from, end) = call.query_period()?;
    if end.since(from) > PERIOD_MAX {
        return Err(ApiError::invalid("`startTime` and `endTime` may be 14 days apart at most"));
    }
    // A datapoint of the end itself is in the list, as with events.
    let to = end.plus(Duration::from_millis(1));
    let mut page = call.page_of_detection()?;
    let rows_max = page.rows_max;
    let mut values: Vec<Value> = Vec::new();
    for _ in 0..READS_MAX {
        let read = call.shared.deps.metric_history.values(thing, &series, from, to, &page).await;
        let Rows { rows, next } = read.map_err(refused)?;
        values.extend(rows.iter().map(rendered));
        page.after = next;
        page.rows_max = rows_max.saturating_sub(u32::try_from(values.len()).unwrap_or(rows_max));
        if page.after.is_none() || page.rows_max == 0 {
            break;
        }
    }
    Ok(Answer::json(json!({ "metricDatumList": values, "nextToken": call.next(page.after)? })))
}

/// The metric, and the dimension if one is named. Without an operator it is `IN`.
fn series(call: &Call) -> ApiResult<Series> {
    let metric = call.query_needed("metricName")?.to_owned();
    let operator = match call.query("dimensionValueOperator") {
        None => None,
        Some(known @ ("IN" | "NOT_IN")) => Some(known),
        Some(other) => {
            let other = shortened(other);
            let text = format!("`dimensionValueOperator` is `{other}`; it must be IN or NOT_IN");
            return Err(ApiError::invalid(text));
        }
    };
    let dimension = match (call.query("dimensionName"), operator) {
        (None, None) => None,
        (None, Some(_)) => {
            let text = "`dimensionValueOperator` goes with `dimensionName` only";
            return Err(ApiError::invalid(text));
        }
        (Some(name), operator) => Some((name.to_owned(), operator.unwrap_or("IN").to_owned())),
    };
    Ok(Series { metric, dimension })
}

fn rendered(point: &StoredDatapoint) -> Value {
    json!({ "timestamp": timestamp::seconds(point.time), "value": point.value })
}

fn refused(error: HistoryError) -> ApiError {
    match error {
        HistoryError::Invalid(text) | HistoryError::TooMuch(text) => ApiError::invalid(text),
        HistoryError::NotFound { .. } => {
            AwsError::new(AwsCode::ResourceNotFound, error.to_string()).into()
        }
        HistoryError::Storage(_) => {
            tracing::error!(%error, "an AWS operation failed");
            ControlError::Unavailable(error.public_message()).into()
        }
    }
}
