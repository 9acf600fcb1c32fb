//! Topics and topic filters: what is well formed, and what matches what (spec iot-core §3.2, §3.5).

use crate::Dialect;

/// How long and deep topics and filters may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicLimits {
    /// Longest topic or filter in bytes of UTF-8.
    pub bytes_max: usize,
    /// Most slashes in it.
    pub slashes_max: usize,
}

/// Why a text is not a topic or not a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicProblem {
    /// It has no characters.
    #[error("it is empty")]
    Empty,
    /// It is longer than the limit.
    #[error("it is too long")]
    TooLong,
    /// It has more slashes than the limit.
    #[error("it has too many levels")]
    TooDeep,
    /// It holds U+0000.
    #[error("it contains the character U+0000")]
    Nul,
    /// A topic holds `+` or `#`.
    #[error("it contains a wildcard")]
    Wildcard,
    /// `#` is not the last level, or a wildcard is not a level of its own.
    #[error("a wildcard stands in a place where none may stand")]
    MisplacedWildcard,
    /// `$share/` is not followed by a name and a filter.
    #[error("the shared subscription has no valid group name and filter")]
    BadShare,
}

impl TopicProblem {
    /// The problem as a fixed text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "it is empty",
            Self::TooLong => "it is too long",
            Self::TooDeep => "it has too many levels",
            Self::Nul => "it contains the character U+0000",
            Self::Wildcard => "it contains a wildcard",
            Self::MisplacedWildcard => "a wildcard stands in a place where none may stand",
            Self::BadShare => "the shared subscription has no valid group name and filter",
        }
    }
}

const SHARE: &str = "$share/";
const BASIC_INGEST: &str = "$aws/rules/";
const SHARE_NAME_BYTES_MAX: usize = 128;

/// Checks that `topic` can be published to. The three levels of a Basic Ingest prefix are not
/// counted.
pub fn check_topic(topic: &str, limits: &TopicLimits) -> Result<(), TopicProblem> {
    if topic.contains(['+', '#']) {
        return Err(TopicProblem::Wildcard);
    }
    if topic.is_empty() {
        return Err(TopicProblem::Empty);
    }
    let counted = match topic.strip_prefix(BASIC_INGEST) {
        Some(rest) => rest.split_once('/').map_or("", |(_rule, rest)| rest),
        None => topic,
    };
    check_size(counted, limits)
}

fn check_size(text: &str, limits: &TopicLimits) -> Result<(), TopicProblem> {
    let slashes = text.bytes().filter(|byte| *byte == b'/').count();
    match text {
        _ if text.len() > limits.bytes_max => Err(TopicProblem::TooLong),
        _ if slashes > limits.slashes_max => Err(TopicProblem::TooDeep),
        _ if text.contains('\0') => Err(TopicProblem::Nul),
        _ => Ok(()),
    }
}

/// A well-formed topic filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter<'a> {
    /// The group of a shared subscription.
    pub share: Option<&'a str>,
    /// What topics are compared with, without `$share/<name>/`.
    pub pattern: &'a str,
}

impl<'a> Filter<'a> {
    /// Checks `text` and takes a `$share/<name>/` prefix off it, which is not counted against the
    /// limits.
    pub fn parse(text: &'a str, limits: &TopicLimits) -> Result<Self, TopicProblem> {
        let (share, pattern) = match text.strip_prefix(SHARE) {
            None => (None, text),
            Some(rest) => {
                let (name, pattern) = rest.split_once('/').ok_or(TopicProblem::BadShare)?;
                let fits = !name.is_empty() && name.len() <= SHARE_NAME_BYTES_MAX;
                if !fits || name.contains(['+', '#', '\0']) || pattern.is_empty() {
                    return Err(TopicProblem::BadShare);
                }
                (Some(name), pattern)
            }
        };
        if pattern.is_empty() {
            return Err(TopicProblem::Empty);
        }
        check_size(pattern, limits)?;
        let mut levels = pattern.split('/').peekable();
        while let Some(level) = levels.next() {
            let is_last = levels.peek().is_none();
            let is_wildcard = level == "+" || (level == "#" && is_last);
            if level.contains(['+', '#']) && !is_wildcard {
                return Err(TopicProblem::MisplacedWildcard);
            }
        }
        Ok(Self { share, pattern })
    }

    /// Whether the pattern is a single topic.
    pub fn is_exact(&self) -> bool {
        !self.pattern.contains(['+', '#'])
    }
}

