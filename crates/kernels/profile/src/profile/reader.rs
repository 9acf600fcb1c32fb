//! Walking a JSON document strictly, collecting everything that is wrong with it.

use std::fmt;

use serde_json::{Map, Value};

/// Something that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, for example `behaviors[0].criteria.value`; empty for the document as a whole.
    pub path: String,
    /// What, as a fragment.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.path, self.problem)
        }
    }
}

/// Names that are looked through for the nearest one.
const KNOWN_MAX: usize = 1000;

/// Collects problems; reading goes on after each, so that all are told at once.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
    /// Elements of all thresholds so far.
    pub(super) elements: usize,
}

impl Reader {
    pub(super) fn problem(&mut self, path: &str, problem: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), problem: problem.into() });
    }

    /// The members of the object at `path`; those not in `known` are problems.
    pub(super) fn object<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.problem(path, format!("must be an object, not {}", kind(value)));
            return None;
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            self.problem(&join(path, name), unknown("member", known.iter().copied(), name));
        }
        Some(members)
    }

    /// The list at member `name`; empty if it is absent.
    pub(super) fn list<'v>(
        &mut self,
        path: &str,
        members: &'v Map<String, Value>,
        name: &str,
    ) -> &'v [Value] {
        match members.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.problem(&join(path, name), format!("must be a list, not {}", kind(other)));
                &[]
            }
        }
    }

    /// The text at member `name`, if it is there.
    pub(super) fn text<'v>(
        &mut self,
        path: &str,
        members: &'v Map<String, Value>,
        name: &str,
    ) -> Option<&'v str> {
        match members.get(name)? {
            Value::String(text) => Some(text),
            other => {
                self.problem(&join(path, name), format!("must be text, not {}", kind(other)));
                None
            }
        }
    }

    /// The text at member `name`, which must be there.
    pub(super) fn required_text<'v>(
        &mut self,
        path: &str,
        members: &'v Map<String, Value>,
        name: &str,
    ) -> Option<&'v str> {
        if !members.contains_key(name) {
            self.problem(&join(path, name), "is missing");
        }
        self.text(path, members, name)
    }

    /// The boolean at member `name`, false if it is absent. CloudFormation's `"true"` is one, too.
    pub(super) fn flag(&mut self, path: &str, members: &Map<String, Value>, name: &str) -> bool {
        match members.get(name) {
            None => false,
            Some(Value::Bool(it)) => *it,
            Some(Value::String(it)) if it == "true" => true,
            Some(Value::String(it)) if it == "false" => false,
            Some(other) => {
                self.problem(&join(path, name), format!("must be a boolean, not {}", kind(other)));
                false
            }
        }
    }

    /// The whole number at member `name`, if it is there. Digits in a text are one, too.
    pub(super) fn whole(
        &mut self,
        path: &str,
        members: &Map<String, Value>,
        name: &str,
    ) -> Option<u64> {
        let value = members.get(name)?;
        let number = whole(value);
        if number.is_none() {
            self.problem(&join(path, name), "must be a whole number of at least 0");
        }
        number
    }
}

/// A whole number, also as digits in a text, as CloudFormation templates write it.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// `path.name`, or `name` at the root.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What `value` is, for an error message.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// "is no WHAT", with the nearest of the `known` names if one is near.
pub(super) fn unknown<'a>(what: &str, known: impl Iterator<Item = &'a str>, name: &str) -> String {
    let shown: String = name.chars().take(64).collect();
    let nearest = known
        .take(KNOWN_MAX)
        .map(|candidate| (strsim::jaro_winkler(candidate, &shown), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((similarity, candidate)) if similarity > 0.75 => {
            format!("`{shown}` is no {what} here; did you mean `{candidate}`?")
        }
        _ => format!("`{shown}` is no {what} here"),
    }
}

/// 1–128 of `[a-zA-Z0-9:_-]`.
pub(super) fn check_name(reader: &mut Reader, path: &str, name: &str) {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b':' | b'_' | b'-');
    if !(1..=128).contains(&name.len()) || !name.bytes().all(allowed) {
        reader.problem(path, "must be 1–128 of [a-zA-Z0-9:_-]");
    }
}
