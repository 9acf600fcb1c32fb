//! `timechart`

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, TimestampMillisecondArray};
use datafusion::arrow::datatypes::{DataType, TimestampMillisecondType};
use datafusion::functions_aggregate::expr_fn;
use datafusion::prelude::ident;
use picket_core::Timestamp;

use super::axis::{Axis, Buckets};
use super::calls::{NamedCall, expand_calls, parse_calls, reads_calls, with_order};
use super::chart::parse_axis;
use super::grouping::with_values;
use super::pivot::{Pivot, SplitOptions};
use super::{Command, Stage, split};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser, Word};
use crate::run::{RunCx, RunError, TimeRange};
use crate::time::{Span, floor_time};

pub(crate) const COMMAND: Command = Command {
    name: "timechart",
    aliases: &[],
    syntax: "timechart [span=<span>|bins=<n>] [cont=<bool>] [partial=<bool>] [fixedrange=<bool>] [limit=[top|bottom]<n>] <function>… [BY <field>] [usenull=<bool>] [useother=<bool>]",
    doc: "A table over time: a row for each bucket of the range, also where nothing happened.",
    example: "search index=iot | timechart span=5m count BY thing",
    generates: false,
    parse,
};

const OPTIONS: Options = Options {
    command: "timechart",
    names: &[
        "limit",
        "sep",
        "format",
        "usenull",
        "useother",
        "nullstr",
        "otherstr",
        "agg",
        "cont",
        "partial",
        "fixedrange",
        "span",
        "bins",
        "minspan",
        "aligntime",
        "dedup_splitvals",
    ],
};
const TIME: &str = "_time";
/// Most buckets.
const BUCKETS_MAX: usize = 50_000;

#[derive(Debug)]
struct Timechart {
    calls: Vec<NamedCall>,
    series: Option<Axis>,
    options: SplitOptions,
    span: Option<Span>,
    /// Most buckets where no span is given.
    bins: usize,
    /// Whether buckets in which nothing happened are rows.
    is_continuous: bool,
    /// Whether the first and last buckets stay if the range covers them in part only.
    keeps_partial: bool,
    /// Whether the rows cover the range of the search and not only the events.
    has_fixed_range: bool,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let mut chart = Timechart {
        calls: Vec::new(),
        series: None,
        options: SplitOptions { hides_underscore: true, ..SplitOptions::default() },
        span: None,
        bins: 100,
        is_continuous: true,
        keeps_partial: true,
        has_fixed_range: true,
    };
    let calls = parse_calls(parser, &["by"], OPTIONS, |name, value| chart.set(name, value))?;
    chart.calls = calls;
    if parser.accept_keyword("by") {
        chart.series = Some(parse_axis(parser)?);
        loop {
            parser.skip_separators();
            match parser.option(OPTIONS)? {
                Some((name, value)) => chart.set(name, value)?,
                None => break,
            }
        }
    }
    if parser.accept_keyword("where") {
        let message = "the `where` clause of `timechart` is not supported; use `limit`";
        return Err(SplError::new(parser.at(), message));
    }
    Ok(Box::new(chart))
}

impl Timechart {
    fn set(&mut self, name: &'static str, value: Word) -> Result<(), SplError> {
        if split::set(&mut self.options, name, &value)? {
            return Ok(());
        }
        match (name, self.series.as_mut()) {
            // After the field that makes the columns, it cuts that.
            ("span", Some(series)) => series.span = Some(Buckets::parse(value)?),
            ("span", None) => {
                let span = Span::parse(&value.text);
                self.span = Some(span.map_err(|error| SplError::new(value.at, error.message))?);
            }
            ("bins", None) => self.bins = value.as_count()?.clamp(1, BUCKETS_MAX),
            ("cont", _) => self.is_continuous = value.as_bool()?,
            ("partial", _) => self.keeps_partial = value.as_bool()?,
            ("fixedrange", _) => self.has_fixed_range = value.as_bool()?,
            ("dedup_splitvals", _) if !value.as_bool()? => {}
            (name, _) => return Err(split::unsupported("timechart", name, &value)),
        }
        Ok(())
    }

