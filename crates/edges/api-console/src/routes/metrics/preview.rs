//! "Had this profile been on": a profile tried on stored datapoints.
//!
//! The answer is one JSON object. Who asks for `application/x-ndjson` gets lines while it is worked out:
//! `{"progress":{"done","all"}}`, and last `{"result":…}` or `{"error":{"message"}}`.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use picket_core::{Classified as _, MetricValue, Timestamp};
use picket_ports::HistoryError;
use picket_ports::alarms::Violation;
use picket_ports::metric_history::{BacktestReport, BacktestRequest, BehaviorOutcome};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::ask;
use crate::error::ApiResult;
use crate::routes::Body;
use crate::routes::alarms::DatapointView;
use crate::state::Shared;

/// Alarms in one answer.
const ALARMS_MAX: usize = 500;
/// The name of a profile that has none yet.
const DRAFT: &str = "draft";
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");
/// Least time between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    #[serde(default)]
    name: Option<String>,
    /// In AWS's shape. Its `targets` say whom it watches; all devices where it has none.
    document: Box<RawValue>,
    last: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Preview {
    from_ms: Timestamp,
    to_ms: Timestamp,
    devices: u64,
    datapoints: u64,
    behaviors: Vec<BehaviorOutcome>,
    alarms: Vec<PreviewAlarm>,
    truncated: bool,
    by_hour: Vec<Hour>,
}

/// An alarm that would have been.
#[derive(Debug, Serialize)]
struct PreviewAlarm {
    thing: String,
    behavior: String,
    metric: String,
    started_ms: Timestamp,
    ended_ms: Option<Timestamp>,
    last_value: MetricValue,
    explanation: String,
    datapoints: Vec<DatapointView>,
}

#[derive(Debug, Serialize)]
struct Hour {
    start_ms: Timestamp,
    alarms: u64,
}

pub(crate) async fn run(
    State(state): State<Shared>,
    headers: HeaderMap,
    Body(body): Body<PreviewBody>,
) -> ApiResult<Response> {
    let PreviewBody { name, document, last } = body;
    let (from, to) = ask::last(&state, &last)?;
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| DRAFT.to_owned());
    let document = document.get().to_owned();
    let request = BacktestRequest { name, document, from, to, alarms_max: ALARMS_MAX };
    if headers.get(header::ACCEPT) == Some(&LINES) {
        return lines(&state, request);
    }
    let tried = state.metric_history.backtest(&request, &|_, _| {});
    let report = ask::long(&state, tried).await?;
    Ok(Json(Preview::from(report)).into_response())
}

type Tried = Pin<Box<dyn Future<Output = Result<BacktestReport, HistoryError>> + Send>>;

/// A backtest on its way.
struct Running {
    state: Shared,
    work: Option<Tried>,
    progress: watch::Receiver<(u64, u64)>,
}

/// Answers line by line. Nobody reads on: the work ends with the answer.
fn lines(state: &Shared, request: BacktestRequest) -> ApiResult<Response> {
    if state.history_seats.available_permits() == 0 {
        return Err(ask::busy());
    }
    let (told, progress) = watch::channel((0, 0));
    let owned = state.clone();
    let work = async move {
        let Ok(_seat) = owned.history_seats.acquire().await else {
            return Err(HistoryError::Storage("the server is stopping".to_owned()));
        };
        let progress = move |done, all| {
            told.send_replace((done, all));
        };
        owned.metric_history.backtest(&request, &progress).await
    };
    let running = Running { state: state.clone(), work: Some(Box::pin(work)), progress };
    let body = stream::unfold(running, |mut running| async move {
        let line = running.next().await?;
        Some((Ok::<_, Infallible>(format!("{line}\n")), running))
    });
    Ok(([(header::CONTENT_TYPE, LINES)], HttpBody::from_stream(body)).into_response())
}

impl Running {
    async fn next(&mut self) -> Option<serde_json::Value> {
        let work = self.work.as_mut()?;
        let progress = &mut self.progress;
        let changed = async {
            tokio::time::sleep(PROGRESS_EVERY).await;
            // Without a sender the work is all but done.
            if progress.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            *progress.borrow_and_update()
        };
        let stopping = self.state.tasks.token();
        let ended = tokio::select! {
            ended = work => ended,
            (done, all) = changed => {
                return Some(json!({ "progress": { "done": done, "all": all } }));
            }
            () = stopping.cancelled() => {
                Err(HistoryError::Storage("the server is stopping".to_owned()))
            }
        };
        self.work = None;
        Some(match ended {
            Ok(report) => json!({ "result": Preview::from(report) }),
            Err(error) => {
                if error.code().is_server_fault() {
                    tracing::error!(%error, "a backtest failed");
                }
                json!({ "error": { "message": error.public_message() } })
            }
        })
    }
}

impl From<BacktestReport> for Preview {
    fn from(report: BacktestReport) -> Self {
        let BacktestReport {
            from,
            to,
            devices,
            datapoints,
            behaviors,
            alarms,
            truncated,
            by_hour,
            ..
        } = report;
        let hour = |(start_ms, alarms)| Hour { start_ms, alarms };
        Self {
            from_ms: from,
            to_ms: to,
            devices,
            datapoints,
            behaviors,
            alarms: alarms.into_iter().map(PreviewAlarm::from).collect(),
            truncated,
            by_hour: by_hour.into_iter().map(hour).collect(),
        }
    }
}

impl From<Violation> for PreviewAlarm {
    fn from(alarm: Violation) -> Self {
        Self {
            thing: alarm.thing,
            behavior: alarm.behavior,
            metric: alarm.metric,
            started_ms: alarm.started,
            ended_ms: alarm.ended,
            last_value: alarm.last_value,
            explanation: alarm.explanation,
            datapoints: alarm.datapoints.into_iter().map(DatapointView::from).collect(),
        }
    }
}
