//! Statements: parsed once, evaluated per message.

use bytes::Bytes;
use serde_json::Value;

use crate::ast::{Expr, Item, Projection};
use crate::error::SqlError;
use crate::eval::{Message, Scope};
use crate::input::Input;
use crate::parser::Parser;
use crate::version::SqlVersion;

/// A rule's SQL statement.
#[derive(Debug)]
pub struct Statement {
    projection: Projection,
    from: Option<String>,
    filter: Option<Expr>,
    version: SqlVersion,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The result.
    pub outcome: Outcome,
    /// A field was asked for although the payload is not JSON; the value was Undefined.
    pub payload_unreadable: bool,
}

/// The result of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// WHERE was not `true`.
    NoMatch,
    /// This goes to the actions.
    Emit(Emission),
    /// The statement cannot be applied to this payload. Says why.
    Failed(&'static str),
}

/// What the actions get.
#[derive(Debug, Clone, PartialEq)]
pub struct Emission {
    /// The serialised result; empty when it is Undefined.
    pub bytes: Bytes,
    /// The bytes are the message's payload as sent.
    pub unchanged: bool,
    value: Option<Value>,
}

impl Emission {
    /// A result that no statement made, such as the document of an error action.
    pub fn of(value: Value) -> Self {
        Self { bytes: Bytes::from(value.to_string()), unchanged: false, value: Some(value) }
    }

    /// The elements of the result, each serialised, if the result is an array.
    pub fn elements(&self) -> Option<Vec<Bytes>> {
        let parsed: Option<Value>;
        let value = if self.unchanged {
            parsed = serde_json::from_slice(&self.bytes).ok();
            &parsed
        } else {
            &self.value
        };
        let elements = value.as_ref()?.as_array()?;
        Some(elements.iter().map(|element| Bytes::from(element.to_string())).collect())
    }
}

impl Statement {
    /// Reads a statement of `version`.
    ///
    /// # Errors
    /// The first thing that does not fit the grammar (spec iot-core §5.3), with its line and column;
    /// also an unknown function, a wrong number of arguments, a function that needs a newer version
    /// or a service outside, a malformed topic filter, and a text that is too long or too deep.
    pub fn parse(sql: &str, version: SqlVersion) -> Result<Self, SqlError> {
        let parsed = Parser::new(sql, 0, version)?.statement()?;
        if version == SqlVersion::V2015
            && let Projection::Value(Expr::Array(_) | Expr::Object(_)) = parsed.projection
        {
            return Err(SqlError::at(sql, 0, "this result needs awsIotSqlVersion 2016-03-23"));
        }
        Ok(Self {
            projection: parsed.projection,
            from: parsed.from,
            filter: parsed.filter,
            version,
        })
    }

    /// The filter behind FROM, if there is one.
    pub fn topic_filter(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Applies the statement: WHERE first, then SELECT.
    pub fn evaluate(&self, input: &Input<'_>) -> Evaluation {
        let message = Message::new(input, self.version);
        let scope = Scope { message: &message, element: None };
        let outcome = self.outcome(scope, input);
        Evaluation { outcome, payload_unreadable: message.is_unreadable() }
    }

    fn outcome<'v>(&'v self, scope: Scope<'v>, input: &Input<'_>) -> Outcome {
        if !scope.passes(self.filter.as_ref()) {
            return Outcome::NoMatch;
        }
        if let Projection::Items(items) = &self.projection {
            if let [Item::Star] = items.as_slice() {
                let bytes = input.payload.clone();
                return Outcome::Emit(Emission { bytes, unchanged: true, value: None });
            }
            let needs_object = items.iter().any(|item| matches!(item, Item::Star));
            let is_object = || scope.message.payload().is_some_and(Value::is_object);
            if needs_object && !input.payload.is_empty() && !is_object() {
                return Outcome::Failed("`SELECT *, …` needs a payload that is a JSON object");
            }
        }
        let mut value = scope.project(&self.projection);
        if self.version == SqlVersion::V2015 {
            // Arrays at the top came with 2016-03-23.
            value = value.filter(|value| !value.is_array());
        }
        let bytes = value.as_ref().map(|value| Bytes::from(value.to_string())).unwrap_or_default();
        Outcome::Emit(Emission { bytes, unchanged: false, value })
    }
}

#[cfg(test)]
mod tests;
