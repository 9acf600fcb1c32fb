//! One object of an `/event` body, and the walk over all of them (spec delivery §5.4, §5.5).

use std::borrow::Cow;
use std::fmt;

use picket_core::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::event_time;
use crate::reply::ReplyCode;
use crate::split::Splitter;

/// What a body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of one object, itself included.
    pub depth_max: usize,
    /// Largest object in bytes.
    pub event_bytes_max: usize,
    /// Most objects in one body.
    pub events_max: u64,
    /// Most members of `fields`, array elements counted one by one.
    pub field_values_max: usize,
    /// Longest `host`, `source`, `sourcetype` and `index` in bytes.
    pub metadata_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 128,
            event_bytes_max: 5 * 1024 * 1024,
            events_max: 1_000_000,
            field_values_max: 1024,
            metadata_bytes_max: 4096,
        }
    }
}

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody<'a> {
    /// `event` was a string: its text.
    Text(Cow<'a, str>),
    /// `event` was anything else: its JSON, byte for byte as sent.
    Json(&'a str),
    /// No `event`, but `fields` with a measurement: the JSON of `fields`.
    Metric(&'a str),
    /// No `event`, and `fields` without a measurement: nothing to keep.
    Nothing,
}

/// One object of the body, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The event.
    pub event: EventBody<'a>,
    /// Its time, if sent.
    pub time: Option<Timestamp>,
    /// `host`, if sent.
    pub host: Option<Cow<'a, str>>,
    /// `source`, if sent.
    pub source: Option<Cow<'a, str>>,
    /// `sourcetype`, if sent.
    pub sourcetype: Option<Cow<'a, str>>,
    /// `index`, if sent.
    pub index: Option<Cow<'a, str>>,
    /// Index-time fields in the order sent.
    pub fields: Vec<(String, Vec<String>)>,
    /// How many keys were none of the above; they have no effect.
    pub unknown_keys: u32,
}

/// An object that was not taken. It and all after it are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Its number, from 0.
    pub number: u64,
    /// Why.
    pub code: ReplyCode,
}

impl Rejected {
    /// The `invalid-event-number` of the answer: for an incorrect index, the object after the bad one.
    pub const fn invalid_event_number(self) -> u64 {
        match self.code {
            ReplyCode::IncorrectIndex => self.number + 1,
            _ => self.number,
        }
    }
}

/// The objects of a body, one after the other. Ends after the first error.
#[derive(Debug)]
pub struct Events<'a> {
    body: &'a [u8],
    splitter: Splitter,
    limits: Limits,
    number: u64,
    ended: bool,
}

impl<'a> Events<'a> {
    /// The objects of `body`.
    pub const fn new(body: &'a [u8], limits: Limits) -> Self {
        let splitter = Splitter::new(limits.depth_max, limits.event_bytes_max);
        Self { body, splitter, limits, number: 0, ended: false }
    }

    fn read_next(&mut self) -> Option<Result<Envelope<'a>, ReplyCode>> {
        let Some(found) = self.splitter.next_object(self.body) else {
            let end = self.splitter.finish();
            return end.is_err().then_some(Err(ReplyCode::InvalidDataFormat));
        };
        let object = found.ok().and_then(|range| self.body.get(range));
        match object {
            // `number` counts this object already.
            Some(object) if self.number <= self.limits.events_max => {
                Some(Envelope::parse(object, &self.limits))
            }
            _ => Some(Err(ReplyCode::InvalidDataFormat)),
        }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Envelope<'a>, Rejected>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let number = self.number;
        self.number += 1;
        let next = self.read_next().map(|read| read.map_err(|code| Rejected { number, code }));
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<'a> Envelope<'a> {
    /// Reads one object. The error is the code the sender gets.
    pub fn parse(object: &'a [u8], limits: &Limits) -> Result<Self, ReplyCode> {
        let raw: RawEnvelope<'a> =
            serde_json::from_slice(object).map_err(|_| ReplyCode::InvalidDataFormat)?;
        let event = raw.event.map(|event| body_of(event.get())).transpose()?;
        let event = match (event, raw.fields) {
            (Some(event), _) => event,
            (None, Some(fields)) => EventBody::Metric(fields.get()),
            (None, None) => return Err(ReplyCode::EventRequired),
        };
        let time = raw.time.map(|time| time_of(time.get())).transpose()?;
        let fields = raw.fields.map(|fields| fields_of(fields, limits)).transpose()?;
        let fields = fields.unwrap_or_default();
        let event = match event {
            EventBody::Metric(_) if !is_measurement(&fields) => EventBody::Nothing,
            event => event,
        };
        let metadata = |value: Option<&'a RawValue>| metadata_of(value, limits);
        Ok(Self {
            event,
            time,
            host: metadata(raw.host)?,
            source: metadata(raw.source)?,
            sourcetype: metadata(raw.sourcetype)?,
            index: metadata(raw.index)?,
            fields,
            unknown_keys: raw.unknown_keys,
        })
    }
}

fn body_of(json: &str) -> Result<EventBody<'_>, ReplyCode> {
    match json {
        "null" | "\"\"" => Err(ReplyCode::EventBlank),
        _ if json.starts_with('"') => {
            text_of(json).map(EventBody::Text).ok_or(ReplyCode::InvalidDataFormat)
        }
        _ => Ok(EventBody::Json(json)),
    }
}

