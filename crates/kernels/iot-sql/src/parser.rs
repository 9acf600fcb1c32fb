//! Recursive descent over the grammar of spec iot-core §5.3.

mod expression;

pub(crate) use expression::compile_regex;

use crate::ast::{Expr, Item, NestedSelect, Projection};
use crate::error::{SqlError, nearest};
use crate::filter::filter_problem;
use crate::lexer::{Lexer, Token};
use crate::version::SqlVersion;

/// Longest statement, in bytes.
const SQL_BYTES_MAX: usize = 64 * 1024;
/// Deepest nesting of parentheses, calls, literals and nested SELECTs.
const DEPTH_MAX: usize = 32;
/// Most operators, fields and member accesses of a statement; bounds the depth of chains like
/// `a + a + …`, and how often a payload can be copied into a result.
const LINKS_MAX: usize = 500;

/// The parts of a statement.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) projection: Projection,
    pub(crate) from: Option<String>,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Parser<'a> {
    lexer: Lexer<'a>,
    version: SqlVersion,
    token: Token,
    /// Where `token` begins, and where the one before it ended.
    start: usize,
    end_before: usize,
    depth: usize,
    links: usize,
}

impl<'a> Parser<'a> {
    /// A parser that begins at byte `offset` of `text`.
    pub(crate) fn new(text: &'a str, offset: usize, version: SqlVersion) -> Result<Self, SqlError> {
        let mut lexer = Lexer { text, offset };
        if text.len() > SQL_BYTES_MAX {
            let problem = format!("the text is longer than {SQL_BYTES_MAX} bytes");
            return Err(lexer.error(offset, problem));
        }
        let (token, start) = lexer.next()?;
        Ok(Self { lexer, version, token, start, end_before: offset, depth: 0, links: 0 })
    }

    /// The whole statement.
    pub(crate) fn statement(mut self) -> Result<Parsed, SqlError> {
        self.expect_word("SELECT")?;
        let projection = self.projection()?;
        let mut from = None;
        if self.is_word("FROM") {
            from = Some(self.topic_filter()?);
        }
        let filter = self.optional_where()?;
        match self.token {
            Token::End => Ok(Parsed { projection, from, filter }),
            _ => Err(self.expected_one_of(&["FROM", "WHERE", "AND", "OR", "AS"], "the end")),
        }
    }

    /// One expression that ends with `}`; gives the offset behind the brace.
    pub(crate) fn embedded(mut self) -> Result<(Expr, usize), SqlError> {
        let expr = self.expression()?;
        match self.token {
            Token::Sign("}") => Ok((expr, self.lexer.offset)),
            _ => Err(self.unexpected("`}`")),
        }
    }

    fn topic_filter(&mut self) -> Result<String, SqlError> {
        // The lexer stands behind FROM; a filter without quotes is not made of tokens.
        let filter = match self.lexer.bare_filter() {
            Some((filter, start)) => {
                self.start = start;
                filter
            }
            None => {
                self.advance()?;
                match &self.token {
                    Token::Text(text) => text.clone(),
                    _ => return Err(self.unexpected("a topic filter in single quotes")),
                }
            }
        };
        if let Some(problem) = filter_problem(&filter) {
            return Err(self.error(problem));
        }
        self.advance()?;
        Ok(filter)
    }

    fn optional_where(&mut self) -> Result<Option<Expr>, SqlError> {
        if !self.is_word("WHERE") {
            return Ok(None);
        }
        self.advance()?;
        self.expression().map(Some)
    }

    fn projection(&mut self) -> Result<Projection, SqlError> {
        if self.is_word("VALUE") && !self.is_named_value()? {
            self.advance()?;
            return Ok(Projection::Value(self.expression()?));
        }
        let mut items = vec![self.item()?];
        while self.is_sign(",") {
            self.advance()?;
            items.push(self.item()?);
        }
        Ok(Projection::Items(items))
    }

    /// Whether `value` is a field's name here and not the keyword: what follows cannot begin an
    /// expression.
    fn is_named_value(&self) -> Result<bool, SqlError> {
        let (next, _) = self.lexer.clone().next()?;
        Ok(match next {
            Token::End => true,
            Token::Sign(sign) => !matches!(sign, "(" | "{" | "[" | "-" | "*"),
            Token::Word(word) => {
                ["FROM", "WHERE", "AS", "AND", "OR"].iter().any(|k| k.eq_ignore_ascii_case(&word))
            }
            _ => false,
        })
    }

