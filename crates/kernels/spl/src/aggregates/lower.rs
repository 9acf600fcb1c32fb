//! From a call to a DataFusion aggregate.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{avg, count, count_distinct, max, min, sum};
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit, when};

use super::function::Measure;
use super::udaf::Aggregate;
use super::{AggregateCall, AggregateCx, Argument};
use crate::SplError;
use crate::eval::Expression;
use crate::value::Kind;

pub(super) fn lower(
    call: &AggregateCall,
    schema: &DFSchema,
    cx: &AggregateCx<'_>,
) -> Result<Expr, SplError> {
    let (expr, kind) = match &call.argument {
        Argument::Rows => return Ok(count(lit(1_i64))),
        Argument::Eval(expression) => {
            let is_count = call.measure == Measure::Count;
            if is_count && expression.is_condition(schema, cx.eval)? {
                let holds = expression.lower_predicate(schema, cx.eval)?;
                return Ok(count(only_where(holds, call.at)?));
            }
            argument(expression, schema, cx)?
        }
        Argument::Field(name) => argument(&Expression::field(name, call.at), schema, cx)?,
    };
    if let Some(native) = native(call.measure, &expr, kind) {
        return Ok(native);
    }
    own(call, expr, kind, cx)
}

/// The argument as a column, and its kind.
fn argument(
    expression: &Expression,
    schema: &DFSchema,
    cx: &AggregateCx<'_>,
) -> Result<(Expr, Kind), SplError> {
    let expr = expression.lower(schema, cx.eval)?;
    let data_type = expr.get_type(schema).map_err(|error| {
        SplError::new(expression.span().start, format!("cannot be aggregated: {error}"))
    })?;
    Ok((expr, Kind::of(&data_type)))
}

/// 1 where the condition is true, else null.
fn only_where(condition: Expr, at: usize) -> Result<Expr, SplError> {
    when(condition, lit(1_i64))
        .otherwise(lit(ScalarValue::Int64(None)))
        .map_err(|error| SplError::new(at, format!("cannot be counted: {error}")))
}

/// DataFusion's own aggregate, where it is exact for the kind of column.
fn native(measure: Measure, expr: &Expr, kind: Kind) -> Option<Expr> {
    let expr = expr.clone();
    match measure {
        Measure::Count if kind != Kind::Multi => Some(count(expr)),
        Measure::Distinct if kind != Kind::Multi => Some(count_distinct(expr)),
        Measure::Sum if kind.is_number() => Some(sum(cast(expr, DataType::Float64))),
        Measure::Average if kind.is_number() => Some(avg(cast(expr, DataType::Float64))),
        Measure::Min if kind.is_number() => Some(min(expr)),
        Measure::Max if kind.is_number() => Some(max(expr)),
        _ => None,
    }
}

/// An aggregate of ours.
fn own(
    call: &AggregateCall,
    expr: Expr,
    kind: Kind,
    cx: &AggregateCx<'_>,
) -> Result<Expr, SplError> {
    let mut measure = call.measure;
    if let Measure::Per { seconds } = measure {
        let span = cx.span_seconds.filter(|span| *span > 0.0).ok_or_else(|| {
            SplError::new(call.at, format!("{}() works in timechart only", call.function))
        })?;
        measure = Measure::Per { seconds: seconds / span };
    }
    let time = match (measure.needs_time(), &cx.time) {
        (false, _) => None,
        (true, Some(time)) => Some(time.clone()),
        (true, None) => {
            return Err(SplError::new(
                call.at,
                format!("{}() needs `_time`, which is gone here", call.function),
            ));
        }
    };
    let order = if measure.needs_order() { cx.order.clone() } else { None };
    Ok(Aggregate::call(measure, kind, expr, time, order))
}
