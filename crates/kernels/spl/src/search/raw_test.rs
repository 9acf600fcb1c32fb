//! Looking for keywords and phrases in the text of an event.

use datafusion::logical_expr::Expr;
use regex::{Regex, RegexBuilder};

use super::{RawKind, RawTerm};
use crate::mapping::test_values;

/// Characters that a token never contains, as the inside of a regex class.
const MAJOR_BREAKERS: &str = r#"\s\[\]<>(){}|!;,'"*&?+"#;

/// A term that is true for a text which has it as whole tokens.
#[derive(Debug)]
pub(super) struct RawTest {
    term: RawTerm,
    /// Absent if the pattern grew too large, which no text of a search can do.
    pattern: Option<Regex>,
}

impl RawTest {
    pub(super) fn new(term: &RawTerm) -> Self {
        let pattern = RegexBuilder::new(&pattern_of(term))
            .case_insensitive(term.kind != RawKind::Cased)
            .build()
            .ok();
        Self { term: term.clone(), pattern }
    }

    /// The test as a condition on `column`.
    pub(super) fn on(self, column: Expr) -> Expr {
        let key = format!("spl_search_raw {:?}", self.term);
        test_values(key, column, move |text| self.holds(text))
    }

    fn holds(&self, text: &str) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

fn pattern_of(term: &RawTerm) -> String {
    let run = format!("[^{MAJOR_BREAKERS}]*");
    let pieces: Vec<String> = term.text.split('*').map(regex::escape).collect();
    let body = pieces.join(&run);
    if term.kind == RawKind::Term {
        return format!("(?:^|[{MAJOR_BREAKERS}]){body}(?:$|[{MAJOR_BREAKERS}])");
    }
    // A boundary is where letters and digits begin or end; `_` is none of them.
    let is_token = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let edge = r"[^\p{Alphabetic}\p{N}]";
    let before =
        if is_token(term.text.chars().next()) { format!("(?:^|{edge})") } else { String::new() };
    let after =
        if is_token(term.text.chars().last()) { format!("(?:$|{edge})") } else { String::new() };
    format!("{before}{body}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: RawKind, term: &str, text: &str, expected: bool) {
        let test = RawTest::new(&RawTerm { text: term.to_owned(), kind });
        assert_eq!(test.holds(text), expected, "{term} in {text}");
    }

    #[test]
    fn keywords_are_whole_tokens_in_any_case() {
        check(RawKind::Keyword, "error", "an ERROR_code", true);
        check(RawKind::Keyword, "error", "errors", false);
        check(RawKind::Keyword, "10.0.0.1", "src=10.0.0.1:80", true);
        check(RawKind::Keyword, "10.0.0.1", "210.0.0.1", false);
        check(RawKind::Keyword, "fail*", "it failed", true);
        check(RawKind::Keyword, "a*d", "a b d", false);
        check(RawKind::Keyword, "login failed", "Login failed!", true);
    }

    #[test]
    fn case_and_term_are_stricter() {
        check(RawKind::Cased, "Error", "error", false);
        check(RawKind::Cased, "Error", "Error", true);
        check(RawKind::Term, "a=b", "x a=b y", true);
        check(RawKind::Term, "10.0.0.1", "src=10.0.0.1", false);
    }
}
