//! `bin`

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, try_cast};
use datafusion::prelude::ident;
use picket_core::Timestamp;

use super::axis::Buckets;
use super::{Command, Stage, split};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};
use crate::time::{NumberSpan, Span, floor_number, floor_time};
use crate::value::Reader;

pub(crate) const COMMAND: Command = Command {
    name: "bin",
    aliases: &["bucket", "discretize"],
    syntax: "bin [span=<span>|bins=<n>] <field> [AS <name>]",
    doc: "Puts times or numbers into buckets: a time becomes the start of its bucket, a number the name of it, as `10-20`.",
    example: "search index=iot | bin span=5m _time | stats count BY _time",
    generates: false,
    parse,
};

/// Most buckets.
const BINS_MAX: usize = 50_000;

#[derive(Debug)]
struct Bin {
    field: String,
    target: String,
    span: Option<Buckets>,
    /// Most buckets where no span is given.
    bins: usize,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options {
        command: "bin",
        names: &["span", "bins", "minspan", "start", "end", "aligntime"],
    };
    let (mut span, mut bins) = (None, 100);
    let (mut field, mut target) = (None, None);
    while !parser.is_at_end() {
        match parser.option(OPTIONS)? {
            Some(("span", value)) => span = Some(Buckets::parse(value)?),
            Some(("bins", value)) => {
                bins = value.as_count()?;
                if !(2..=BINS_MAX).contains(&bins) {
                    let message = format!("`bins` is from 2 to {BINS_MAX}");
                    return Err(SplError::new(value.at, message));
                }
            }
            Some((name, value)) => return Err(split::unsupported("bin", name, &value)),
            None if field.is_none() => field = Some(parser.name("a field")?.text),
            None if target.is_none() && parser.accept_keyword("as") => {
                target = Some(parser.name("a name")?.text);
            }
            None => parser.expect_end("bin")?,
        }
    }
    let field = field.ok_or_else(|| parser.unexpected("a field"))?;
    let target = target.unwrap_or_else(|| field.clone());
    Ok(Box::new(Bin { field, target, span, bins }))
}

#[async_trait]
impl Stage for Bin {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with([self.field.as_str()])
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let Some(type_) = flow.data_type(&self.field) else { return Ok(flow) };
        let column = flow.column(&self.field);
        let buckets = match (&self.span, &type_) {
            (Some(span), _) => span.floor(column, &type_, cx)?,
            (None, DataType::Timestamp(..)) => {
                let Some((low, high)) = bounds(&flow, column.clone(), cx).await? else {
                    return Ok(flow);
                };
                let at = |seconds: f64| Timestamp::from_millis((seconds * 1000.0) as i64);
                floor_time(column, Span::automatic(at(low), at(high), self.bins), &cx.zone)
            }
            (None, _) => {
                let numbers = match type_ {
                    DataType::List(_) => crate::mapping::as_text(column.clone()),
                    _ => column.clone(),
                };
                let numbers = try_cast(numbers, DataType::Float64);
                let Some((low, high)) = bounds(&flow, numbers, cx).await? else { return Ok(flow) };
                floor_number(column, NumberSpan::automatic(low, high, self.bins))
            }
        };
        Ok(flow.with_column(&self.target, buckets)?)
    }
}

/// The least and the greatest of `values`.
async fn bounds(flow: &Flow, values: Expr, cx: &RunCx) -> Result<Option<(f64, f64)>, RunError> {
    let mut flow = flow.clone();
    let name = flow.hidden_name();
    let flow = flow.with_column(&name, values)?;
    let (low, high) = (min(ident(&name)), max(ident(&name)));
    let bounds = vec![("low".to_owned(), low), ("high".to_owned(), high)];
    let batch = cx.collect_hidden(&flow.aggregate(Vec::new(), bounds)?).await?;
    cx.events.finish_if_counted();
    let number = |column: &ArrayRef| -> Result<Option<f64>, RunError> {
        if column.is_empty() {
            return Ok(None);
        }
        Ok(Reader::new(column)?.value(0).and_then(|value| value.number()))
    };
    let (low, high) = (number(batch.column(0))?, number(batch.column(1))?);
    Ok(low.zip(high))
}
