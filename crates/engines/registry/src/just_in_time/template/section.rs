//! A JSON object with its place in the template.

use serde_json::{Map, Value};
use strsim::jaro_winkler;

use super::TemplateError;
use crate::checked::shown;

/// How alike two words are when one may be meant for the other.
const ALIKE: f64 = 0.75;

/// One object.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    path: String,
    members: &'a Map<String, Value>,
}

impl<'a> Section<'a> {
    pub(super) fn new(value: &'a Value, path: impl Into<String>) -> Result<Self, TemplateError> {
        let path = path.into();
        match value {
            Value::Object(members) => Ok(Self { path, members }),
            _ => Err(TemplateError::Member { path, problem: "must be a JSON object".to_owned() }),
        }
    }

    /// The place of a member.
    pub(super) fn path(&self, member: &str) -> String {
        match self.path.as_str() {
            "template" => shown(member),
            path => format!("{path}.{}", shown(member)),
        }
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.members.iter()
    }

    pub(super) fn optional(&self, member: &str) -> Option<&'a Value> {
        self.members.get(member)
    }

    pub(super) fn required(&self, member: &str) -> Result<&'a Value, TemplateError> {
        self.optional(member).ok_or_else(|| self.problem(member, "is missing"))
    }

    /// Another object in this one; none is fine.
    pub(super) fn section(&self, member: &str) -> Result<Option<Self>, TemplateError> {
        self.optional(member).map(|value| Self::new(value, self.path(member))).transpose()
    }

    /// Refuses members other than `known`, with the one that may be meant.
    pub(super) fn allow(&self, known: &[&str]) -> Result<(), TemplateError> {
        match self.members.keys().find(|member| !known.contains(&member.as_str())) {
            None => Ok(()),
            Some(odd) => Err(self.problem(odd, unknown(odd, known))),
        }
    }

    pub(super) fn problem(&self, member: &str, problem: impl Into<String>) -> TemplateError {
        TemplateError::Member { path: self.path(member), problem: problem.into() }
    }
}

/// That a word is unknown, and which one may be meant.
pub(super) fn unknown(word: &str, known: &[&str]) -> String {
    let likeness = |other: &&&str| jaro_winkler(word, other);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|nearest| likeness(nearest) > ALIKE) {
        Some(nearest) => format!("is unknown; did you mean `{nearest}`?"),
        None => format!("is unknown; known are {}", known.join(", ")),
    }
}
