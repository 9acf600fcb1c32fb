//! Words, numbers, strings and signs, each with its place.

use crate::error::SqlError;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A name or keyword, as written.
    Word(String),
    Text(String),
    Int(i64),
    Decimal(f64),
    Sign(&'static str),
    End,
}

impl Token {
    /// The token as an error message shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("`{}`", shorten(word)),
            Self::Text(text) => format!("the string '{}'", shorten(text)),
            Self::Int(n) => format!("`{n}`"),
            Self::Decimal(n) => format!("`{n}`"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "{", "}", "[", "]", ",",
    ".", ":",
];

/// Reads tokens on demand.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    pub(crate) text: &'a str,
    /// Byte offset of what has not been read.
    pub(crate) offset: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    pub(crate) fn skip_space(&mut self) {
        let rest = self.rest();
        self.offset += rest.len() - rest.trim_start().len();
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.offset += end;
        rest.get(..end).unwrap_or_default()
    }

    /// The next token and where it begins.
    pub(crate) fn next(&mut self) -> Result<(Token, usize), SqlError> {
        self.skip_space();
        let start = self.offset;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start)) };
        let token = match first {
            '\'' | '"' => self.string(first)?,
            '0'..='9' => self.number()?,
            c if c.is_alphabetic() || c == '_' => {
                Token::Word(self.take_while(|c| c.is_alphanumeric() || c == '_').to_owned())
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.offset += sign.len();
                    Token::Sign(sign)
                }
                None if rest.starts_with("!=") => {
                    return Err(self.error(start, "write `<>` for \"not equal\""));
                }
                None => {
                    let problem = format!("unexpected character {first:?}");
                    return Err(self.error(start, problem));
                }
            },
        };
        Ok((token, start))
    }

    /// A filter without quotes: everything up to the next white space.
    pub(crate) fn bare_filter(&mut self) -> Option<(String, usize)> {
        self.skip_space();
        let start = self.offset;
        if self.rest().starts_with(['\'', '"', '(']) {
            return None;
        }
        let word = self.take_while(|c| !c.is_whitespace());
        (!word.is_empty()).then(|| (word.to_owned(), start))
    }

    /// A quote inside a string is written twice; a backslash is a character like others.
    fn string(&mut self, quote: char) -> Result<Token, SqlError> {
        let start = self.offset;
        self.offset += quote.len_utf8();
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != quote));
            if self.rest().is_empty() {
                return Err(self.error(start, "this string is not closed"));
            }
            self.offset += quote.len_utf8();
            if !self.rest().starts_with(quote) {
                return Ok(Token::Text(text));
            }
            text.push(quote);
            self.offset += quote.len_utf8();
        }
    }

    fn number(&mut self) -> Result<Token, SqlError> {
        let start = self.offset;
        self.take_while(|c| c.is_ascii_digit());
        let mut whole = true;
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if self.rest().starts_with('.') && is_digit(self.rest().chars().nth(1)) {
            whole = false;
            self.offset += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        if self.rest().starts_with(['e', 'E']) {
            whole = false;
            self.offset += 1;
            if self.rest().starts_with(['+', '-']) {
                self.offset += 1;
            }
            self.take_while(|c| c.is_ascii_digit());
        }
        let text = self.text.get(start..self.offset).unwrap_or_default();
        let int = text.parse().ok().filter(|_| whole).map(Token::Int);
        let decimal = || text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Token::Decimal);
        int.or_else(decimal)
            .ok_or_else(|| self.error(start, format!("`{}` is not a number", shorten(text))))
    }

    pub(crate) fn error(&self, offset: usize, problem: impl Into<String>) -> SqlError {
        SqlError::at(self.text, offset, problem)
    }
}
