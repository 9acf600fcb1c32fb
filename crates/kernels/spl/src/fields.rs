//! Which fields a stage needs, so that no other column is read.

use std::collections::BTreeSet;

use crate::pattern::Pattern;

/// Columns that only serve the engine; they are part of a result only where the search names them.
pub(crate) const QUIET: &[&str] = &["_indextime", "_seq", "_id"];

/// A set of field names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    is_all: bool,
    names: BTreeSet<String>,
    patterns: Vec<Pattern>,
}

impl Fields {
    /// Every field but the [`QUIET`] ones.
    pub(crate) fn all() -> Self {
        Self { is_all: true, ..Self::default() }
    }

    /// No field.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// These fields.
    pub(crate) fn of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut fields = Self::default();
        fields.extend(names);
        fields
    }

    /// Adds these fields.
    pub(crate) fn extend<S: Into<String>>(&mut self, names: impl IntoIterator<Item = S>) {
        self.names.extend(names.into_iter().map(Into::into));
    }

    /// These and `names`.
    #[must_use]
    pub(crate) fn with<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.extend(names);
        self
    }

    /// These and every field that fits `pattern`.
    #[must_use]
    pub(crate) fn with_pattern(mut self, pattern: &Pattern) -> Self {
        self.patterns.push(pattern.clone());
        self
    }

    /// These and `others`.
    #[must_use]
    pub(crate) fn union(mut self, others: Self) -> Self {
        self.is_all |= others.is_all;
        self.names.extend(others.names);
        self.patterns.extend(others.patterns);
        self
    }

    /// These without `name`, which the stage before need not have.
    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.names.remove(name);
        self
    }

    /// Whether `name` is one of them.
    pub(crate) fn contains(&self, name: &str) -> bool {
        (self.is_all && !QUIET.contains(&name))
            || self.names.contains(name)
            || self.patterns.iter().any(|pattern| pattern.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_are_without_those_of_the_engine() {
        assert!(Fields::all().contains("a") && !Fields::all().contains("_seq"));
        assert!(Fields::all().with(["_seq"]).contains("_seq"));
        assert!(Fields::none().with_pattern(&Pattern::new("a*")).contains("ab"));
        assert!(!Fields::of(["a", "b"]).without("a").contains("a"));
    }
}
