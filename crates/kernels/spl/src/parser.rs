//! Reading the text of a search piece by piece. Offsets are those of the whole text.

use std::sync::Arc;

use crate::SplError;
use crate::eval::{Expression, Pattern, parse_expression};
use crate::nearest::hint;

/// Deepest nesting of parentheses, `NOT` and brackets.
pub(crate) const NESTING_MAX: usize = 32;

/// A place in the text of a search.
#[derive(Debug, Clone)]
pub(crate) struct Parser<'a> {
    source: &'a str,
    at: usize,
}

/// A name or value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) at: usize,
    pub(crate) is_quoted: bool,
}

impl Word {
    /// The word as a truth value.
    pub(crate) fn as_bool(&self) -> Result<bool, SplError> {
        match self.text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" => Ok(true),
            "f" | "false" | "0" => Ok(false),
            _ => Err(SplError::new(self.at, format!("`{}` is not `true` or `false`", self.text))),
        }
    }

    /// The word as a whole number that is not negative.
    pub(crate) fn as_count(&self) -> Result<usize, SplError> {
        self.text
            .parse()
            .map_err(|_| SplError::new(self.at, format!("`{}` is not a whole number", self.text)))
    }

    pub(crate) fn is(&self, keyword: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// The options a command takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) command: &'static str,
    pub(crate) names: &'static [&'static str],
}

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str, at: usize) -> Self {
        Self { source, at }
    }

    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or("")
    }

    /// The next character as it stands, blank or not.
    pub(crate) fn next_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Skips what stands between the members of a list.
    pub(crate) fn skip_separators(&mut self) {
        let rest = self.rest();
        self.at +=
            rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
    }

    /// The next character that is no blank.
    pub(crate) fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.next_char()
    }

    /// Whether the command ends here.
    pub(crate) fn is_at_end(&mut self) -> bool {
        matches!(self.peek(), None | Some('|' | ']'))
    }

    /// Reads `c` if it comes next.
    pub(crate) fn accept(&mut self, c: char) -> bool {
        let is_next = self.peek() == Some(c);
        if is_next {
            self.at += c.len_utf8();
        }
        is_next
    }

    pub(crate) fn expect(&mut self, c: char) -> Result<(), SplError> {
        if self.accept(c) { Ok(()) } else { Err(self.unexpected(&format!("`{c}`"))) }
    }

    /// The error that something else than `wanted` stands here.
    pub(crate) fn unexpected(&mut self, wanted: &str) -> SplError {
        let found = match self.peek() {
            None => "the end of the search".to_owned(),
            Some(_) => {
                let word: String =
                    self.rest().chars().take_while(|c| !c.is_whitespace()).take(40).collect();
                format!("`{word}`")
            }
        };
        SplError::new(self.at, format!("{wanted} is missing before {found}"))
    }

    /// Fails unless the command ends here.
    pub(crate) fn expect_end(&mut self, command: &str) -> Result<(), SplError> {
        if self.is_at_end() {
            return Ok(());
        }
        let word: String =
            self.rest().chars().take_while(|c| !c.is_whitespace()).take(40).collect();
        Err(SplError::new(self.at, format!("`{command}` does not take `{word}` here")))
    }

    /// Reads an expression of the language of `eval`.
    pub(crate) fn expression(&mut self) -> Result<Expression, SplError> {
        self.skip_blanks();
        let (expression, end) = parse_expression(self.source, self.at)?;
        self.at = end;
        Ok(expression)
    }

    /// Reads `keyword`, in any case, if it comes next as a word of its own.
    pub(crate) fn accept_keyword(&mut self, keyword: &str) -> bool {
        self.skip_blanks();
        let Some(word) = self.rest().get(..keyword.len()) else { return false };
        let after = self.rest().get(keyword.len()..).and_then(|rest| rest.chars().next());
        let is_next = word.eq_ignore_ascii_case(keyword) && !after.is_some_and(is_name_char);
        if is_next {
            self.at += keyword.len();
        }
        is_next
    }

    /// A run of letters, digits and `_`; empty if none stands here.
    pub(crate) fn identifier(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// A name, bare or in double quotes. Bare, it ends at a blank, comma, pipe, bracket or `=`, or at a
    /// parenthesis that it did not open.
    pub(crate) fn name(&mut self, what: &str) -> Result<Word, SplError> {
        self.skip_blanks();
        if self.next_char() == Some('"') {
            return self.quoted();
        }
        let at = self.at;
        let text = self.bare(|c| matches!(c, '='));
        if text.is_empty() {
            return Err(self.unexpected(what));
        }
        Ok(Word { text: text.to_owned(), at, is_quoted: false })
    }

    /// The value of an option: like a name, but `=` does not end it.
    pub(crate) fn value(&mut self, what: &str) -> Result<Word, SplError> {
        self.skip_blanks();
        if self.next_char() == Some('"') {
            return self.quoted();
        }
        let at = self.at;
        let text = self.bare(|_| false);
        if text.is_empty() {
            return Err(self.unexpected(what));
        }
        Ok(Word { text: text.to_owned(), at, is_quoted: false })
    }

    /// A bare word up to a character that `ends` it or any name; it may be empty.
    pub(crate) fn bare_until(&mut self, ends: impl Fn(char) -> bool) -> Word {
        self.skip_blanks();
        let at = self.at;
        Word { text: self.bare(ends).to_owned(), at, is_quoted: false }
    }

    /// A regular expression in quotes. Only `\"` is an escape of the quotes, as backslashes belong to
    /// the expression.
    pub(crate) fn pattern(&mut self) -> Result<Arc<Pattern>, SplError> {
        let word = self.quoted_keeping_backslashes()?;
        let pattern = Pattern::new(&word.text);
        pattern.map(Arc::new).map_err(|error| SplError::new(word.at, error.to_string()))
    }

    /// A text in double quotes in which backslashes stay, but for the one before a quote.
    pub(crate) fn quoted_keeping_backslashes(&mut self) -> Result<Word, SplError> {
        let at = self.at;
        self.expect('"')?;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += offset + 1;
                    return Ok(Word { text, at, is_quoted: true });
                }
                '\\' => match chars.next() {
                    Some((_, '"')) => text.push('"'),
                    Some((_, escaped)) => text.extend(['\\', escaped]),
                    None => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        Err(SplError::new(at, "the closing `\"` is missing"))
    }

    fn bare(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let mut open = 0_usize;
        let end = rest.find(|c: char| match c {
            '(' => {
                open += 1;
                false
            }
            ')' if open == 0 => true,
            ')' => {
                open -= 1;
                false
            }
            ',' | '|' | '[' | ']' | '"' => true,
            c => c.is_whitespace() || ends(c),
        });
        let end = end.unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// A text in double quotes: `\"`, `\\` and `\|` are escapes, other backslashes stay.
    pub(crate) fn quoted(&mut self) -> Result<Word, SplError> {
        let at = self.at;
        self.expect('"')?;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += offset + 1;
                    return Ok(Word { text, at, is_quoted: true });
                }
                '\\' => match chars.next_if(|(_, c)| matches!(c, '"' | '\\' | '|')) {
                    Some((_, escaped)) => text.push(escaped),
                    None => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        Err(SplError::new(at, "the closing `\"` is missing"))
    }

    /// `name=value` if that comes next and the name is not quoted. An unknown name is an error.
    pub(crate) fn option(
        &mut self,
        options: Options,
    ) -> Result<Option<(&'static str, Word)>, SplError> {
        let Some(name) = self.option_name() else { return Ok(None) };
        let known = options.names.iter().find(|known| name.text.eq_ignore_ascii_case(known));
        let Some(known) = known else {
            let hint = hint(&name.text, options.names.iter().copied());
            let Options { command, .. } = options;
            let message = format!("`{command}` has no option `{}`{hint}", name.text);
            return Err(SplError::new(name.at, message));
        };
        self.expect('=')?;
        Ok(Some((known, self.value("a value")?)))
    }

    /// The name of an option if one comes next; then `=` is what follows.
    fn option_name(&mut self) -> Option<Word> {
        self.skip_blanks();
        let mut ahead = self.clone();
        let at = ahead.at;
        let text = ahead.identifier().to_owned();
        if text.is_empty() || ahead.peek() != Some('=') || ahead.rest().starts_with("==") {
            return None;
        }
        self.at = ahead.at;
        Some(Word { text, at, is_quoted: false })
    }

    /// A list of names, separated by commas, blanks or both, up to the end of the command or one of
    /// the `stops`, which are key words.
    pub(crate) fn names(&mut self, stops: &[&str]) -> Result<Vec<Word>, SplError> {
        let mut names = Vec::new();
        loop {
            self.skip_separators();
            if self.is_at_end() || self.next_char() == Some(')') {
                return Ok(names);
            }
            let before = self.at;
            let name = self.name("a field")?;
            if stops.iter().any(|stop| name.is(stop)) {
                self.at = before;
                return Ok(names);
            }
            names.push(name);
            if self.next_char() == Some('=') {
                let message =
                    format!("`=` does not belong after the field `{}`", names_last(&names));
                return Err(SplError::new(self.at, message));
            }
        }
    }
}

fn names_last(names: &[Word]) -> &str {
    names.last().map_or("", |name| name.text.as_str())
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '{' | '}' | ':' | '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_calls_hyphens_and_braces() {
        let mut parser = Parser::new("open-ports, a{}.b count(x) \"My Field\" | x", 0);
        let names: Vec<_> = parser.names(&[]).unwrap().into_iter().map(|name| name.text).collect();
        assert_eq!(names, ["open-ports", "a{}.b", "count(x)", "My Field"]);
        assert_eq!(parser.peek(), Some('|'));
    }

    #[test]
    fn quoted_text_keeps_backslashes_that_escape_nothing() {
        let word = Parser::new(r#""C:\dir \"x\" \\ \|""#, 0).quoted().unwrap();
        assert_eq!(word.text, r#"C:\dir "x" \ |"#);
        assert_eq!(Parser::new("\"open", 0).quoted().unwrap_err().at, 0);
    }

    #[test]
    fn an_unknown_option_is_named_with_the_nearest() {
        const OPTIONS: Options = Options { command: "head", names: &["limit", "null"] };
        let error = Parser::new(" limt = 3", 0).option(OPTIONS).unwrap_err();
        assert_eq!(error.message, "`head` has no option `limt`; did you mean `limit`?");
        assert_eq!(error.at, 1);
        let option = Parser::new("LIMIT = 3", 0).option(OPTIONS).unwrap().unwrap();
        assert_eq!((option.0, option.1.text.as_str()), ("limit", "3"));
        assert!(Parser::new("limit 3", 0).option(OPTIONS).unwrap().is_none());
    }
}
