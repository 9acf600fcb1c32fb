//! Cases for SPL without a server: each line of a file brings its own events.

use std::str::FromStr;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use picket_core::Timestamp;
use picket_shred::{Limits, Row, Shredder};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Most bytes of one line.
const LINE_BYTES_MAX: usize = 64 << 20;

/// One line: `{id, events, search, now?, lookups?, macros?}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineCase {
    /// Anything; comes back with the answer.
    pub id: Value,
    /// The events. `_time`, `index`, `sourcetype`, `source`, `host` and `_raw` belong to the event as a
    /// whole; the rest is its JSON body.
    #[serde(default)]
    pub events: Vec<Map<String, Value>>,
    /// The SPL.
    pub search: String,
    /// "Now" of the search, written as `_time` is; the epoch when absent.
    #[serde(default)]
    pub now: Option<Value>,
    /// Not supported; anything but an empty value is an error.
    #[serde(default)]
    pub lookups: Option<Value>,
    /// Not supported; anything but an empty value is an error.
    #[serde(default)]
    pub macros: Option<Value>,
}

/// Why a line is no case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfflineError {
    /// The line is too long.
    #[error("the line has {0} bytes; at most {LINE_BYTES_MAX} are read")]
    TooLong(usize),
    /// The line is not the JSON it must be.
    #[error("the line is not a case: {0}")]
    Shape(String),
    /// A member that is not supported.
    #[error("`{0}` are not supported; write the search without them")]
    Unsupported(&'static str),
    /// A time that cannot be read.
    #[error(
        "`{member}` of {place} is `{text}`, which is neither epoch seconds nor an ISO 8601 time with a zone"
    )]
    Time {
        /// `_time` or `now`.
        member: &'static str,
        /// Which event, or the case.
        place: String,
        /// What was given, shortened.
        text: String,
    },
    /// Metadata that is not text.
    #[error("`{member}` of event {event} is not a text")]
    NotText {
        /// The member.
        member: &'static str,
        /// Number of the event, from 1.
        event: usize,
    },
    /// The events could not be put into columns.
    #[error("the events could not be read: {0}")]
    Columns(String),
}

impl OfflineCase {
    /// Reads a line.
    ///
    /// # Errors
    /// Text that is not a case, unknown members, `lookups` or `macros`.
    pub fn parse(line: &str) -> Result<Self, OfflineError> {
        if line.len() > LINE_BYTES_MAX {
            return Err(OfflineError::TooLong(line.len()));
        }
        let case: Self =
            serde_json::from_str(line).map_err(|error| OfflineError::Shape(error.to_string()))?;
        if !is_empty(case.lookups.as_ref()) {
            return Err(OfflineError::Unsupported("lookups"));
        }
        if !is_empty(case.macros.as_ref()) {
            return Err(OfflineError::Unsupported("macros"));
        }
        Ok(case)
    }

    /// "Now" of the search.
    ///
    /// # Errors
    /// A time that cannot be read.
    pub fn now(&self) -> Result<Timestamp, OfflineError> {
        let Some(now) = &self.now else { return Ok(Timestamp::default()) };
        time_of(now).ok_or_else(|| bad_time("now", "the case".to_owned(), now))
    }

    /// The events as a table with the columns that a segment would have. An event without `_time` is at
    /// [`OfflineCase::now`]; without other metadata its index is `main`, its host `localhost`, its
    /// source `offline` and its sourcetype `json`. `_raw` is the compact JSON of the body unless given.
    ///
    /// # Errors
    /// Metadata that cannot be read, with the number of the event.
    pub fn table(&self) -> Result<Arc<dyn TableProvider>, OfflineError> {
        let columns = |cause: String| OfflineError::Columns(cause);
        let now = self.now()?;
        let mut shredder = Shredder::new(Limits::default());
        for (event, number) in self.events.iter().zip(1..) {
            push(&mut shredder, event, number, now)?;
        }
        let batch = shredder.finish().map_err(|error| columns(error.to_string()))?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]);
        Ok(Arc::new(table.map_err(|error| columns(error.to_string()))?))
    }
}