/// Whether the well-formed `pattern` (without a share prefix) matches `topic`. A pattern that begins
/// with a wildcard never matches a topic that begins with `$`.
pub fn matches(pattern: &str, topic: &str, dialect: Dialect) -> bool {
    if topic.starts_with('$') && pattern.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    let mut pattern_levels = pattern.split('/');
    loop {
        match (pattern_levels.next(), levels.next()) {
            (Some("#"), Some(_)) => return true,
            // `a/#` against `a`.
            (Some("#"), None) => return dialect == Dialect::Standard,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: TopicLimits = TopicLimits { bytes_max: 256, slashes_max: 7 };

    fn check(pattern: &str, topic: &str, aws: bool, standard: bool) {
        assert_eq!(matches(pattern, topic, Dialect::Aws), aws, "{pattern} on {topic} (aws)");
        let by_standard = matches(pattern, topic, Dialect::Standard);
        assert_eq!(by_standard, standard, "{pattern} on {topic} (standard)");
    }

    #[test]
    fn wildcards_match_levels() {
        check("a/b", "a/b", true, true);
        check("a/+", "a/b", true, true);
        check("a/+", "a/", true, true);
        check("a/+", "a", false, false);
        check("+/+", "/b", true, true);
        check("a/#", "a/b/c", true, true);
        check("a/#", "a/", true, true);
        check("#", "a", true, true);
        check("a/+/c", "a/b/d", false, false);
    }

    #[test]
    fn hash_matches_the_parent_level_in_the_standard_only() {
        check("sensor/#", "sensor", false, true);
        check("+/#", "sensor", false, true);
    }

    #[test]
    fn dollar_topics_are_hidden_from_leading_wildcards() {
        check("#", "$aws/events", false, false);
        check("+/events", "$aws/events", false, false);
        check("$aws/#", "$aws/events", true, true);
        check("$aws/+", "$aws/events", true, true);
    }

    #[test]
    fn malformed_filters_are_refused_with_their_problem() {
        let problem = |text: &str| Filter::parse(text, &LIMITS).err();
        assert_eq!(problem("a/b#"), Some(TopicProblem::MisplacedWildcard));
        assert_eq!(problem("#/a"), Some(TopicProblem::MisplacedWildcard));
        assert_eq!(problem("a+/b"), Some(TopicProblem::MisplacedWildcard));
        assert_eq!(problem(""), Some(TopicProblem::Empty));
        assert_eq!(problem("$share/x"), Some(TopicProblem::BadShare));
        assert_eq!(problem("$share//a"), Some(TopicProblem::BadShare));
        assert_eq!(problem("a/b/c/d/e/f/g/h/i"), Some(TopicProblem::TooDeep));
        assert_eq!(problem(&"x".repeat(257)), Some(TopicProblem::TooLong));
        let shared = Filter::parse("$share/g/a/b/c/d/e/f/g/h", &LIMITS);
        assert_eq!(shared, Ok(Filter { share: Some("g"), pattern: "a/b/c/d/e/f/g/h" }));
    }

    #[test]
    fn a_basic_ingest_prefix_is_not_counted() {
        assert_eq!(check_topic("$aws/rules/r/a/b/c/d/e/f/g/h", &LIMITS), Ok(()));
        assert_eq!(check_topic("a/b/c/d/e/f/g/h/i", &LIMITS), Err(TopicProblem::TooDeep));
        assert_eq!(check_topic("a/#", &LIMITS), Err(TopicProblem::Wildcard));
        assert_eq!(check_topic("", &LIMITS), Err(TopicProblem::Empty));
        assert_eq!(check_topic("a\0", &LIMITS), Err(TopicProblem::Nul));
    }

    /// The definition, level by level, with recursion.
    fn naive(pattern: &[&str], topic: &[&str], dialect: Dialect) -> bool {
        match (pattern, topic) {
            ([], []) => true,
            (["#"], []) => dialect == Dialect::Standard,
            (["#"], _) => true,
            (["+", pattern @ ..], [_, topic @ ..]) => naive(pattern, topic, dialect),
            ([a, pattern @ ..], [b, topic @ ..]) => a == b && naive(pattern, topic, dialect),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_the_naive_model(
            pattern in prop::collection::vec(prop::sample::select(vec!["a", "b", "", "+", "$c"]), 1..5),
            hash in any::<bool>(),
            topic in prop::collection::vec(prop::sample::select(vec!["a", "b", "", "$c"]), 1..6),
            standard in any::<bool>(),
        ) {
            let dialect = if standard { Dialect::Standard } else { Dialect::Aws };
            let mut levels = pattern;
            if hash {
                levels.push("#");
            }
            let text = levels.join("/");
            let joined = topic.join("/");
            let hidden = joined.starts_with('$') && text.starts_with(['+', '#']);
            let expected = naive(&levels, &topic, dialect) && !hidden;
            prop_assert_eq!(matches(&text, &joined, dialect), expected);
        }

        #[test]
        fn any_text_is_a_filter_or_a_problem(text in "[a+#/$\\x00é]{0,20}") {
            if let Ok(filter) = Filter::parse(&text, &LIMITS) {
                prop_assert!(!filter.pattern.is_empty());
                matches(filter.pattern, "a/b", Dialect::Aws);
            }
        }
    }
}
