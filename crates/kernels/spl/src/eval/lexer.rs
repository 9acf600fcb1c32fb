//! Tokens of the expression language.

use std::borrow::Cow;

use crate::SplError;

/// A token of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A bare word: a field, a function or a keyword.
    Word(&'a str),
    /// `'…'`: a field whatever its characters.
    Field(Cow<'a, str>),
    /// `"…"`: text.
    Text(Cow<'a, str>),
    /// A number as written.
    Number(&'a str),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end, or something that is not part of the language.
    Other,
}

/// Symbols, longest first.
const SYMBOLS: &[&str] =
    &["==", "!=", "<=", ">=", "<", ">", "=", "(", ")", ",", "+", "-", ".", "*", "/", "%"];

/// The token at or after `at`: where it starts, what it is, where it ends.
pub(super) fn token(source: &str, at: usize) -> Result<(usize, Token<'_>, usize), SplError> {
    let rest = source.get(at..).unwrap_or_default();
    let text = rest.trim_start();
    let start = at + (rest.len() - text.len());
    let Some(first) = text.chars().next() else { return Ok((start, Token::Other, start)) };
    let found = |token, length| Ok((start, token, start + length));
    match first {
        '"' => {
            let (content, length) = quoted(text, '"')
                .ok_or_else(|| SplError::new(start, "a text that is not closed with `\"`"))?;
            found(Token::Text(content), length)
        }
        '\'' => {
            let (content, length) = quoted(text, '\'')
                .ok_or_else(|| SplError::new(start, "a field name that is not closed with `'`"))?;
            found(Token::Field(content), length)
        }
        '0'..='9' => number(text, start),
        '.' if text.get(1..2).is_some_and(|c| c.as_bytes()[0].is_ascii_digit()) => {
            number(text, start)
        }
        c if is_word_start(c) => {
            let length = word_length(text);
            found(Token::Word(text.get(..length).unwrap_or_default()), length)
        }
        _ => match SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)) {
            Some(symbol) => found(Token::Symbol(symbol), symbol.len()),
            None => found(Token::Other, 0),
        },
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '@'
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | ':')
}

/// A word, with dots where a word goes on behind them: `value.count`, but not `name."x"`.
fn word_length(text: &str) -> usize {
    let mut length = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let goes_on =
            is_word_part(c) || (c == '.' && rest.peek().is_some_and(|n| is_word_part(*n)));
        if !goes_on {
            break;
        }
        length += c.len_utf8();
    }
    length
}

fn number(text: &str, start: usize) -> Result<(usize, Token<'_>, usize), SplError> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let written = text.get(..length).unwrap_or_default();
    let tail = text.get(length..).unwrap_or_default();
    if tail.chars().next().is_some_and(is_word_part) {
        let word: String = text.chars().take_while(|c| is_word_part(*c) || *c == '.').collect();
        return Err(SplError::new(
            start,
            format!("`{word}` is not a number; quote a field as '{word}' and a text as \"{word}\""),
        ));
    }
    Ok((start, Token::Number(written), start + length))
}

/// The content of a quoted piece of text and the length with quotes. `\"` and `\\` are escapes, all
/// other backslashes stay.
fn quoted(text: &str, quote: char) -> Option<(Cow<'_, str>, usize)> {
    let mut content = String::new();
    let mut escaped = false;
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            _ if c == quote => {
                let plain = text.get(1..at)?;
                let content = if escaped { Cow::Owned(content) } else { Cow::Borrowed(plain) };
                return Some((content, at + 1));
            }
            '\\' => {
                let (_, next) = characters.next()?;
                if next == quote || next == '\\' {
                    escaped = true;
                } else {
                    content.push('\\');
                }
                content.push(next);
            }
            _ => content.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> Vec<Token<'_>> {
        let mut at = 0;
        let mut all = Vec::new();
        loop {
            let (_, next, end) = token(source, at).unwrap();
            if next == Token::Other {
                return all;
            }
            all.push(next);
            at = end;
        }
    }

    #[test]
    fn dots_belong_to_words_and_numbers_or_join_text() {
        assert_eq!(tokens("value.count"), [Token::Word("value.count")]);
        assert_eq!(
            tokens(r#"a."b""#),
            [Token::Word("a"), Token::Symbol("."), Token::Text("b".into())]
        );
        assert_eq!(tokens("1.5"), [Token::Number("1.5")]);
        assert_eq!(tokens("a . b"), [Token::Word("a"), Token::Symbol("."), Token::Word("b")]);
        assert_eq!(tokens("-2e-3"), [Token::Symbol("-"), Token::Number("2e-3")]);
    }

    #[test]
    fn only_quotes_and_backslashes_are_escaped() {
        assert_eq!(tokens(r#""a\"b\\c\d""#), [Token::Text(r#"a"b\c\d"#.into())]);
        assert_eq!(tokens(r"'a{}.b'"), [Token::Field("a{}.b".into())]);
    }

    #[test]
    fn what_is_not_closed_is_an_error_where_it_starts() {
        assert_eq!(token("a = \"b", 3).unwrap_err().at, 4);
        assert!(token("5m", 0).unwrap_err().message.contains("'5m'"));
    }
}