fn push(
    shredder: &mut Shredder,
    event: &Map<String, Value>,
    number: usize,
    now: Timestamp,
) -> Result<(), OfflineError> {
    let text = |member: &'static str, default: &'static str| match event.get(member) {
        None => Ok(default.to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(OfflineError::NotText { member, event: number }),
    };
    let time = match event.get("_time") {
        None => now,
        Some(time) => {
            time_of(time).ok_or_else(|| bad_time("_time", format!("event {number}"), time))?
        }
    };
    let raw = if event.contains_key("_raw") { text("_raw", "")? } else { body_of(event) };
    let (index, host) = (text("index", "main")?, text("host", "localhost")?);
    let (source, sourcetype) = (text("source", "offline")?, text("sourcetype", "json")?);
    let row = Row {
        time,
        index_time: now,
        sequence: number as u64,
        id: None,
        index: &index,
        host: &host,
        source: &source,
        sourcetype: &sourcetype,
        raw: raw.as_bytes(),
        fields: &[],
    };
    shredder.push(&row).map_err(|error| OfflineError::Columns(error.to_string()))
}

fn body_of(event: &Map<String, Value>) -> String {
    const METADATA: &[&str] = &["_time", "index", "sourcetype", "source", "host", "_raw"];
    let body = event.iter().filter(|(name, _)| !METADATA.contains(&name.as_str()));
    let body: Map<String, Value> =
        body.map(|(name, value)| (name.clone(), value.clone())).collect();
    Value::Object(body).to_string()
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

fn bad_time(member: &'static str, place: String, time: &Value) -> OfflineError {
    let text = time.to_string().chars().take(64).collect();
    OfflineError::Time { member, place, text }
}

/// Epoch seconds as a number or text, or ISO 8601 with a zone.
fn time_of(time: &Value) -> Option<Timestamp> {
    let of_seconds = |seconds: f64| {
        let ms = (seconds * 1000.0).round();
        // Within the range in which a float holds every millisecond.
        (ms.abs() < 9e15).then(|| Timestamp::from_millis(ms as i64))
    };
    match time {
        Value::Number(number) => of_seconds(number.as_f64()?),
        Value::String(text) => match f64::from_str(text) {
            Ok(seconds) => of_seconds(seconds),
            Err(_) => {
                let instant: jiff::Timestamp = text.parse().ok()?;
                Some(Timestamp::from_millis(instant.as_millisecond()))
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::AsArray;
    use datafusion::prelude::SessionContext;
    use picket_shred::fixed;

    use super::*;

    fn check_error(line: &str, expected: &str) {
        let table = |case: OfflineCase| case.table().map(|_| ());
        let error = OfflineCase::parse(line).and_then(table).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_line_that_is_no_case_says_why() {
        check_error("{", "not a case");
        check_error(r#"{"id":1,"search":"x","serach":1}"#, "unknown field `serach`");
        check_error(r#"{"id":1,"search":"x","lookups":{"a":[]}}"#, "`lookups` are not supported");
        check_error(r#"{"id":1,"search":"x","macros":{"m":"x"}}"#, "`macros` are not supported");
        check_error(r#"{"id":1,"search":"x","events":[{"_time":"soon"}]}"#, "`_time` of event 1");
        check_error(r#"{"id":1,"search":"x","events":[{},{"host":1}]}"#, "`host` of event 2");
    }

    #[tokio::test]
    async fn the_body_is_what_is_no_metadata() {
        let line = r#"{"id":1,"search":"x","now":100,"events":[
            {"_time":1.5,"index":"i","b":{"c":1},"a":2},
            {"_time":"1970-01-01T00:00:03Z","_raw":"k=v"},{"a":3}]}"#;
        let case = OfflineCase::parse(line).unwrap();
        let frame = SessionContext::new().read_table(case.table().unwrap()).unwrap();
        let batches = frame.collect().await.unwrap();
        let raw = batches[0].column_by_name(fixed::RAW).unwrap().as_string::<i32>();
        let raws: Vec<_> = raw.iter().flatten().collect();
        assert_eq!(raws, [r#"{"b":{"c":1},"a":2}"#, "k=v", r#"{"a":3}"#]);
        let times = batches[0].column_by_name(fixed::TIME).unwrap();
        let times = times.as_primitive::<datafusion::arrow::datatypes::TimestampMillisecondType>();
        assert_eq!(times.values().to_vec(), [1500, 3000, 100_000]);
        assert!(batches[0].column_by_name("b.c").is_some());
    }
}
