//! Substitution templates: `${expression}` inside the text of an action (spec iot-core §5.7).

use std::borrow::Cow;

use crate::ast::Expr;
use crate::convert;
use crate::error::SqlError;
use crate::eval::{Message, Scope};
use crate::input::Input;
use crate::parser::Parser;
use crate::version::SqlVersion;

/// A text with expressions in it.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
    version: SqlVersion,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Expr(Expr),
}

impl Template {
    /// Reads `text`. The error's line and column are those in `text`.
    pub fn parse(text: &str, version: SqlVersion) -> Result<Self, SqlError> {
        let mut parts = Vec::new();
        let mut offset = 0;
        while let Some(found) = text.get(offset..).and_then(|rest| rest.find("${")) {
            let literal = text.get(offset..offset + found).unwrap_or_default();
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            let (expr, end) = Parser::new(text, offset + found + 2, version)?.embedded()?;
            parts.push(Part::Expr(expr));
            offset = end;
        }
        let rest = text.get(offset..).unwrap_or_default();
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts, version })
    }

    /// The text, if it has no expressions.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text for one message. Undefined and Null become empty.
    pub fn render(&self, input: &Input<'_>) -> Cow<'_, str> {
        if let Some(text) = self.literal() {
            return Cow::Borrowed(text);
        }
        let message = Message::new(input, self.version);
        let scope = Scope { message: &message, element: None };
        let mut rendered = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => rendered.push_str(text),
                Part::Expr(expr) => {
                    let value = scope.result(expr).and_then(|value| convert::text(&value));
                    rendered.push_str(&value.unwrap_or_default());
                }
            }
        }
        Cow::Owned(rendered)
    }
}
