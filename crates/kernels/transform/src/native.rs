//! The native transform: metrics exports and audit notifications to HEC events (spec delivery §7).

use picket_core::TraceId;

use crate::json_members::{JsonMembers, elements};
use crate::python_json::{self, RewriteError};

/// Where an event's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventTime {
    /// No `time` is sent, so that the collector takes the time of receipt: what the seed function does.
    Receive,
    /// The datapoint's `timestamp`, or the audit's `taskStartTime`.
    #[default]
    Payload,
}

/// Turns one record into HEC events. With `fields` off and [`EventTime::Receive`], the bytes are those
/// of the seed pipeline's function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeTransform {
    /// `sourcetype` of every event.
    pub sourcetype: String,
    /// The SNS topic whose notifications are audit results; none are taken when absent.
    pub audit_topic_arn: Option<String>,
    /// Whether events carry the HEC fields `picket_id`, which is the same each time an event is sent,
    /// and `picket_trace`, which leads back to the report.
    pub fields: bool,
    /// Where an event's time comes from.
    pub event_time: EventTime,
}

/// Why a record could not be transformed. Firehose calls its state `ProcessingFailed`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// The record is not JSON text.
    #[error("the record is not JSON; send one JSON document a record")]
    NotJson,
    /// `metrics` or `auditDetails` is not a list.
    #[error("`{0}` of the record is not a list")]
    NotAList(&'static str),
    /// The notification's `Message` is not an audit result.
    #[error("the notification's Message is not a JSON object with auditDetails")]
    NotAnAudit,
    /// An entry cannot be written.
    #[error("an entry of the record cannot be written: {0}")]
    Entry(#[from] RewriteError),
}

/// What is known of a record beside its bytes.
#[derive(Clone, Copy)]
struct Origin<'a> {
    traces: &'a [TraceId],
    record_id: Option<&'a dyn Fn() -> String>,
}

impl Origin<'_> {
    /// The id of the event at `place` whose content gives it none.
    fn id_of(&self, place: usize) -> Option<String> {
        self.record_id.map(|record_id| format!("{}|{place}", record_id()))
    }
}

/// The HEC metadata of one event.
#[derive(Debug, Default)]
struct Extras {
    time_ms: Option<i64>,
    id: Option<String>,
    trace: Option<String>,
}

impl NativeTransform {
    /// The seed function's behavior, byte for byte.
    pub fn seed(sourcetype: impl Into<String>, audit_topic_arn: Option<String>) -> Self {
        Self {
            sourcetype: sourcetype.into(),
            audit_topic_arn,
            fields: false,
            event_time: EventTime::Receive,
        }
    }

    /// Appends the events of `record` to `out`, nothing between them, and returns how many there are.
    /// A record that is neither a metrics export nor an audit notification gives none. After an error
    /// `out` is as before. `traces` are those of the record: one per entry, or all the same.
    pub fn transform(
        &self,
        record: &[u8],
        traces: &[TraceId],
        out: &mut Vec<u8>,
    ) -> Result<usize, TransformError> {
        self.run(record, Origin { traces, record_id: None }, out)
    }

    /// As [`NativeTransform::transform`], for a record that has an id of its own: an event whose content
    /// gives it no id is called `<record id>|<place in the record>`. `record_id` is asked for only then.
    pub fn transform_named(
        &self,
        record: &[u8],
        traces: &[TraceId],
        record_id: &dyn Fn() -> String,
        out: &mut Vec<u8>,
    ) -> Result<usize, TransformError> {
        self.run(record, Origin { traces, record_id: Some(record_id) }, out)
    }