    /// The time range of the rows: that of the search as far as it has bounds, else that of the events.
    async fn range(
        &self,
        flow: &Flow,
        cx: &RunCx,
    ) -> Result<Option<(Timestamp, Timestamp)>, RunError> {
        let range = if self.has_fixed_range { cx.range } else { TimeRange::default() };
        if let (Some(earliest), Some(latest)) = (range.earliest, range.latest) {
            return Ok(Some((earliest, latest)));
        }
        let bounds = [("first", expr_fn::min(ident(TIME))), ("last", expr_fn::max(ident(TIME)))];
        let bounds = bounds.map(|(name, bound)| (name.to_owned(), bound)).to_vec();
        let batch = cx.collect_hidden(&flow.clone().aggregate(Vec::new(), bounds)?).await?;
        cx.events.finish();
        let time = |column: usize| {
            let times = batch.column(column).as_primitive_opt::<TimestampMillisecondType>()?;
            (times.len() == 1 && times.is_valid(0)).then(|| Timestamp::from_millis(times.value(0)))
        };
        let (Some(first), Some(last)) = (time(0), time(1)) else { return Ok(None) };
        let after_last = Timestamp::from_millis(last.as_millis().saturating_add(1));
        Ok(Some((range.earliest.unwrap_or(first), range.latest.unwrap_or(after_last))))
    }

    /// The starts of the buckets of a range.
    fn buckets(
        &self,
        (earliest, latest): (Timestamp, Timestamp),
        span: Span,
        cx: &RunCx,
    ) -> Result<Vec<i64>, RunError> {
        let mut buckets = Vec::new();
        let mut start = span.floor(earliest, &cx.zone);
        while start < latest {
            if buckets.len() >= BUCKETS_MAX {
                let message =
                    format!("`timechart` has at most {BUCKETS_MAX} rows; choose a longer span");
                return Err(RunError::TooLarge(message));
            }
            let next = span.next(start, &cx.zone);
            if self.keeps_partial || (start >= earliest && next <= latest) {
                buckets.push(start.as_millis());
            }
            if next <= start {
                break;
            }
            start = next;
        }
        Ok(buckets)
    }
}

#[async_trait]
impl Stage for Timechart {
    fn reads(&self, _: Fields) -> Fields {
        let series = self.series.iter().map(|axis| axis.field.as_str());
        reads_calls(&self.calls).with([TIME]).with(series)
    }

    fn is_transforming(&self) -> bool {
        true
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        if !matches!(flow.data_type(TIME), Some(DataType::Timestamp(..))) {
            return nothing(cx, flow).await;
        }
        // Without events there is nothing to show.
        let range = self.range(&flow, cx).await?.unwrap_or_default();
        let span = self.span.unwrap_or_else(|| Span::automatic(range.0, range.1, self.bins));
        let buckets = self.buckets(range, span, cx)?;
        let calls = expand_calls(&self.calls, &flow, &[]);
        let (mut flow, order) = with_order(flow, &calls)?;
        let row = flow.hidden_name();
        let mut flow = flow.with_column(&row, floor_time(ident(TIME), span, &cx.zone))?;
        let mut series_column = None;
        if let Some(series) = &self.series {
            flow = flow.keep_hidden(&row);
            let (with_series, column) = series.column(flow, cx)?;
            flow = with_series;
            series_column = Some(column);
        }
        let flow = with_values(flow, std::slice::from_ref(&row))?;
        let rows: ArrayRef = Arc::new(TimestampMillisecondArray::from(buckets));
        let pivot = Pivot {
            flow,
            row: (&row, TIME),
            rows: (self.is_continuous || !self.keeps_partial).then_some(rows),
            has_labels: false,
            series: series_column.as_deref(),
            calls: &calls,
            order,
            span_seconds: Some(span.seconds()),
            options: &self.options,
        };
        Ok(Flow::of_batch(&pivot.run(cx).await?)?)
    }
}

/// A table without rows. The rows of `flow` are counted all the same.
async fn nothing(cx: &RunCx, flow: Flow) -> Result<Flow, RunError> {
    let batch: RecordBatch = cx.collect(&flow.keep(|name| name == TIME)?, Some(1)).await?;
    Ok(Flow::of_batch(&batch.slice(0, 0))?)
}
