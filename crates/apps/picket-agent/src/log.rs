//! The log of the agent: a line an event on standard error.
//!
//! `tracing-subscriber` would be a fifth of the program and does nothing else here.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use picket_core::{Clock, SystemClock};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes events up to `level`, as JSON if `json`. Spans are not shown.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) level: Level,
    pub(crate) json: bool,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.level() <= &self.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.level.into())
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let time = SystemClock.now().to_string();
        let level = event.metadata().level();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = if self.json { fields.json(time, level) } else { fields.text(&time, level) };
        // Nothing is left to be told if standard error is closed.
        drop(writeln!(std::io::stderr().lock(), "{line}"));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.others.push((name, value)),
        }
    }

    fn json(self, time: String, level: &Level) -> String {
        let mut line = Map::new();
        line.insert("time".to_owned(), Value::String(time));
        line.insert("level".to_owned(), Value::String(level.to_string()));
        line.insert("message".to_owned(), Value::String(self.message));
        for (name, value) in self.others {
            line.insert(name.to_owned(), value);
        }
        Value::Object(line).to_string()
    }

    /// Texts from outside may hold control characters, which must not reach a terminal.
    fn text(&self, time: &str, level: &Level) -> String {
        let mut line = format!("{time} {level:<5} {}", self.message.escape_debug());
        for (name, value) in &self.others {
            let shown = match value {
                Value::String(text) => text.escape_debug().to_string(),
                other => other.to_string(),
            };
            // Writing to a string cannot fail.
            write!(line, " {name}={shown}").ok();
        }
        line
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, Value::String(value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }
}
