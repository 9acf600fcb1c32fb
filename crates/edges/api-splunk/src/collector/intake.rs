//! From a body to the events of an index (spec delivery §5.4–§5.6).

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use picket_core::Timestamp;
use picket_ports::{EventIndex, IndexedEvent};
use picket_wire_hec::{
    Envelope, EventBody, Events, Limits, Rejected, ReplyCode, event_time, raw_lines,
};

use super::query::Query;
use super::tokens::HecToken;

/// What events get that say nothing themselves: from the query, the token or the connection.
#[derive(Debug)]
pub(crate) struct Defaults {
    pub(crate) token: Arc<HecToken>,
    pub(crate) index: String,
    pub(crate) host: String,
    pub(crate) source: String,
    pub(crate) sourcetype: String,
    pub(crate) time: Timestamp,
}

impl Defaults {
    /// The defaults of a request. `peer` is the sender's address, `index` the server's default index.
    pub(crate) fn new(
        token: Arc<HecToken>,
        query: &Query,
        peer: &str,
        index: &str,
        now: Timestamp,
    ) -> Result<Self, ReplyCode> {
        let pick = |name: &str, of_token: &Option<String>, default: String| match query.get(name) {
            Some(value) => value.to_owned(),
            None => of_token.clone().unwrap_or(default),
        };
        let time = match query.get("time") {
            Some(text) => event_time::parse(text).ok_or(ReplyCode::IndexedFields)?,
            None => now,
        };
        Ok(Self {
            index: pick("index", &token.index, index.to_owned()),
            host: pick("host", &token.host, peer.to_owned()),
            source: pick("source", &token.source, format!("http:{}", token.name)),
            sourcetype: pick("sourcetype", &token.sourcetype, "httpevent".to_owned()),
            time,
            token,
        })
    }
}

/// What a body holds.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The events to store.
    pub(crate) events: Vec<IndexedEvent>,
    /// The object that ended it, if one did.
    pub(crate) rejected: Option<Rejected>,
    /// Objects that hold nothing to store.
    pub(crate) skipped: u64,
    /// Keys that had no effect.
    pub(crate) unknown_keys: u64,
}

/// Reads an `/event` body.
pub(crate) fn take_events(
    body: &Bytes,
    limits: Limits,
    defaults: &Defaults,
    index: &dyn EventIndex,
) -> Taken {
    let mut taken = Taken::default();
    for (number, next) in (0..).zip(Events::new(body, limits)) {
        let envelope = match next {
            Ok(envelope) => envelope,
            Err(rejected) => {
                taken.rejected = Some(rejected);
                break;
            }
        };
        taken.unknown_keys += u64::from(envelope.unknown_keys);
        match indexed(envelope, body, defaults, index) {
            Ok(Some(event)) => taken.events.push(event),
            Ok(None) => taken.skipped += 1,
            Err(code) => {
                taken.rejected = Some(Rejected { number, code });
                break;
            }
        }
    }
    taken
}

fn indexed(
    envelope: Envelope<'_>,
    body: &Bytes,
    defaults: &Defaults,
    indexes: &dyn EventIndex,
) -> Result<Option<IndexedEvent>, ReplyCode> {
    let raw = match envelope.event {
        EventBody::Text(Cow::Owned(text)) => Bytes::from(text),
        EventBody::Text(Cow::Borrowed(text)) | EventBody::Json(text) | EventBody::Metric(text) => {
            body.slice_ref(text.as_bytes())
        }
        EventBody::Nothing => return Ok(None),
    };
    let or = |sent: Option<Cow<'_, str>>, default: &String| {
        sent.map_or_else(|| default.clone(), Cow::into_owned)
    };
    let index = or(envelope.index, &defaults.index);
    check_index(&index, defaults, indexes)?;
    Ok(Some(IndexedEvent {
        time: envelope.time.unwrap_or(defaults.time),
        index,
        host: or(envelope.host, &defaults.host),
        source: or(envelope.source, &defaults.source),
        sourcetype: or(envelope.sourcetype, &defaults.sourcetype),
        raw,
        fields: envelope.fields,
    }))
}

/// Reads a `/raw` body. All or nothing: raw text has no object numbers to report.
pub(crate) fn take_lines(
    body: &Bytes,
    limits: Limits,
    defaults: &Defaults,
    index: &dyn EventIndex,
) -> Result<Taken, ReplyCode> {
    check_index(&defaults.index, defaults, index)?;
    let mut taken = Taken::default();
    for (number, line) in (0..).zip(raw_lines::lines(body)) {
        if line.len() > limits.event_bytes_max || number >= limits.events_max {
            return Err(ReplyCode::InvalidDataFormat);
        }
        let raw = match String::from_utf8_lossy(line) {
            Cow::Borrowed(_) => body.slice_ref(line),
            Cow::Owned(mended) => Bytes::from(mended),
        };
        taken.events.push(IndexedEvent {
            time: defaults.time,
            index: defaults.index.clone(),
            host: defaults.host.clone(),
            source: defaults.source.clone(),
            sourcetype: defaults.sourcetype.clone(),
            raw,
            fields: Vec::new(),
        });
    }
    Ok(taken)
}

fn check_index(name: &str, defaults: &Defaults, indexes: &dyn EventIndex) -> Result<(), ReplyCode> {
    if defaults.token.may_write_to(name) && indexes.has_index(name) {
        Ok(())
    } else {
        Err(ReplyCode::IncorrectIndex)
    }
}
