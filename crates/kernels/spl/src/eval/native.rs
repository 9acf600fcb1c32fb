//! The expressions that DataFusion computes exactly as the language asks. Handing them over lets it
//! skip segments by their statistics and use its vector kernels.

use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{Expr, Operator as Op, binary_expr, cast, lit, when};

use super::compile::{Source, kind};
use super::program::Program;
use super::syntax::{Logic, Operator};
use crate::value::{Comparison, Kind, Value, build, number};

/// Longest chain that becomes a tree of DataFusion expressions.
const CHAIN_MAX: usize = 32;

/// `program` as a column of kind `wanted`, if DataFusion can compute it.
pub(super) fn lower(program: &Program, wanted: Kind, sources: &[Source]) -> Option<Expr> {
    match (wanted, program) {
        (Kind::Bool, _) => condition(program, sources),
        (Kind::Time, Program::Constant(None)) => None,
        (wanted, Program::Constant(None)) => {
            ScalarValue::try_from(&wanted.data_type()).ok().map(lit)
        }
        (Kind::Time, Program::Column(column)) => {
            let source = sources.get(*column)?;
            (source.kind() == Kind::Time).then(|| column_expr(source))
        }
        (Kind::Time, _) => None,
        (Kind::Multi, Program::Constant(Some(value))) => {
            let list = build(Kind::Multi, std::iter::once(Some(value.borrowed())));
            Some(lit(ScalarValue::List(Arc::new(list.as_list::<i32>().clone()))))
        }
        (wanted, _) => {
            let found = kind(program, sources);
            let expr = value(program, sources)?;
            match (wanted, found) {
                (wanted, found) if wanted == found => Some(expr),
                (Kind::Number, Kind::Integer) => Some(cast(expr, DataType::Float64)),
                (Kind::Number, Kind::Time) => Some(expr),
                _ => None,
            }
        }
    }
}

/// A condition that is neither true nor false.
pub(super) fn unknown() -> Expr {
    lit(ScalarValue::Boolean(None))
}

/// Joins conditions pairwise, so that a long chain does not make a deep tree.
pub(super) fn join(logic: Logic, mut parts: Vec<Expr>) -> Expr {
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            joined.push(match (rest.next(), logic) {
                (None, _) => left,
                (Some(right), Logic::And) => left.and(right),
                (Some(right), Logic::Or) => left.or(right),
                (Some(right), Logic::Xor) => left.not_eq(right),
            });
        }
        parts = joined;
    }
    parts.pop().unwrap_or_else(unknown)
}

fn condition(program: &Program, sources: &[Source]) -> Option<Expr> {
    match program {
        Program::Constant(None) => Some(unknown()),
        Program::Constant(Some(value)) => Some(lit(value.truth()?)),
        Program::Column(column) => {
            let source = sources.get(*column)?;
            (source.kind() == Kind::Bool).then(|| column_expr(source))
        }
        Program::Not(inner) => Some(!condition(inner, sources)?),
        Program::Logic(logic, parts) => {
            let parts = parts.iter().map(|part| condition(part, sources));
            Some(join(*logic, parts.collect::<Option<_>>()?))
        }
        Program::Compare(comparison, left, right) => compare(*comparison, left, right, sources),
        Program::Call(call) => match (call.function.name, call.arguments.as_slice()) {
            ("isnull", [Program::Column(column)]) => {
                Some(column_expr(sources.get(*column)?).is_null())
            }
            ("isnotnull", [Program::Column(column)]) => {
                Some(column_expr(sources.get(*column)?).is_not_null())
            }
            (
                "like",
                [text @ Program::Column(_), Program::Constant(Some(Value::Text(pattern)))],
            ) if kind(text, sources) == Kind::Text && !pattern.ends_with('\\') => {
                Some(value(text, sources)?.like(lit(pattern.as_ref())))
            }
            ("in", [tested, choices @ ..]) if choices.len() <= CHAIN_MAX => {
                let choices = choices.iter();
                let equal = choices.map(|c| compare(Comparison::Equal, tested, c, sources));
                Some(join(Logic::Or, equal.collect::<Option<_>>()?))
            }
            _ => None,
        },
        _ => None,
    }
}

fn compare(
    comparison: Comparison,
    left: &Program,
    right: &Program,
    sources: &[Source],
) -> Option<Expr> {
    if matches!(left, Program::Constant(None)) || matches!(right, Program::Constant(None)) {
        return Some(unknown());
    }
    let (left_kind, right_kind) = (kind(left, sources), kind(right, sources));
    match (left, right) {
        (Program::Constant(_), Program::Column(_)) => {
            return compare(comparison.mirrored(), right, left, sources);
        }
        (Program::Column(column), Program::Constant(Some(value))) if left_kind == Kind::Time => {
            return compare_time(comparison, sources.get(*column)?, value);
        }
        (Program::Column(column), Program::Constant(Some(Value::Text(text))))
            if left_kind == Kind::Text && number::parse(text).is_none() =>
        {
            let column = column_expr(sources.get(*column)?);
            return Some(binary_expr(column, operator(comparison), lit(text.as_ref())));
        }
        _ => {}
    }
    match (left_kind.is_number(), right_kind.is_number()) {
        (true, true) => {}
        (true, false) => return compare(comparison, left, &numeric(right)?, sources),
        (false, true) => return compare(comparison, &numeric(left)?, right, sources),
        (false, false) => return None,
    }
    let both_whole = left_kind == Kind::Integer && right_kind == Kind::Integer;
    let side = |program, found| {
        let expr = value(program, sources)?;
        Some(if both_whole || found == Kind::Number { expr } else { cast(expr, DataType::Float64) })
    };
    Some(binary_expr(side(left, left_kind)?, operator(comparison), side(right, right_kind)?))
}