    fn item(&mut self) -> Result<Item, SqlError> {
        if self.is_sign("*") {
            self.advance()?;
            return Ok(Item::Star);
        }
        let start = self.start;
        let expr = self.expression()?;
        if !self.is_word("AS") {
            let source = self.lexer.text.get(start..self.end_before).unwrap_or_default();
            let key = match &expr {
                Expr::Name(name) | Expr::Member(_, name) => name.clone(),
                _ => source.trim().to_owned(),
            };
            return Ok(Item::Named { key: vec![key], expr });
        }
        self.advance()?;
        let mut key = vec![self.alias_part()?];
        while self.is_sign(".") {
            self.advance()?;
            self.link()?;
            key.push(self.alias_part()?);
        }
        Ok(Item::Named { key, expr })
    }

    fn alias_part(&mut self) -> Result<String, SqlError> {
        match &self.token {
            Token::Word(name) | Token::Text(name) => {
                let name = name.clone();
                self.advance()?;
                Ok(name)
            }
            _ => Err(self.unexpected("a name behind AS")),
        }
    }

    /// `SELECT … FROM path …`; the opening parenthesis has been read.
    fn nested_select(&mut self) -> Result<Expr, SqlError> {
        self.only_since_2016("a nested SELECT")?;
        self.expect_word("SELECT")?;
        let projection = self.projection()?;
        self.expect_word("FROM")?;
        let from = self.payload_path()?;
        let filter = self.optional_where()?;
        Ok(Expr::Select(Box::new(NestedSelect { projection, from, filter })))
    }

    fn payload_path(&mut self) -> Result<Expr, SqlError> {
        let Token::Word(name) = &self.token else {
            return Err(self.unexpected("a path of the payload"));
        };
        let mut path = Expr::Name(name.clone());
        self.advance()?;
        while self.is_sign(".") {
            path = self.member(path)?;
        }
        Ok(path)
    }

    fn member(&mut self, of: Expr) -> Result<Expr, SqlError> {
        self.advance()?;
        self.link()?;
        let Token::Word(name) = &self.token else {
            return Err(self.unexpected("a member's name (for others use get(object, 'name'))"));
        };
        let member = Expr::Member(Box::new(of), name.clone());
        self.advance()?;
        Ok(member)
    }

    fn advance(&mut self) -> Result<(), SqlError> {
        self.end_before = self.lexer.offset;
        (self.token, self.start) = self.lexer.next()?;
        Ok(())
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(&self.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn is_sign(&self, wanted: &str) -> bool {
        matches!(self.token, Token::Sign(sign) if sign == wanted)
    }

    fn expect_word(&mut self, keyword: &str) -> Result<(), SqlError> {
        if !self.is_word(keyword) {
            return Err(self.expected_one_of(&[keyword], &format!("`{keyword}`")));
        }
        self.advance()
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), SqlError> {
        if !self.is_sign(sign) {
            return Err(self.unexpected(&format!("`{sign}`")));
        }
        self.advance()
    }

    fn only_since_2016(&self, what: &str) -> Result<(), SqlError> {
        if self.version >= SqlVersion::V2016 {
            return Ok(());
        }
        let problem = format!("{what} needs awsIotSqlVersion 2016-03-23; this is 2015-10-08");
        Err(self.error(problem))
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error(format!("nested more than {DEPTH_MAX} levels deep")));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn link(&mut self) -> Result<(), SqlError> {
        self.links += 1;
        if self.links > LINKS_MAX {
            let problem = format!("more than {LINKS_MAX} operators, fields and member accesses");
            return Err(self.error(problem));
        }
        Ok(())
    }

    fn error(&self, problem: impl Into<String>) -> SqlError {
        self.lexer.error(self.start, problem)
    }

    fn unexpected(&self, expected: &str) -> SqlError {
        self.error(format!("expected {expected}, found {}", self.token.shown()))
    }

    fn expected_one_of(&self, keywords: &[&str], expected: &str) -> SqlError {
        let near = match &self.token {
            Token::Word(word) => nearest(word, keywords.iter().copied()),
            _ => String::new(),
        };
        self.error(format!("expected {expected}, found {}{near}", self.token.shown()))
    }
}
