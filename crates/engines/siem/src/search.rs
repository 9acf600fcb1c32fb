//! Answering searches.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use picket_core::Timestamp;
use picket_ports::{Search, SearchError, SearchRequest, SearchResult};
use picket_spl::{Query, RunError, RunOptions, SplError, resolve_time};

use crate::engine::Siem;
use crate::source::{EventRange, EventScan};

#[async_trait]
impl Search for Siem {
    async fn search(&self, request: SearchRequest) -> Result<SearchResult, SearchError> {
        let clock = &self.shared.clock;
        let started = clock.now();
        let syntax = |error: SplError| syntax_error(&error, &request.spl);
        let query = Query::parse(&request.spl).map_err(syntax)?;
        let options = options(&request)?;
        let scope = query.scope(&options);
        let slot = self.search_slot().await?;
        let range =
            EventRange { earliest: scope.earliest, latest: scope.latest, indexes: scope.indexes };
        let scan = self.scan(&range).await;
        let scan = scan.map_err(|error| SearchError::Failed(error.to_string()))?;
        let EventScan { table, rows: scan_count } = scan;
        let context = slot.context.clone();
        let search = async {
            match query.run(&context, table, &options).await {
                Ok(answer) => Ok(Ok(answer)),
                Err(RunError::Spl(error)) => Ok(Err(syntax(error))),
                Err(RunError::TooLarge(why)) => Ok(Err(SearchError::Limit(why))),
                Err(RunError::Engine(error)) => Err(error),
            }
        };
        let answer = slot.run(search).await??;
        let duration_ms = clock.now().since(started).as_millis();
        Ok(SearchResult {
            fields: answer.fields,
            rows: answer.rows,
            is_events: answer.is_events,
            event_count: answer.event_count,
            scan_count,
            messages: answer.messages,
            duration_ms: u64::try_from(duration_ms).unwrap_or(u64::MAX),
        })
    }
}

/// How the search runs. Without any range it covers all time; with a beginning it ends now.
fn options(request: &SearchRequest) -> Result<RunOptions, SearchError> {
    let now = request.now;
    let time = |name: &str, text: &Option<String>| -> Result<Option<Timestamp>, SearchError> {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let time = text.map(|text| resolve_time(text, now)).transpose();
        let time = time.map_err(|error| SearchError::Syntax {
            message: format!("the {name} time: {error}"),
            line: 1,
            column: 1,
        });
        Ok(time?.flatten())
    };
    let earliest = time("earliest", &request.earliest)?;
    let latest = time("latest", &request.latest)?;
    Ok(RunOptions {
        now,
        zone: TimeZone::UTC,
        earliest,
        latest: latest.or(earliest.map(|_| now)),
        latest_default: Some(now),
        rows_max: request.rows_max,
    })
}

fn syntax_error(error: &SplError, search: &str) -> SearchError {
    let (line, column) = error.position(search);
    SearchError::Syntax { message: error.message.clone(), line, column }
}
