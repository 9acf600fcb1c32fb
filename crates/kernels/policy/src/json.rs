//! JSON that remembers where each value stands, so that a mistake can be pointed at.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::document::MalformedPolicy;

/// A value, not yet looked into, with its place in the document.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    raw: &'a RawValue,
    whole: &'a Text<'a>,
    /// For example `Statement[1].Effect`; empty for the whole document.
    pub(crate) at: String,
}

/// The document's text and where its lines begin.
pub(crate) struct Text<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { text, line_starts }
    }

    /// The whole document.
    pub(crate) fn root(&'a self) -> Result<Node<'a>, MalformedPolicy> {
        // Values that are not looked into would keep faults in their texts to themselves.
        let whole: Result<serde_json::Value, _> = serde_json::from_str(self.text);
        let raw = whole.and_then(|_| serde_json::from_str(self.text)).map_err(invalid)?;
        Ok(Node { raw, whole: self, at: String::new() })
    }

    /// The line, counted from 1, of the byte at `offset`.
    fn line(&self, offset: usize) -> u32 {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }
}

/// The place and the fault, which the parser's own words have in one.
fn invalid(error: serde_json::Error) -> MalformedPolicy {
    let place = format!("line {} column {}", error.line(), error.column());
    let words = error.to_string();
    let fault = words.strip_suffix(&format!(" at {place}")).unwrap_or(&words);
    MalformedPolicy::new(place, format!("this is not valid JSON: {fault}"))
}

impl<'a> Node<'a> {
    fn text(&self) -> &'a str {
        self.raw.get()
    }

    /// Where the value begins. Every raw value is a part of the document's own text.
    fn offset(&self) -> usize {
        self.text().as_ptr().addr().saturating_sub(self.whole.text.as_ptr().addr())
    }

    /// The first and the last line of the value, counted from 1.
    pub(crate) fn lines(&self) -> (u32, u32) {
        let offset = self.offset();
        (self.whole.line(offset), self.whole.line(offset + self.text().len().saturating_sub(1)))
    }

    /// An error about this value.
    pub(crate) fn malformed(&self, problem: impl Into<String>) -> MalformedPolicy {
        if self.at.is_empty() {
            return MalformedPolicy::new("the top", problem);
        }
        MalformedPolicy::new(format!("{} (line {})", self.at, self.lines().0), problem)
    }

    fn inner(&self, raw: &'a RawValue, at: String) -> Self {
        Self { raw, whole: self.whole, at }
    }

    pub(crate) fn is_array(&self) -> bool {
        self.text().starts_with('[')
    }

    /// The members in the order of the text. A name must not come twice.
    pub(crate) fn members(&self) -> Result<Vec<(String, Node<'a>)>, MalformedPolicy> {
        let members: Members<'a> =
            self.read().ok_or_else(|| self.malformed("it must be a JSON object"))?;
        let mut nodes: Vec<(String, Node<'a>)> = Vec::with_capacity(members.0.len());
        for (name, raw) in members.0 {
            let at = if self.at.is_empty() { name.clone() } else { format!("{}.{name}", self.at) };
            let node = self.inner(raw, at);
            if nodes.iter().any(|(other, _)| *other == name) {
                return Err(node.malformed("it is there twice"));
            }
            nodes.push((name, node));
        }
        Ok(nodes)
    }

    /// The items of an array, or the value itself if it is none. An array must not be empty.
    pub(crate) fn one_or_more(&self) -> Result<Vec<Node<'a>>, MalformedPolicy> {
        self.items(1)
    }

    /// As [`Node::one_or_more`]; an array must have `items_min` items.
    pub(crate) fn items(&self, items_min: usize) -> Result<Vec<Node<'a>>, MalformedPolicy> {
        if !self.is_array() {
            return Ok(vec![self.clone()]);
        }
        let items: Vec<&'a RawValue> =
            self.read().ok_or_else(|| self.malformed("it cannot be read"))?;
        if items.len() < items_min {
            return Err(self.malformed("it must not be empty"));
        }
        let item = |(index, raw)| self.inner(raw, format!("{}[{index}]", self.at));
        Ok(items.into_iter().enumerate().map(item).collect())
    }

    /// The string this is.
    pub(crate) fn string(&self) -> Option<String> {
        self.read().filter(|_| self.text().starts_with('"'))
    }

    /// The text of a string, a number or a boolean.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self.text().as_bytes().first() {
            Some(b'"') => self.string(),
            Some(b'[' | b'{' | b'n') | None => None,
            Some(_) => Some(self.text().to_owned()),
        }
    }

    fn read<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.text()).ok()
    }
}

/// An object's members as they stand, repeated ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
