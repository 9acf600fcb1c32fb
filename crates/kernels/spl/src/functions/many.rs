//! Functions of any number of values; null arguments are skipped.

use std::cmp::Ordering;

use super::{Arity, EvalFunction, Returns};
use crate::eval::{Arguments, position};
use crate::value::{Kind, Value, compare};

/// The order of `min` and `max`: numbers, then text.
fn ranked(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    match (left.number().is_some(), right.number().is_some()) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => compare(left, right),
    }
}

/// Every value of every argument.
fn all<'a>(arguments: &Arguments<'a>) -> impl Iterator<Item = Value<'a>> {
    arguments.values_from(0).flatten().flat_map(|value| match value {
        Value::Multi(items) => items.into_iter().map(Value::Text).collect::<Vec<_>>(),
        single => vec![single],
    })
}

pub(super) const MIN: EvalFunction = EvalFunction {
    name: "min",
    arity: Arity::at_least(1),
    doc: "The least value; numbers are less than text.",
    examples: &[
        ("min(3, 1, \"foo\")", "1"),
        ("min(port, missing)", "8883"),
        ("min(\"b\", \"a\")", "a"),
        ("min(missing)", "null"),
    ],
    returns: Returns::Joined { from: 0, step: 1 },
    eval: |arguments| all(arguments).min_by(ranked),
};

pub(super) const MAX: EvalFunction = EvalFunction {
    name: "max",
    arity: Arity::at_least(1),
    doc: "The greatest value; text is greater than numbers.",
    examples: &[
        ("max(1, 30, \"foo\")", "foo"),
        ("max(9, \"10\")", "10"),
        ("max(missing, port, 9000)", "9000"),
    ],
    returns: Returns::Joined { from: 0, step: 1 },
    eval: |arguments| all(arguments).max_by(ranked),
};

pub(super) const SUM: EvalFunction = EvalFunction {
    name: "sum",
    arity: Arity::at_least(1),
    doc: "The sum of the numbers.",
    examples: &[("sum(1, 2, missing, \"3\")", "6"), ("sum(missing)", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let mut numbers = all(arguments).filter_map(|value| value.number()).peekable();
        numbers.peek()?;
        Some(Value::Number(numbers.sum::<f64>() + 0.0))
    },
};

pub(super) const AVG: EvalFunction = EvalFunction {
    name: "avg",
    arity: Arity::at_least(1),
    doc: "The mean of the numbers.",
    examples: &[("avg(1, 2, missing, \"6\")", "3"), ("avg(thing)", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let numbers: Vec<f64> = all(arguments).filter_map(|value| value.number()).collect();
        let count = position(numbers.len()).number().filter(|count| *count > 0.0)?;
        Some(Value::Number(numbers.iter().sum::<f64>() / count))
    },
};
