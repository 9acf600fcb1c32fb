//! Reads an expression by recursive descent (spec siem §3.4), loose operators first.

use super::lexer::{Token, token};
use super::syntax::{Expression, Logic, Node, Operator};
use crate::SplError;
use crate::functions;
use crate::value::{Comparison, Value};

/// Deepest nesting of parentheses, calls, `NOT` and minus signs.
const DEPTH_MAX: usize = 32;

type Parsed = Result<Expression, SplError>;

/// Reads the longest expression that begins at byte `start` of the search `source`. Gives the
/// expression and where it ends; spans and errors count from the beginning of `source`.
///
/// # Errors
/// Text that is no expression, functions that do not exist or take other arguments.
pub fn parse_expression(source: &str, start: usize) -> Result<(Expression, usize), SplError> {
    let mut parser = Parser { source, at: start, depth: 0 };
    let expression = parser.any()?;
    Ok((expression, parser.at))
}

struct Parser<'a> {
    source: &'a str,
    /// The end of the last token taken.
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Result<(usize, Token<'a>, usize), SplError> {
        token(self.source, self.at)
    }

    /// Takes the next token if it is this keyword and not the name of a function that is called.
    fn take_keyword(&mut self, keyword: &str) -> Result<bool, SplError> {
        match self.peek()? {
            (_, Token::Word(word), end) if word.eq_ignore_ascii_case(keyword) => {
                self.at = end;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn take_symbol(&mut self, wanted: &[&'static str]) -> Result<Option<&'static str>, SplError> {
        match self.peek()? {
            (_, Token::Symbol(symbol), end) if wanted.contains(&symbol) => {
                self.at = end;
                Ok(Some(symbol))
            }
            _ => Ok(None),
        }
    }

    fn any(&mut self) -> Parsed {
        self.logic(Logic::Xor)
    }

    /// A chain of one logic operator; tighter ones bind within.
    fn logic(&mut self, level: Logic) -> Parsed {
        let keyword = match level {
            Logic::Xor => "XOR",
            Logic::Or => "OR",
            Logic::And => "AND",
        };
        let mut parts = vec![self.logic_operand(level)?];
        while self.take_keyword(keyword)? {
            parts.push(self.logic_operand(level)?);
        }
        Ok(joined(parts, |parts| Node::Logic(level, parts)))
    }

    fn logic_operand(&mut self, level: Logic) -> Parsed {
        match level {
            Logic::Xor => self.logic(Logic::Or),
            Logic::Or => self.logic(Logic::And),
            Logic::And => self.negation(),
        }
    }

    fn negation(&mut self) -> Parsed {
        let (start, ..) = self.peek()?;
        if !self.take_keyword("NOT")? {
            return self.comparison();
        }
        let inner = self.deeper(start, Self::negation)?;
        let span = start..inner.span.end;
        Ok(Expression { node: Node::Not(Box::new(inner)), span })
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        if let Some(symbol) = self.take_symbol(&["==", "!=", "<=", ">=", "<", ">", "="])? {
            let right = self.sum()?;
            let span = left.span.start..right.span.end;
            let node = Node::Compare(comparison(symbol), Box::new(left), Box::new(right));
            return Ok(Expression { node, span });
        }
        let (at, ..) = self.peek()?;
        if self.take_keyword("LIKE")? {
            let right = self.sum()?;
            return call(at, "like", vec![left, right]);
        }
        if self.take_keyword("IN")? {
            if self.take_symbol(&["("])?.is_none() {
                return Err(SplError::new(self.at, "IN is followed by a list in parentheses"));
            }
            let start = left.span.start;
            let mut arguments = vec![left];
            arguments.extend(self.arguments(at)?);
            let mut found = call(at, "in", arguments)?;
            found.span = start..self.at;
            return Ok(found);
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        self.chain(&["+", "-", "."], Self::product)
    }

    fn product(&mut self) -> Parsed {
        self.chain(&["*", "/", "%"], Self::signed)
    }

    fn chain(&mut self, symbols: &[&'static str], operand: fn(&mut Self) -> Parsed) -> Parsed {
        let first = operand(self)?;
        let mut rest = Vec::new();
        while let Some(symbol) = self.take_symbol(symbols)? {
            rest.push((operator(symbol), operand(self)?));
        }
        let Some((_, last)) = rest.last() else { return Ok(first) };
        let span = first.span.start..last.span.end;
        Ok(Expression { node: Node::Arithmetic(Box::new(first), rest), span })
    }

    fn signed(&mut self) -> Parsed {
        let (start, ..) = self.peek()?;
        match self.take_symbol(&["-", "+"])? {
            Some("-") => {
                let inner = self.deeper(start, Self::signed)?;
                let span = start..inner.span.end;
                Ok(Expression { node: negated(inner), span })
            }
            Some(_) => self.deeper(start, Self::signed),
            None => self.primary(),
        }
    }

    fn primary(&mut self) -> Parsed {
        let (start, token, end) = self.peek()?;
        let node = match token {
            Token::Text(text) => Node::Literal(Value::Text(text.into_owned().into())),
            Token::Field(name) => Node::Field(name.into_owned()),
            Token::Number(written) => Node::Literal(number(written)),
            Token::Symbol("(") => {
                self.at = end;
                let mut inner = self.deeper(start, Self::any)?;
                self.close(start)?;
                inner.span = start..self.at;
                return Ok(inner);
            }
            Token::Word(word) if is_operator(word) => {
                let message = format!("`{word}` has nothing on its left side");
                return Err(SplError::new(start, message));
            }
            Token::Word(word) if word.eq_ignore_ascii_case("NOT") => {
                return Err(SplError::new(start, "NOT belongs in parentheses here"));
            }
            Token::Word(word) => return self.word(start, word, end),
            Token::Symbol(_) | Token::Other => return Err(self.missing(start)),
        };
        self.at = end;
        Ok(Expression { node, span: start..end })
    }

    /// A field or a call.
    fn word(&mut self, start: usize, word: &'a str, end: usize) -> Parsed {
        let is_called = matches!(token(self.source, end)?, (_, Token::Symbol("("), _));
        if !is_called {
            self.at = end;
            let (next_at, next, _) = self.peek()?;
            if next == Token::Other
                && self.source.get(next_at..).is_some_and(|t| t.starts_with('{'))
            {
                let message = format!("quote a field with braces in its name: '{word}{{}}…'");
                return Err(SplError::new(start, message));
            }
            return Ok(Expression { node: Node::Field(word.to_owned()), span: start..end });
        }
        // `name.lower(x)` joins the field `name` and a call.
        if let Some((field, name)) = word.rsplit_once('.')
            && functions::find(name).is_some()
        {
            self.at = start + field.len();
            let node = Node::Field(field.to_owned());
            return Ok(Expression { node, span: start..self.at });
        }
        self.at = end;
        self.take_symbol(&["("])?;
        let arguments = self.deeper(start, |parser| parser.arguments(start))?;
        let mut found = call(start, word, arguments)?;
        found.span = start..self.at;
        Ok(found)
    }

    /// Arguments up to the closing parenthesis; the opening one is taken.
    fn arguments(&mut self, start: usize) -> Result<Vec<Expression>, SplError> {
        let mut arguments = Vec::new();
        if self.take_symbol(&[")"])?.is_some() {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.any()?);
            if self.take_symbol(&[","])?.is_none() {
                self.close(start)?;
                return Ok(arguments);
            }
        }
    }

    fn close(&mut self, opened: usize) -> Result<(), SplError> {
        if self.take_symbol(&[")"])?.is_some() {
            return Ok(());
        }
        let (at, ..) = self.peek()?;
        match self.source.get(at..).and_then(|rest| rest.chars().next()) {
            None => Err(SplError::new(opened, "a parenthesis that is not closed")),
            Some(c) => Err(SplError::new(at, format!("expected an operator or `)`, found `{c}`"))),
        }
    }

    fn missing(&self, at: usize) -> SplError {
        match self.source.get(at..).and_then(|rest| rest.chars().next()) {
            None => SplError::new(at, "the search ends where an expression is expected"),
            Some(c) => SplError::new(at, format!("expected an expression, found `{c}`")),
        }
    }

    fn deeper<T>(
        &mut self,
        at: usize,
        read: impl FnOnce(&mut Self) -> Result<T, SplError>,
    ) -> Result<T, SplError> {
        if self.depth == DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} levels of nesting");
            return Err(SplError::new(at, message));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }
}

fn is_operator(word: &str) -> bool {
    ["AND", "OR", "XOR"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// One part as it is, several as a chain.
fn joined(mut parts: Vec<Expression>, chain: impl FnOnce(Vec<Expression>) -> Node) -> Expression {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            let start = parts.first().map_or(0, |part| part.span.start);
            let end = parts.last().map_or(0, |part| part.span.end);
            Expression { node: chain(parts), span: start..end }
        }
    }
}

fn call(at: usize, name: &str, arguments: Vec<Expression>) -> Parsed {
    let function = functions::resolve(name, arguments.len(), at)?;
    let start = arguments.first().map_or(at, |first| first.span.start.min(at));
    let end = arguments.last().map_or(at, |last| last.span.end);
    Ok(Expression { node: Node::Call(function, arguments), span: start..end })
}

/// A number with a minus sign is a literal.
fn negated(inner: Expression) -> Node {
    match inner.node {
        Node::Literal(Value::Integer(n)) if n != 0 => Node::Literal(Value::Integer(-n)),
        Node::Literal(Value::Number(n)) if n != 0.0 => Node::Literal(Value::Number(-n)),
        _ => Node::Negate(Box::new(inner)),
    }
}

/// A whole number that is written so and fits, else a double.
fn number(written: &str) -> Value<'static> {
    written
        .parse()
        .map(Value::Integer)
        .unwrap_or_else(|_| Value::Number(written.parse().unwrap_or(f64::INFINITY)))
}

fn comparison(symbol: &str) -> Comparison {
    match symbol {
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => Comparison::Equal,
    }
}

fn operator(symbol: &str) -> Operator {
    match symbol {
        "-" => Operator::Subtract,
        "." => Operator::Concat,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Remainder,
        _ => Operator::Add,
    }
}
