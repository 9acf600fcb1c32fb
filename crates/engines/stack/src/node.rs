//! A template's values before their type is known.

use serde_json::{Map, Number, Value};

/// A value. Scalars stay as they are written until a property says what it takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// `null`, `~` or nothing at all.
    Null,
    /// A scalar without quotes: a number, a flag or a text.
    Plain(String),
    /// A scalar in quotes or a block: a text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object, in the order written; no key comes twice.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// The scalar as it is written.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Plain(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The only pair of an object that has one.
    pub(crate) fn single_pair(&self) -> Option<(&str, &Self)> {
        match self {
            Self::Map(pairs) => match pairs.as_slice() {
                [(name, value)] => Some((name, value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// What the value is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Plain(_) | Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    /// The value as JSON, scalars without quotes typed as in JSON.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Plain(text) => typed(text),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| (name.clone(), value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}

/// A plain scalar as JSON: `true`, `false`, a number in JSON's spelling, else a text.
fn typed(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse::<Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text.to_owned()),
        },
    }
}
