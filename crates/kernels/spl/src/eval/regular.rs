//! Regular expressions in Perl's syntax, bounded in size and in work.

use std::borrow::Cow;

use fancy_regex::{Captures, Regex, RegexBuilder};

/// Longest pattern.
const PATTERN_BYTES_MAX: usize = 16 * 1024;
/// Most steps back in one match, then it counts as no match.
const BACKTRACKS_MAX: usize = 100_000;
/// Largest compiled pattern.
const COMPILED_BYTES_MAX: usize = 4 << 20;

/// A compiled regular expression.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

/// Why a text is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a regular expression: {0}")]
pub struct PatternError(String);

impl Pattern {
    /// Compiles `source`. Groups may be named `(?<name>…)` or `(?P<name>…)`.
    ///
    /// # Errors
    /// Bad syntax, and patterns that are too large.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        if source.len() > PATTERN_BYTES_MAX {
            return Err(PatternError(format!("longer than {PATTERN_BYTES_MAX} bytes")));
        }
        let regex = RegexBuilder::new(source)
            .backtrack_limit(BACKTRACKS_MAX)
            .delegate_size_limit(COMPILED_BYTES_MAX)
            .build()
            .map_err(|error| PatternError(error.to_string()))?;
        Ok(Self { source: source.to_owned(), regex })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches anywhere in `text`. Too much work counts as no match.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text).unwrap_or(false)
    }

    /// The groups of every match, first to last, until one takes too much work.
    pub fn matches<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t, str>> {
        self.regex.captures_iter(text).map_while(Result::ok)
    }

    /// The names of the groups; `None` for those without.
    pub fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.regex.capture_names()
    }

    /// `text` with every match replaced; `\1` … `\9` in `replacement` stand for groups.
    pub fn replace<'t>(&self, text: &'t str, replacement: &str) -> Cow<'t, str> {
        let mut result = String::new();
        let mut rest = 0;
        for groups in self.matches(text) {
            let Some(whole) = groups.get(0) else { continue };
            result.push_str(text.get(rest..whole.start()).unwrap_or_default());
            expand(replacement, &groups, &mut result);
            rest = whole.end();
        }
        if rest == 0 && result.is_empty() {
            return Cow::Borrowed(text);
        }
        result.push_str(text.get(rest..).unwrap_or_default());
        Cow::Owned(result)
    }
}

/// Appends `replacement` with the groups of a match put in.
pub(crate) fn expand(replacement: &str, groups: &Captures<'_, str>, result: &mut String) {
    let mut characters = replacement.chars().peekable();
    while let Some(c) = characters.next() {
        let digit = characters.peek().and_then(|next| next.to_digit(10));
        match (c, digit) {
            ('\\', Some(number)) => {
                characters.next();
                let group = groups.get(number as usize);
                result.push_str(group.map(|group| group.as_str()).unwrap_or_default());
            }
            _ => result.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_put_into_the_replacement() {
        let pattern = Pattern::new(r"^(\d{2})/(\d{2})/").unwrap();
        assert_eq!(pattern.replace("01/31/2024", r"\2/\1/"), "31/01/2024");
        assert_eq!(pattern.replace("none", r"\2"), "none");
        assert_eq!(Pattern::new("a*").unwrap().replace("", "x"), "x");
        assert_eq!(Pattern::new("b").unwrap().replace("abcb", ""), "ac");
    }

    #[test]
    fn a_pattern_that_takes_too_long_does_not_match() {
        let pattern = Pattern::new(r"^(a+)+\1$").unwrap();
        assert!(!pattern.is_match(&"a".repeat(5000).replace("aaaaa", "aaaab")));
    }

    #[test]
    fn bad_patterns_say_why() {
        assert!(Pattern::new("(").unwrap_err().to_string().starts_with("not a regular expression"));
        assert!(Pattern::new(&"a".repeat(PATTERN_BYTES_MAX + 1)).is_err());
    }
}
