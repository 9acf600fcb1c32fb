//! The aggregates of `stats`, `chart` and their kin: reading them and putting them into plans.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{cast, ident, lit};

use crate::SplError;
use crate::aggregates::{AggregateCall, AggregateCx, parse_call};
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser, Word};
use crate::pattern::Pattern;
use crate::run::{RunCx, RunError};

/// A call and the name that `as` gives its result.
#[derive(Debug, Clone)]
pub(super) struct NamedCall {
    pub(super) call: AggregateCall,
    alias: Option<String>,
}

impl NamedCall {
    pub(super) fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or(self.call.default_name())
    }
}

/// Reads calls up to one of the key words `stops` or the end of the command. `set` takes the options
/// between them.
pub(super) fn parse_calls(
    parser: &mut Parser<'_>,
    stops: &[&str],
    options: Options,
    mut set: impl FnMut(&'static str, Word) -> Result<(), SplError>,
) -> Result<Vec<NamedCall>, SplError> {
    let mut calls: Vec<NamedCall> = Vec::new();
    loop {
        parser.skip_separators();
        let before = parser.clone();
        let is_stop = stops.iter().any(|stop| parser.accept_keyword(stop));
        *parser = before;
        if is_stop || parser.is_at_end() {
            break;
        }
        if let Some((name, value)) = parser.option(options)? {
            set(name, value)?;
            continue;
        }
        if parser.next_char() == Some('(') {
            let message = "arithmetic over aggregates is not supported; use `eval` afterwards";
            return Err(SplError::new(parser.at(), message));
        }
        calls.push(parse_named(parser)?);
    }
    if calls.is_empty() {
        return Err(parser.unexpected("a function such as `count`"));
    }
    let mut names: Vec<&str> = Vec::new();
    for call in &calls {
        if names.contains(&call.name()) {
            let message =
                format!("two columns would be named `{}`; rename one with `as`", call.name());
            return Err(SplError::new(call.call.at(), message));
        }
        names.push(call.name());
    }
    Ok(calls)
}

/// Reads a call and its `as`.
pub(super) fn parse_named(parser: &mut Parser<'_>) -> Result<NamedCall, SplError> {
    let (call, end) = parse_call(parser.source(), parser.at())?;
    parser.move_to(end);
    if !parser.accept_keyword("as") {
        return Ok(NamedCall { call, alias: None });
    }
    let alias = parser.name("a name")?;
    let stars = Pattern::new(&alias.text).stars();
    let has = call.pattern().map_or(0, |pattern| Pattern::new(pattern).stars());
    if stars != has {
        let message = format!("`{}` has {stars} wildcards and its function has {has}", alias.text);
        return Err(SplError::new(alias.at, message));
    }
    Ok(NamedCall { call, alias: Some(alias.text) })
}

/// The fields that calls read.
pub(super) fn reads_calls(calls: &[NamedCall]) -> Fields {
    calls.iter().fold(Fields::none(), |reads, NamedCall { call, .. }| match call.pattern() {
        Some(pattern) => {
            let time = call.needs_time().then_some("_time");
            reads.with_pattern(&Pattern::new(pattern)).with(time)
        }
        None => reads.with(call.fields()),
    })
}

/// The calls with each pattern replaced by the fields of `flow` that it fits.
pub(super) fn expand_calls(calls: &[NamedCall], flow: &Flow, by: &[String]) -> Vec<NamedCall> {
    let mut expanded: Vec<NamedCall> = Vec::new();
    for named in calls {
        let Some(pattern) = named.call.pattern().map(Pattern::new) else {
            expanded.push(named.clone());
            continue;
        };
        for field in flow.names().iter().filter(|name| !name.starts_with('_') && !by.contains(name))
        {
            let Some(captures) = pattern.captures(field) else { continue };
            let alias = named.alias.as_deref().map(|alias| Pattern::new(alias).fill(&captures));
            let call = NamedCall { call: named.call.with_argument(field), alias };
            if !expanded.iter().any(|known| known.name() == call.name()) {
                expanded.push(call);
            }
        }
    }
    expanded
}

/// Numbers the rows of `flow` if a call depends on their order.
pub(super) fn with_order(
    flow: Flow,
    calls: &[NamedCall],
) -> Result<(Flow, Option<Expr>), RunError> {
    if !calls.iter().any(|named| named.call.needs_order()) {
        return Ok((flow, None));
    }
    let (flow, number) = flow.with_row_numbers()?;
    Ok((flow, Some(ident(number))))
}

/// The calls as aggregates over `flow`, under `names`.
pub(super) fn lower_calls(
    calls: &[NamedCall],
    flow: &Flow,
    order: Option<Expr>,
    span_seconds: Option<f64>,
    cx: &RunCx,
) -> Result<Vec<Expr>, RunError> {
    let eval = cx.eval();
    let aggregates = AggregateCx { time: time_of(flow), order, span_seconds, eval: &eval };
    let lowered = calls.iter().map(|named| named.call.lower(flow.schema(), &aggregates));
    Ok(lowered.collect::<Result<Vec<_>, _>>()?)
}

/// The time of a row.
fn time_of(flow: &Flow) -> Option<Expr> {
    const TIME: &str = "_time";
    let time = DataType::Timestamp(TimeUnit::Millisecond, None);
    match flow.data_type(TIME)? {
        DataType::Timestamp(..) => Some(ident(TIME)),
        number if number.is_numeric() => {
            let ms = cast(ident(TIME), DataType::Float64) * lit(1000.0);
            Some(cast(cast(ms, DataType::Int64), time))
        }
        _ => None,
    }
}
