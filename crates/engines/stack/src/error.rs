//! What can be wrong with a template.

use std::fmt;

use picket_core::{Classified, ErrorCode};
use picket_ports::RegistryError;

/// Problems beyond this many are not listed.
const PROBLEMS_MAX: usize = 25;

/// Names longer than this are not compared with known ones, which would take long.
const SUGGESTION_BYTES_MAX: usize = 64;

/// Something that keeps a template from being applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place, for example `Resources.Baseline.Properties.Behaviors[0].Metric`.
    pub place: String,
    /// What is wrong there. Never holds a parameter's value.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Why a template was not applied, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The text is not YAML or JSON, or breaks a limit. Nothing was changed.
    #[error("the template cannot be read: line {line}, column {column}: {problem}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// The template says something that cannot be done. Nothing was changed.
    #[error("the template is not valid: {}", listed(.0))]
    Invalid(Vec<Problem>),
    /// The registry refused. Resources before this one were created; apply the template again.
    #[error("resource `{resource}` ({resource_type}) could not be created")]
    Registry {
        /// The resource's logical id.
        resource: String,
        /// Its type.
        resource_type: &'static str,
        /// The registry's words.
        #[source]
        source: RegistryError,
    },
}

impl Classified for StackError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Syntax { .. } | Self::Invalid(_) => ErrorCode::Invalid,
            Self::Registry { source, .. } => source.code(),
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    shown.join("; ")
}

/// Collects problems, so that a template's author sees all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn push(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Problem { place: place.into(), problem: problem.into() });
        }
    }

    /// Whether further problems are not listed any more, so that looking for them is no use.
    pub(crate) const fn is_full(&self) -> bool {
        self.0.len() >= PROBLEMS_MAX
    }

    /// `value` if there is no problem.
    pub(crate) fn or<T>(self, value: T) -> Result<T, StackError> {
        if self.0.is_empty() { Ok(value) } else { Err(StackError::Invalid(self.0)) }
    }
}

/// The start of a text from a template as it may stand in a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

/// `; did you mean …?` if a known name is near enough to help.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    if given.len() > SUGGESTION_BYTES_MAX {
        return String::new();
    }
    let near_enough = |distance: usize, name: &str| distance <= 1 + name.len() / 3;
    known
        .into_iter()
        // The distance is at least the difference of the lengths, which costs nothing to tell.
        .filter(|name| near_enough(name.len().abs_diff(given.len()), name))
        .map(|name| (strsim::osa_distance(given, name), name))
        .min()
        .filter(|(distance, name)| near_enough(*distance, name))
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}
