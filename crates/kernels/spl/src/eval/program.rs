//! An expression bound to the columns of a batch, and its value for one row.

use parking_lot::Mutex;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::EvalCx;
use super::arguments::Arguments;
use super::regular::Pattern;
use super::syntax::{Logic, Operator};
use crate::functions::EvalFunction;
use crate::value::{Comparison, Reader, Value, number};

/// Longest text that concatenation makes.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// An expression whose fields are columns by number.
#[derive(Debug)]
pub(crate) enum Program {
    Constant(Option<Value<'static>>),
    Column(usize),
    Negate(Box<Program>),
    Not(Box<Program>),
    Logic(Logic, Vec<Program>),
    Compare(Comparison, Box<Program>, Box<Program>),
    Arithmetic(Box<Program>, Vec<(Operator, Program)>),
    Call(Box<Call>),
}

/// A call with what could be prepared for it.
pub(crate) struct Call {
    pub(crate) function: &'static EvalFunction,
    pub(crate) arguments: Vec<Program>,
    /// Which arguments were written as text in quotes: they are text even where they read as numbers.
    pub(crate) quoted: Vec<bool>,
    /// The pattern that was written in the search.
    pub(crate) fixed_pattern: Option<Arc<Pattern>>,
    /// The pattern that was used last, where it comes from the row.
    pub(crate) pattern: Mutex<Option<Arc<Pattern>>>,
    /// How many random numbers were drawn.
    pub(crate) draws: AtomicU64,
}

impl fmt::Debug for Call {
    /// What the call computes, and nothing that changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}{:?}", self.function.name, self.arguments, self.quoted)
    }
}

/// The row an expression is evaluated for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a [Reader],
    pub(crate) index: usize,
    /// A column that stands for one value while its values are gone through.
    pub(crate) bound: Option<(usize, &'a str)>,
    pub(crate) cx: &'a EvalCx,
}

impl Program {
    /// The value for `row`; `None` is null.
    pub(crate) fn evaluate<'a>(&'a self, row: &'a Row<'a>) -> Option<Value<'a>> {
        match self {
            Self::Constant(value) => value.as_ref().map(Value::borrowed),
            Self::Column(column) => match row.bound {
                Some((bound, text)) if bound == *column => Some(Value::Text(Cow::Borrowed(text))),
                _ => row.columns.get(*column)?.value(row.index),
            },
            Self::Negate(inner) => Some(Value::Number(0.0 - inner.evaluate(row)?.number()?)),
            Self::Not(inner) => Some(Value::Bool(!inner.truth(row)?)),
            Self::Logic(logic, parts) => logic_truth(*logic, parts, row).map(Value::Bool),
            Self::Compare(comparison, left, right) => {
                let holds = comparison.holds(&left.evaluate(row)?, &right.evaluate(row)?);
                Some(Value::Bool(holds))
            }
            Self::Arithmetic(first, rest) => {
                let mut value = first.evaluate(row)?;
                let mut left = first.as_ref();
                for (operator, right) in rest {
                    let quoted = left.is_quoted() && right.is_quoted();
                    value = apply(*operator, value, right.evaluate(row)?, quoted)?;
                    left = right;
                }
                Some(value)
            }
            Self::Call(call) => (call.function.eval)(&Arguments::new(call, row)),
        }
    }

    /// The truth of a condition for `row`.
    pub(crate) fn truth(&self, row: &Row<'_>) -> Option<bool> {
        self.evaluate(row)?.truth()
    }

    /// Whether it is text written in the search.
    pub(crate) fn is_quoted(&self) -> bool {
        matches!(self, Self::Constant(Some(Value::Text(_))))
    }
}

/// Three-valued: an unknown part leaves the answer open only if the others do.
fn logic_truth(logic: Logic, parts: &[Program], row: &Row<'_>) -> Option<bool> {
    if logic == Logic::Xor {
        return parts.iter().try_fold(false, |truth, part| Some(truth ^ part.truth(row)?));
    }
    let decisive = logic == Logic::Or;
    let mut is_known = true;
    for part in parts {
        match part.truth(row) {
            Some(truth) if truth == decisive => return Some(decisive),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(!decisive)
}

fn apply<'a>(
    operator: Operator,
    left: Value<'a>,
    right: Value<'a>,
    both_quoted: bool,
) -> Option<Value<'a>> {
    if operator == Operator::Concat {
        return concat(left, right);
    }
    let numbers = left.number().zip(right.number());
    if operator == Operator::Add {
        match numbers {
            Some((a, b)) if !both_quoted => return finite_zero(a + b),
            _ => {}
        }
        let both_text = matches!((&left, &right), (Value::Text(_), Value::Text(_)));
        return if both_text { concat(left, right) } else { None };
    }
    let (a, b) = numbers?;
    match operator {
        Operator::Subtract => finite_zero(a - b),
        Operator::Multiply => finite_zero(a * b),
        Operator::Divide if b != 0.0 => finite_zero(a / b),
        Operator::Remainder if b != 0.0 => finite_zero(a % b),
        _ => None,
    }
}

/// A number, with one zero only.
fn finite_zero<'a>(value: f64) -> Option<Value<'a>> {
    Some(Value::Number(value + 0.0))
}

fn concat<'a>(left: Value<'a>, right: Value<'a>) -> Option<Value<'a>> {
    let mut text = left.into_text().into_owned();
    let right = right.text();
    if text.len() + right.len() > TEXT_BYTES_MAX {
        return None;
    }
    text.push_str(&right);
    Some(Value::Text(Cow::Owned(text)))
}

/// The position as a double; positions are far below 2^53.
pub(crate) fn position<'a>(at: usize) -> Value<'a> {
    Value::Number(number::from_whole(i64::try_from(at).unwrap_or(i64::MAX)))
}