/// The number that a text in the search is.
fn numeric(program: &Program) -> Option<Program> {
    let Program::Constant(Some(Value::Text(text))) = program else { return None };
    let number = Value::Number(number::parse(text)?);
    Some(Program::Constant(Some(text.parse().map_or(number, Value::Integer))))
}

/// Compares a point in time with a number of whole milliseconds.
fn compare_time(comparison: Comparison, source: &Source, value: &Value<'_>) -> Option<Expr> {
    let DataType::Timestamp(TimeUnit::Millisecond, zone) = &source.data_type else { return None };
    let exact = value.number()? * 1000.0;
    let millis = number::whole(exact.round()).filter(|_| (exact - exact.round()).abs() < 1e-3)?;
    let literal = ScalarValue::TimestampMillisecond(Some(millis), zone.clone());
    Some(binary_expr(column_expr(source), operator(comparison), lit(literal)))
}

/// `program` as a column of the type of its kind; points in time as seconds.
fn value(program: &Program, sources: &[Source]) -> Option<Expr> {
    match program {
        Program::Constant(Some(Value::Integer(n))) => Some(lit(*n)),
        Program::Constant(Some(Value::Number(n))) => Some(lit(*n)),
        Program::Constant(Some(Value::Text(text))) => Some(lit(text.as_ref())),
        Program::Column(column) => {
            let source = sources.get(*column)?;
            let expr = column_expr(source);
            let wanted = source.kind().data_type();
            Some(match source.kind() {
                Kind::Time => seconds(expr, &source.data_type),
                _ if source.data_type == wanted => expr,
                _ => cast(expr, wanted),
            })
        }
        Program::Negate(inner) => {
            let inner = double(inner, sources)?;
            Some(lit(0.0) - inner)
        }
        Program::Arithmetic(first, rest) if rest.len() <= CHAIN_MAX => {
            let mut sum = double(first, sources)?;
            for (operator, right) in rest {
                let right = double(right, sources)?;
                sum = match operator {
                    Operator::Add => sum + right,
                    Operator::Subtract => sum - right,
                    Operator::Multiply => sum * right,
                    Operator::Divide => sum / nullif(right + lit(0.0), lit(0.0)),
                    Operator::Remainder => sum % nullif(right + lit(0.0), lit(0.0)),
                    Operator::Concat => return None,
                };
            }
            // Adding zero turns -0 into 0.
            Some(sum + lit(0.0))
        }
        Program::Call(call) => match (call.function.name, call.arguments.as_slice()) {
            ("if", [test, yes, no]) => {
                let joined = in_seconds(kind(program, sources));
                let (yes, no) = (lower(yes, joined, sources)?, lower(no, joined, sources)?);
                when(condition(test, sources)?, yes).otherwise(no).ok()
            }
            ("case", branches) if branches.len() <= CHAIN_MAX => case(program, branches, sources),
            ("coalesce", choices) if choices.len() <= CHAIN_MAX => {
                first_of(choices, in_seconds(kind(program, sources)), sources)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Conditions and values in turn; null if no condition holds.
fn case(program: &Program, branches: &[Program], sources: &[Source]) -> Option<Expr> {
    let joined = in_seconds(kind(program, sources));
    let mut branches = branches
        .chunks_exact(2)
        .map(|branch| Some((condition(&branch[0], sources)?, lower(&branch[1], joined, sources)?)));
    let (test, value) = branches.next()??;
    let mut chosen = when(test, value);
    for branch in branches {
        let (test, value) = branch?;
        chosen = chosen.when(test, value);
    }
    chosen.end().ok()
}

/// The first of columns and constants that is not null.
fn first_of(choices: &[Program], joined: Kind, sources: &[Source]) -> Option<Expr> {
    let plain = |choice: &Program| matches!(choice, Program::Column(_) | Program::Constant(_));
    if !choices.iter().all(plain) {
        return None;
    }
    let mut choices = choices.iter().rev();
    let last = lower(choices.next()?, joined, sources)?;
    choices.try_fold(last, |rest, choice| {
        let value = lower(choice, joined, sources)?;
        when(value.clone().is_not_null(), value).otherwise(rest).ok()
    })
}

/// Points in time are computed with as seconds.
fn in_seconds(kind: Kind) -> Kind {
    if kind == Kind::Time { Kind::Number } else { kind }
}

/// `program` as doubles, if all its values are numbers.
fn double(program: &Program, sources: &[Source]) -> Option<Expr> {
    kind(program, sources).is_number().then(|| lower(program, Kind::Number, sources))?
}

/// Milliseconds since 1970 as seconds.
fn seconds(expr: Expr, data_type: &DataType) -> Expr {
    let expr = match data_type {
        DataType::Timestamp(TimeUnit::Millisecond, _) => expr,
        DataType::Timestamp(_, zone) => {
            cast(expr, DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))
        }
        _ => expr,
    };
    cast(cast(expr, DataType::Int64), DataType::Float64) / lit(1000.0)
}

fn column_expr(source: &Source) -> Expr {
    Expr::Column(source.column.clone())
}

fn operator(comparison: Comparison) -> Op {
    match comparison {
        Comparison::Equal => Op::Eq,
        Comparison::NotEqual => Op::NotEq,
        Comparison::Less => Op::Lt,
        Comparison::LessOrEqual => Op::LtEq,
        Comparison::Greater => Op::Gt,
        Comparison::GreaterOrEqual => Op::GtEq,
    }
}
