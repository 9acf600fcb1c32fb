//! Values of the expression language: what a cell holds while a row is looked at (spec siem §1.4, §1.5).
//!
//! Null is the absence of a value, so functions work on `Option<Value>`. A multivalue has two values
//! or more; a list of one is that value.

mod column;
mod compare;
mod kind;
pub mod number;
mod output;
pub mod sort;

use std::borrow::Cow;

pub use column::Reader;
pub use compare::{Comparison, compare, equal};
pub use kind::Kind;
pub use output::build;
pub(crate) use output::millis;

/// A value that is not null. Text is borrowed from the batch or the search where possible.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A whole number as it stands in a column or a literal.
    Integer(i64),
    /// Any other number, and every result of arithmetic.
    Number(f64),
    /// Text; it has a numeric reading when all of it parses as a number.
    Text(Cow<'a, str>),
    /// True or false; lives inside expressions only.
    Bool(bool),
    /// Two values or more, in order.
    Multi(Vec<Cow<'a, str>>),
}

impl<'a> Value<'a> {
    /// Text, borrowed or owned.
    pub fn text_of(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The value of a list of items: null for none, the value itself for one.
    pub fn from_items(mut items: Vec<Cow<'a, str>>) -> Option<Self> {
        match items.len() {
            0 => None,
            1 => items.pop().map(Self::Text),
            _ => Some(Self::Multi(items)),
        }
    }

    /// The numeric reading.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(n) => Some(*n as f64),
            Self::Number(n) => Some(*n),
            Self::Text(text) => number::parse(text),
            Self::Bool(_) | Self::Multi(_) => None,
        }
    }

    /// The truth of a condition; null for everything that is not a Boolean.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The value as text. A multivalue reads as its values with line ends between.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            other => other.clone().into_text(),
        }
    }

    /// The value as text, without a copy where it is text.
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Integer(n) => Cow::Owned(n.to_string()),
            Self::Number(n) => Cow::Owned(number::format(n)),
            Self::Text(text) => text,
            Self::Bool(truth) => Cow::Borrowed(if truth { "True" } else { "False" }),
            Self::Multi(items) => Cow::Owned(items.join("\n")),
        }
    }

    /// The values one by one: those of a multivalue, else the value itself as text.
    pub fn into_items(self) -> Vec<Cow<'a, str>> {
        match self {
            Self::Multi(items) => items,
            single => vec![single.into_text()],
        }
    }

    /// True if `accept` takes the value, or any value of a multivalue.
    pub fn any(&self, mut accept: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::Multi(items) => items.iter().any(|item| accept(item)),
            single => accept(&single.text()),
        }
    }

    /// The value without borrowed parts.
    pub fn into_owned(self) -> Value<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Integer(n) => Value::Integer(n),
            Self::Number(n) => Value::Number(n),
            Self::Text(text) => Value::Text(own(text)),
            Self::Bool(truth) => Value::Bool(truth),
            Self::Multi(items) => Value::Multi(items.into_iter().map(own).collect()),
        }
    }

    /// The value, borrowing from this one.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Integer(n) => Value::Integer(*n),
            Self::Number(n) => Value::Number(*n),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Multi(items) => {
                Value::Multi(items.iter().map(|item| Cow::Borrowed(item.as_ref())).collect())
            }
        }
    }
}