/// The text of a JSON string; `None` if it is not a string.
fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str::<String>(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

fn time_of(json: &str) -> Result<Timestamp, ReplyCode> {
    let text = if json.starts_with('"') { text_of(json) } else { Some(Cow::Borrowed(json)) };
    text.and_then(|text| event_time::parse(&text)).ok_or(ReplyCode::IndexedFields)
}

fn metadata_of<'a>(
    value: Option<&'a RawValue>,
    limits: &Limits,
) -> Result<Option<Cow<'a, str>>, ReplyCode> {
    let Some(json) = value.map(RawValue::get).filter(|json| *json != "null") else {
        return Ok(None);
    };
    let text = text_of(json).ok_or(ReplyCode::InvalidDataFormat)?;
    if text.len() > limits.metadata_bytes_max {
        return Err(ReplyCode::InvalidDataFormat);
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn is_measurement(fields: &[(String, Vec<String>)]) -> bool {
    fields.iter().any(|(name, _)| name == "_value" || name.starts_with("metric_name:"))
}

type Fields = Vec<(String, Vec<String>)>;

fn fields_of(json: &RawValue, limits: &Limits) -> Result<Fields, ReplyCode> {
    let bad = ReplyCode::IndexedFields;
    let members: RawMembers<'_> = serde_json::from_str(json.get()).map_err(|_| bad)?;
    let mut fields = Fields::with_capacity(members.0.len().min(64));
    let mut count = 0;
    for (name, value) in members.0 {
        let values = match value.get().as_bytes().first() {
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|_| bad)?;
                items.into_iter().map(scalar_of).collect::<Option<Vec<_>>>().ok_or(bad)?
            }
            _ => vec![scalar_of(value).ok_or(bad)?],
        };
        count += values.len().max(1);
        if count > limits.field_values_max {
            return Err(bad);
        }
        fields.push((name, values));
    }
    Ok(fields)
}

/// Strings, numbers and booleans as text; nothing else is a field's value.
fn scalar_of(value: &RawValue) -> Option<String> {
    let json = value.get();
    match json.as_bytes().first()? {
        b'"' => text_of(json).map(Cow::into_owned),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

/// The envelope's members before they are looked at. Of a key that comes twice, the last counts.
#[derive(Debug, Default)]
struct RawEnvelope<'a> {
    event: Option<&'a RawValue>,
    time: Option<&'a RawValue>,
    host: Option<&'a RawValue>,
    source: Option<&'a RawValue>,
    sourcetype: Option<&'a RawValue>,
    index: Option<&'a RawValue>,
    fields: Option<&'a RawValue>,
    unknown_keys: u32,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Event,
    Time,
    Host,
    Source,
    Sourcetype,
    Index,
    Fields,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for RawEnvelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = RawEnvelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a HEC envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = RawEnvelope::default();
        while let Some(key) = map.next_key::<Key>()? {
            let slot = match key {
                Key::Event => &mut raw.event,
                Key::Time => &mut raw.time,
                Key::Host => &mut raw.host,
                Key::Source => &mut raw.source,
                Key::Sourcetype => &mut raw.sourcetype,
                Key::Index => &mut raw.index,
                Key::Fields => &mut raw.fields,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    raw.unknown_keys += 1;
                    continue;
                }
            };
            *slot = Some(map.next_value()?);
        }
        Ok(raw)
    }
}

struct RawMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = RawMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
            members.push(member);
        }
        Ok(RawMembers(members))
    }
}

#[cfg(test)]
mod tests;
