//! One line in, one line out.

use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use jiff::tz::TimeZone;
use picket_spl::{Answer, Query, RunError, RunOptions, SplError};
use serde_json::{Value, json};

use super::{OfflineCase, OfflineError};

/// Most rows of an answer.
const ROWS_MAX: usize = 1_000_000;
/// Most memory of one search.
const MEMORY_BYTES_MAX: usize = 1 << 30;
/// Most time of one search.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Why a line has no answer, and where in its search.
struct Failure {
    message: String,
    line: u32,
    column: u32,
}

impl Failure {
    fn of_line(message: impl Into<String>) -> Self {
        Self { message: message.into(), line: 1, column: 1 }
    }

    fn of_search(error: &SplError, search: &str) -> Self {
        let (line, column) = error.position(search);
        Self { message: error.message.clone(), line, column }
    }
}

impl From<OfflineError> for Failure {
    fn from(error: OfflineError) -> Self {
        Self::of_line(error.to_string())
    }
}

/// Runs the search of `line` over its events: `{id, fields, rows}`, or
/// `{id, error: {message, line, column}}` with a place in the search. A line that is no case is such an
/// error as well, at the place 1, 1.
pub async fn eval_line(line: &str) -> String {
    match eval(line).await {
        Ok((id, Answer { fields, rows, .. })) => {
            json!({ "id": id, "fields": fields, "rows": rows }).to_string()
        }
        Err(failure) => error_line(line, failure),
    }
}

/// The commands of the search of `line`: `{id, commands}`, or an error as [`eval_line`] gives it.
pub fn parse_line(line: &str) -> String {
    let parsed = OfflineCase::parse(line).map_err(Failure::from).and_then(|case| {
        let query = Query::parse(&case.search);
        let query = query.map_err(|error| Failure::of_search(&error, &case.search))?;
        Ok(json!({ "id": case.id, "commands": query.commands() }).to_string())
    });
    parsed.unwrap_or_else(|failure| error_line(line, failure))
}

fn error_line(line: &str, failure: Failure) -> String {
    let Failure { message, line: at_line, column } = failure;
    let id = serde_json::from_str::<Value>(line).ok();
    let id = id.and_then(|case| case.get("id").cloned()).unwrap_or(Value::Null);
    let error = json!({ "message": message, "line": at_line, "column": column });
    json!({ "id": id, "error": error }).to_string()
}

async fn eval(line: &str) -> Result<(Value, Answer), Failure> {
    let case = OfflineCase::parse(line)?;
    let of_search = |error: &SplError| Failure::of_search(error, &case.search);
    let query = Query::parse(&case.search).map_err(|error| of_search(&error))?;
    let now = case.now()?;
    let options = RunOptions {
        now,
        zone: TimeZone::UTC,
        earliest: None,
        latest: None,
        latest_default: case.now.as_ref().map(|_| now),
        rows_max: ROWS_MAX,
    };
    let table = case.table()?;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(MEMORY_BYTES_MAX)))
        .build_arc()
        .map_err(|error| Failure::of_line(error.to_string()))?;
    let context = SessionContext::new_with_config_rt(SessionConfig::new(), runtime);
    match tokio::time::timeout(TIME_MAX, query.run(&context, table, &options)).await {
        Ok(Ok(answer)) => Ok((case.id, answer)),
        Ok(Err(RunError::Spl(error))) => Err(of_search(&error)),
        Ok(Err(error)) => Err(Failure::of_line(error.to_string())),
        Err(_) => Err(Failure::of_line("the search took more than 60 seconds")),
    }
}
