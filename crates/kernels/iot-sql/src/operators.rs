//! Operators (spec iot-core §5.4). `None` is Undefined.

use std::cmp::Ordering;

use serde_json::Value;

use crate::ast::{BinaryOperator, CastTarget};
use crate::convert::{Num, boolean, decimal, number, text, whole};

/// `left operator right`.
pub(crate) fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    match operator {
        BinaryOperator::And => Some(Value::Bool(boolean(left)? & boolean(right)?)),
        BinaryOperator::Or => Some(Value::Bool(boolean(left)? | boolean(right)?)),
        BinaryOperator::Equal => Some(Value::Bool(equal(left, right))),
        BinaryOperator::NotEqual => Some(Value::Bool(!equal(left, right))),
        BinaryOperator::Less => compare(left, right, Ordering::is_lt),
        BinaryOperator::LessOrEqual => compare(left, right, Ordering::is_le),
        BinaryOperator::Greater => compare(left, right, Ordering::is_gt),
        BinaryOperator::GreaterOrEqual => compare(left, right, Ordering::is_ge),
        BinaryOperator::Add if left.is_string() || right.is_string() => {
            Some(Value::String(text(left)? + &text(right)?))
        }
        operator => arithmetic(operator, number(left)?, number(right)?),
    }
}

/// Deep equality; an Int equals the Decimal of the same value; values of different types differ.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            order(Num::of(a), Num::of(b)) == Some(Ordering::Equal)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)))
        }
        (left, right) => left == right,
    }
}

fn order(left: Num, right: Num) -> Option<Ordering> {
    match (left, right) {
        (Num::Int(a), Num::Int(b)) => Some(a.cmp(&b)),
        (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
    }
}

fn compare(left: &Value, right: &Value, holds: fn(Ordering) -> bool) -> Option<Value> {
    order(number(left)?, number(right)?).map(|ordering| Value::Bool(holds(ordering)))
}

fn arithmetic(operator: BinaryOperator, left: Num, right: Num) -> Option<Value> {
    if let (Num::Int(a), Num::Int(b)) = (left, right) {
        let result = match operator {
            BinaryOperator::Add => a.checked_add(b),
            BinaryOperator::Subtract => a.checked_sub(b),
            BinaryOperator::Multiply => a.checked_mul(b),
            // Towards zero; Undefined for a zero divisor.
            BinaryOperator::Divide => return Num::Int(a.checked_div(b)?).into_value(),
            BinaryOperator::Remainder => return Num::Int(a.checked_rem(b)?).into_value(),
            _ => None,
        };
        if let Some(result) = result {
            return Num::Int(result).into_value();
        }
    }
    let (a, b) = (left.as_f64(), right.as_f64());
    match operator {
        BinaryOperator::Add => decimal(a + b),
        BinaryOperator::Subtract => decimal(a - b),
        BinaryOperator::Multiply => decimal(a * b),
        BinaryOperator::Divide => decimal(a / b),
        BinaryOperator::Remainder => decimal(a % b),
        _ => None,
    }
}

/// `-value`.
pub(crate) fn negate(value: &Value) -> Option<Value> {
    match number(value)? {
        Num::Int(n) => Num::Int(n.checked_neg()?).into_value(),
        Num::Decimal(n) => decimal(-n),
    }
}

/// `cast(value AS target)`.
pub(crate) fn cast(value: &Value, target: CastTarget) -> Option<Value> {
    match (target, value) {
        (CastTarget::Text, value) => text(value).map(Value::String),
        (CastTarget::Int, Value::Bool(b)) => Some(Value::from(i64::from(*b))),
        (CastTarget::Int, Value::String(_)) => match number(value)? {
            Num::Int(n) => Num::Int(n).into_value(),
            Num::Decimal(n) => Num::Int(whole(n.trunc())?).into_value(),
        },
        (CastTarget::Int, value) => match number(value)? {
            Num::Int(n) => Num::Int(n).into_value(),
            Num::Decimal(n) => Num::Int(whole(n.floor())?).into_value(),
        },
        (CastTarget::Decimal, Value::Bool(b)) => decimal(if *b { 1.0 } else { 0.0 }),
        (CastTarget::Decimal, value) => match number(value)? {
            // An integer a double cannot hold stays exact.
            Num::Int(n) => Num::Int(n).into_value(),
            Num::Decimal(n) => decimal(n),
        },
        (CastTarget::Boolean, Value::Number(n)) => Some(Value::Bool(Num::of(n).as_f64() != 0.0)),
        (CastTarget::Boolean, value) => boolean(value).map(Value::Bool),
    }
}