    fn run(
        &self,
        record: &[u8],
        origin: Origin<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, TransformError> {
        let before = out.len();
        let written = self.write(record, origin, out);
        if written.is_err() {
            out.truncate(before);
        }
        written
    }

    fn write(
        &self,
        record: &[u8],
        origin: Origin<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, TransformError> {
        let text = std::str::from_utf8(record).map_err(|_| TransformError::NotJson)?;
        let Some(members) = JsonMembers::of(text) else {
            let other = serde_json::from_str::<serde::de::IgnoredAny>(text);
            return other.map(|_| 0).map_err(|_| TransformError::NotJson);
        };
        if let Some(metrics) = members.get("metrics") {
            return self.write_metrics(metrics, origin, out);
        }
        let topic = members.text("TopicArn");
        if topic.is_some() && topic == self.audit_topic_arn {
            return self.write_audit(&members, origin, out);
        }
        Ok(0)
    }

    fn write_metrics(
        &self,
        metrics: &str,
        origin: Origin<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, TransformError> {
        let entries = elements(metrics).ok_or(TransformError::NotAList("metrics"))?;
        for (place, entry) in entries.iter().enumerate() {
            let mut extras = Extras::default();
            if self.fields || self.event_time == EventTime::Payload {
                let members = JsonMembers::of(entry.get());
                extras.time_ms = members.as_ref().and_then(|entry| entry.integer("timestamp"));
                extras.id = members.as_ref().and_then(metric_id).or_else(|| origin.id_of(place));
                extras.trace = trace_of(origin.traces, place, entries.len());
            }
            self.write_event(entry.get(), &extras, out)?;
        }
        Ok(entries.len())
    }

    fn write_audit(
        &self,
        notification: &JsonMembers<'_>,
        origin: Origin<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, TransformError> {
        let message = notification.text("Message").ok_or(TransformError::NotAnAudit)?;
        let audit = JsonMembers::of(&message).ok_or(TransformError::NotAnAudit)?;
        let details = audit.get("auditDetails").ok_or(TransformError::NotAnAudit)?;
        let details = elements(details).ok_or(TransformError::NotAList("auditDetails"))?;
        let id = notification.text("MessageId").zip(audit.text("taskId"));
        for (place, detail) in details.iter().enumerate() {
            let extras = Extras {
                time_ms: audit.integer("taskStartTime"),
                id: id
                    .as_ref()
                    .map(|(message, task)| joined(&[message, task, &place.to_string()]))
                    .or_else(|| origin.id_of(place)),
                trace: trace_of(origin.traces, place, details.len()),
            };
            self.write_event(detail.get(), &extras, out)?;
        }
        Ok(details.len())
    }

    fn write_event(
        &self,
        event: &str,
        extras: &Extras,
        out: &mut Vec<u8>,
    ) -> Result<(), TransformError> {
        out.extend_from_slice(b"{\"sourcetype\": ");
        python_json::write_text(&self.sourcetype, out);
        out.extend_from_slice(b", \"event\": ");
        python_json::rewrite(event, out)?;
        if self.event_time == EventTime::Payload
            && let Some(ms) = extras.time_ms.filter(|ms| *ms >= 0)
        {
            out.extend_from_slice(format!(", \"time\": {}.{:03}", ms / 1000, ms % 1000).as_bytes());
        }
        if self.fields {
            write_fields(extras, out);
        }
        out.push(b'}');
        Ok(())
    }
}

fn write_fields(extras: &Extras, out: &mut Vec<u8>) {
    let pairs = [("picket_id", &extras.id), ("picket_trace", &extras.trace)];
    let mut opening: &[u8] = b", \"fields\": {";
    for (name, value) in pairs {
        let Some(value) = value else { continue };
        out.extend_from_slice(opening);
        python_json::write_text(name, out);
        out.extend_from_slice(b": ");
        python_json::write_text(value, out);
        opening = b", ";
    }
    if extras.id.is_some() || extras.trace.is_some() {
        out.push(b'}');
    }
}

/// `thing|name|timestamp|version`; where the entry has a dimension or a statistic,
/// `|dimension|operator|statistic` after it. The same datapoint has the same id each time it is sent,
/// and the three values of `aws:message-byte-size` have three.
fn metric_id(entry: &JsonMembers<'_>) -> Option<String> {
    let thing = entry.text("thing")?;
    let name = entry.text("name")?;
    let timestamp = entry.integer("timestamp")?.to_string();
    let version = entry.get("version").unwrap_or_default();
    let dimension = entry.get("dimension").and_then(JsonMembers::of);
    let statistic = entry.text("statistic");
    if dimension.is_none() && statistic.is_none() {
        return Some(joined(&[&thing, &name, &timestamp, version]));
    }
    let of_dimension = |member: &str| dimension.as_ref().and_then(|members| members.text(member));
    let dimension_name = of_dimension("name").or_else(|| of_dimension("dimensionName"));
    let rest = [dimension_name, of_dimension("operator"), statistic].map(Option::unwrap_or_default);
    let [dimension_name, operator, statistic] = &rest;
    Some(joined(&[&thing, &name, &timestamp, version, dimension_name, operator, statistic]))
}

/// The parts with `|` between them; a `|` or `\` inside a part gets a `\` before it.
fn joined(parts: &[&str]) -> String {
    let escaped: Vec<String> =
        parts.iter().map(|part| part.replace('\\', "\\\\").replace('|', "\\|")).collect();
    escaped.join("|")
}

/// The trace of entry `place` of `entries`: its own if there is one per entry, else the one all share.
fn trace_of(traces: &[TraceId], place: usize, entries: usize) -> Option<String> {
    if traces.len() == entries {
        return traces.get(place).map(ToString::to_string);
    }
    let first = traces.first()?;
    traces.iter().all(|trace| trace == first).then(|| first.to_string())
}

#[cfg(test)]
mod tests;
