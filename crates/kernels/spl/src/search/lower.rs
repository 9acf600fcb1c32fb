//! From a search expression to a condition of the engine.
//!
//! The language has two truth values: a comparison with a missing field is false. The engine has three,
//! and null is as good as false in a filter, under AND and under OR; only NOT must turn it into true.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, binary_expr};
use datafusion::prelude::lit;
use picket_core::Timestamp;

use super::raw_test::RawTest;
use super::value_test::{ValueList, ValueTest, network_of};
use super::{CompareOp, Comparison, SearchExpr, TimeBound, same_field};
use crate::eval::EvalCx;
use crate::flow::Flow;
use crate::value::number;

/// The condition that rows of `flow` must meet.
pub(crate) fn lower(expression: &SearchExpr, flow: &Flow, cx: &EvalCx) -> Expr {
    let all = |terms: &[SearchExpr]| terms.iter().map(|term| lower(term, flow, cx)).collect();
    match expression {
        SearchExpr::All(terms) => balanced(all(terms), Operator::And).unwrap_or_else(|| lit(true)),
        SearchExpr::Any(terms) if same_field(terms).is_some() => value_list(terms, flow),
        SearchExpr::Any(terms) => balanced(all(terms), Operator::Or).unwrap_or_else(|| lit(false)),
        SearchExpr::Not(term) => lower(term, flow, cx).is_not_true(),
        SearchExpr::Compare(comparison) => compare(comparison, flow),
        SearchExpr::Raw(term) if term.text.chars().all(|c| c == '*') => lit(true),
        SearchExpr::Raw(term) if flow.has("_raw") => RawTest::new(term).on(flow.column("_raw")),
        SearchExpr::Raw(_) => lit(false),
        SearchExpr::Time(bound) => time_bound(bound, cx),
    }
}

/// The terms joined to a tree that is no deeper than it must be.
pub(crate) fn balanced(mut terms: Vec<Expr>, operator: Operator) -> Option<Expr> {
    if terms.len() < 2 {
        return terms.pop();
    }
    let right = terms.split_off(terms.len() / 2);
    let (left, right) = (balanced(terms, operator)?, balanced(right, operator)?);
    Some(binary_expr(left, operator, right))
}

/// Whether the field of `terms`, which are comparisons with one field, has any of their values.
fn value_list(terms: &[SearchExpr], flow: &Flow) -> Expr {
    let Some(field) = same_field(terms).filter(|field| flow.has(field)) else { return lit(false) };
    let comparisons = terms.iter().filter_map(|term| match term {
        SearchExpr::Compare(comparison) => Some(comparison),
        _ => None,
    });
    ValueList::new(comparisons).on(flow.column(field))
}

fn time_bound(bound: &TimeBound, cx: &EvalCx) -> Expr {
    if bound.spec.is_zero() {
        // All time.
        return lit(true);
    }
    let column = if bound.is_index_time { "_indextime" } else { "_time" };
    time_condition(column, bound.is_earliest, bound.spec.resolve_in(cx.now, &cx.zone))
}

/// `column` is at or after `time`, or before it.
pub(crate) fn time_condition(column: &str, is_earliest: bool, time: Timestamp) -> Expr {
    let column = datafusion::prelude::ident(column);
    if is_earliest { column.gt_eq(time_literal(time)) } else { column.lt(time_literal(time)) }
}

fn time_literal(time: Timestamp) -> Expr {
    lit(ScalarValue::TimestampMillisecond(Some(time.as_millis()), None))
}

fn compare(comparison: &Comparison, flow: &Flow) -> Expr {
    let Some(data_type) = flow.data_type(&comparison.field) else { return lit(false) };
    let column = flow.column(&comparison.field);
    if comparison.value == "*" {
        return match comparison.operator {
            CompareOp::Eq => column.is_not_null(),
            CompareOp::NotEq => lit(false),
            _ => ValueTest::new(comparison).on(column),
        };
    }
    let native = match data_type {
        DataType::Int64 => compare_integer(comparison, column.clone()),
        DataType::Float64 => compare_float(comparison, column.clone()),
        DataType::Timestamp(..) => compare_time(comparison, column.clone()),
        DataType::Utf8 => compare_text(comparison, column.clone()),
        _ => None,
    };
    native.unwrap_or_else(|| ValueTest::new(comparison).on(column))
}

