//! The functions of the rules SQL (spec iot-core §5.5). One file per family; each function's
//! examples are run as tests.

mod bits;
mod collections;
mod context;
mod encoding;
mod hashes;
mod maths;
mod mqtt;
mod presence;
mod regular;
mod rounding;
mod strings;
mod substrings;
mod time;
mod transform;

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use crate::convert;
use crate::eval::Evaluated;
use crate::input::Input;
use crate::version::SqlVersion;

/// A function a statement can call.
#[derive(Debug)]
pub struct SqlFunction {
    /// Its name in lower case; calls are compared without regard to case.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arity: Arity,
    /// The oldest version of the language that has it.
    pub since: SqlVersion,
    /// One sentence for whoever writes a rule.
    pub doc: &'static str,
    /// Expressions and their JSON results, empty for Undefined.
    pub examples: &'static [(&'static str, &'static str)],
    /// Its value; `None` is Undefined.
    pub(crate) eval: fn(&Arguments<'_>) -> Option<Value>,
}

/// How many arguments a function takes, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arity {
    /// Fewest.
    pub min: usize,
    /// Most.
    pub max: usize,
}

impl Arity {
    const fn exactly(n: usize) -> Self {
        Self { min: n, max: n }
    }

    const fn between(min: usize, max: usize) -> Self {
        Self { min, max }
    }

    /// What is wrong with `given` arguments, to follow "f() takes".
    pub(crate) fn problem(self, given: usize) -> Option<String> {
        if (self.min..=self.max).contains(&given) {
            return None;
        }
        let range = match self {
            Self { min, max } if min == max => format!("{min}"),
            Self { min, max: usize::MAX } => format!("{min} or more"),
            Self { min, max } => format!("{min} to {max}"),
        };
        Some(format!("{range} arguments, {given} given"))
    }
}

/// The evaluated arguments of a call.
pub(crate) struct Arguments<'a> {
    pub(crate) values: &'a [Evaluated<'a>],
    /// The first argument is `*`.
    pub(crate) whole_payload: bool,
    /// The compiled second argument, when that is a literal of a regular expression function.
    pub(crate) regex: Option<&'a Regex>,
    pub(crate) input: &'a Input<'a>,
    pub(crate) version: SqlVersion,
}

impl Arguments<'_> {
    /// The argument at `index`; Undefined if absent.
    fn get(&self, index: usize) -> Option<&Value> {
        self.values.get(index)?.as_deref()
    }

    /// The argument as text; other types are converted, Null is Undefined.
    fn text(&self, index: usize) -> Option<Cow<'_, str>> {
        match self.get(index)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            other => convert::text(other).map(Cow::Owned),
        }
    }

    /// The argument as a double: a number or a numeric string.
    fn number(&self, index: usize) -> Option<f64> {
        convert::number(self.get(index)?).map(convert::Num::as_f64)
    }

    /// The argument as a whole number, rounded down.
    fn int(&self, index: usize) -> Option<i128> {
        convert::int_floor(self.get(index)?)
    }
}

/// Every function, by name.
pub const ALL: &[SqlFunction] = &[
    rounding::ABS,
    context::ACCOUNTID,
    maths::ACOS,
    maths::ASIN,
    maths::ATAN,
    maths::ATAN2,
    bits::BITAND,
    bits::BITNOT,
    bits::BITOR,
    bits::BITXOR,
    rounding::CEIL,
    strings::CHR,
    context::CLIENTID,
    collections::CONCAT,
    maths::COS,
    maths::COSH,
    encoding::DECODE,
    encoding::ENCODE,
    substrings::ENDSWITH,
    maths::EXP,
    rounding::FLOOR,
    collections::GET,
    mqtt::GET_MQTT_PROPERTY,
    mqtt::GET_USER_PROPERTIES,
    substrings::INDEXOF,
    presence::ISNULL,
    presence::ISUNDEFINED,
    strings::LENGTH,
    maths::LN,
    maths::LOG,
    strings::LOWER,
    strings::LPAD,
    strings::LTRIM,
    rounding::MOD,
    presence::NANVL,
    context::NEWUUID,
    strings::NUMBYTES,
    time::PARSE_TIME,
    maths::POWER,
    context::PRINCIPAL,
    context::RAND,
    regular::REGEXP_MATCHES,
    regular::REGEXP_REPLACE,
    regular::REGEXP_SUBSTR,
    rounding::REMAINDER,
    substrings::REPLACE,
    rounding::ROUND,
    strings::RPAD,
    strings::RTRIM,
    hashes::SHA224,
    hashes::SHA256,
    hashes::SHA384,
    hashes::SHA512,
    rounding::SIGN,
    maths::SIN,
    maths::SINH,
    context::SQL_VERSION,
    maths::SQRT,
    substrings::STARTSWITH,
    substrings::SUBSTRING,
    maths::TAN,
    maths::TANH,
    time::TIME_TO_EPOCH,
    context::TIMESTAMP,
    context::TOPIC,
    context::TRACEID,
    transform::TRANSFORM,
    strings::TRIM,
    rounding::TRUNC,
    strings::UPPER,
];

/// Functions AWS has and this engine refuses, with the reason.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    ("aws_lambda", "rules cannot call a function outside while they are evaluated"),
    ("get_dynamodb", "there is no DynamoDB to ask"),
    ("get_secret", "secrets are not handed to rules"),
    ("get_thing_shadow", "there are no device shadows"),
    ("get_registry_data", "rules cannot ask the registry"),
    ("machinelearning_predict", "there is no machine learning service to ask"),
    ("md2", "this hash is broken; use sha256"),
    ("md5", "this hash is broken; use sha256"),
    ("sha1", "this hash is broken; use sha256"),
];

/// The function called `name`.
pub(crate) fn find(name: &str) -> Option<&'static SqlFunction> {
    ALL.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