fn operator_of(operator: CompareOp) -> Operator {
    match operator {
        CompareOp::Eq => Operator::Eq,
        CompareOp::NotEq => Operator::NotEq,
        CompareOp::Less => Operator::Lt,
        CompareOp::LessEq => Operator::LtEq,
        CompareOp::Greater => Operator::Gt,
        CompareOp::GreaterEq => Operator::GtEq,
    }
}

/// Where the literal can be met by no number at all: false, or for `!=` true for every number.
fn never(operator: CompareOp, column: Expr) -> Option<Expr> {
    match operator {
        CompareOp::Eq => Some(lit(false)),
        CompareOp::NotEq => Some(column.is_not_null()),
        _ => None,
    }
}

fn compare_integer(comparison: &Comparison, column: Expr) -> Option<Expr> {
    let Comparison { operator, value, .. } = comparison;
    let integer: Option<i64> = value.parse().ok();
    if matches!(operator, CompareOp::Eq | CompareOp::NotEq) {
        if !comparison.is_exact() {
            return None;
        }
        // Equality is of text: 1 is not 01.
        let same = integer.filter(|integer| integer.to_string() == *value);
        return match same {
            Some(integer) => Some(binary_expr(column, operator_of(*operator), lit(integer))),
            None => never(*operator, column),
        };
    }
    if let Some(integer) = integer {
        return Some(binary_expr(column, operator_of(*operator), lit(integer)));
    }
    // A fraction lies between two whole numbers.
    let number =
        number::parse(value).filter(|number| number.abs() < 9e15 && number.fract() != 0.0)?;
    Some(match operator {
        CompareOp::Less | CompareOp::LessEq => column.lt_eq(lit(number.floor() as i64)),
        _ => column.gt_eq(lit(number.ceil() as i64)),
    })
}

fn compare_float(comparison: &Comparison, column: Expr) -> Option<Expr> {
    let Comparison { operator, value, .. } = comparison;
    let number = number::parse(value).filter(|number| number.is_finite());
    if matches!(operator, CompareOp::Eq | CompareOp::NotEq) {
        if !comparison.is_exact() {
            return None;
        }
        let same = number.filter(|number| number::format(*number) == *value);
        return match same {
            Some(number) => Some(binary_expr(column, operator_of(*operator), lit(number))),
            None => never(*operator, column),
        };
    }
    Some(binary_expr(column, operator_of(*operator), lit(number?)))
}

fn compare_time(comparison: &Comparison, column: Expr) -> Option<Expr> {
    let ms = number::parse(&comparison.value).map(|seconds| (seconds * 1000.0).round());
    let ms = ms.filter(|ms| ms.abs() < 9e15)?;
    let time = time_literal(Timestamp::from_millis(ms as i64));
    Some(binary_expr(column, operator_of(comparison.operator), time))
}

fn compare_text(comparison: &Comparison, column: Expr) -> Option<Expr> {
    let Comparison { operator, value, is_cased, .. } = comparison;
    if network_of(value).is_some() || !matches!(operator, CompareOp::Eq | CompareOp::NotEq) {
        return None;
    }
    let has_case = !is_cased && value.chars().any(|c| !c.is_ascii() || c.is_ascii_alphabetic());
    if comparison.is_exact() && !has_case {
        // Files are skipped by this one.
        return Some(binary_expr(column, operator_of(*operator), lit(value.clone())));
    }
    if !value.is_ascii() {
        return None;
    }
    let mut pattern = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '*' => pattern.push('%'),
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            c => pattern.push(c),
        }
    }
    let pattern = lit(pattern);
    Some(match (operator, is_cased) {
        (CompareOp::Eq, false) => column.ilike(pattern),
        (CompareOp::Eq, true) => column.like(pattern),
        (_, false) => column.not_ilike(pattern),
        (_, true) => column.not_like(pattern),
    })
}
