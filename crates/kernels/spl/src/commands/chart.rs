//! `chart`

use async_trait::async_trait;

use super::axis::{Axis, Buckets};
use super::calls::{NamedCall, expand_calls, parse_calls, reads_calls, with_order};
use super::grouping::with_values;
use super::pivot::{Pivot, SplitOptions};
use super::{Command, Stage, split};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser, Word};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "chart",
    aliases: &[],
    syntax: "chart [limit=[top|bottom]<n>] <function>… (OVER <row field> [span=<span>] [BY <column field>] | BY <row field> [<column field>]) [usenull=<bool>] [useother=<bool>]",
    doc: "A table with a row for each value of one field and, if there is a second, a column for each of its values.",
    example: "search index=iot | chart max(value.count) OVER _time BY thing limit=0",
    generates: false,
    parse,
};

const OPTIONS: Options = Options {
    command: "chart",
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
        "span",
        "bins",
        "minspan",
        "aligntime",
        "start",
        "end",
        "dedup_splitvals",
    ],
};

#[derive(Debug, Default)]
struct Chart {
    calls: Vec<NamedCall>,
    row: Option<Axis>,
    series: Option<Axis>,
    options: SplitOptions,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let mut chart = Chart::default();
    let calls =
        parse_calls(parser, &["over", "by"], OPTIONS, |name, value| chart.set(name, value))?;
    chart.calls = calls;
    let has_over = parser.accept_keyword("over");
    if has_over {
        chart.row = Some(parse_axis(parser)?);
        chart.parse_options(parser)?;
    }
    if parser.accept_keyword("by") {
        if !has_over {
            chart.row = Some(parse_axis(parser)?);
            chart.parse_options(parser)?;
        }
        if has_over || !parser.is_at_end() {
            chart.series = Some(parse_axis(parser)?);
            chart.parse_options(parser)?;
        }
    }
    if parser.accept_keyword("where") {
        let message = "the `where` clause of `chart` is not supported; use `limit`";
        return Err(SplError::new(parser.at(), message));
    }
    Ok(Box::new(chart))
}

pub(super) fn parse_axis(parser: &mut Parser<'_>) -> Result<Axis, SplError> {
    let field = parser.name("a field")?;
    if field.text.contains('*') {
        let message = format!("`{}`: wildcards do not work here", field.text);
        return Err(SplError::new(field.at, message));
    }
    Ok(Axis::new(field.text))
}

impl Chart {
    fn parse_options(&mut self, parser: &mut Parser<'_>) -> Result<(), SplError> {
        loop {
            parser.skip_separators();
            match parser.option(OPTIONS)? {
                Some((name, value)) => self.set(name, value)?,
                None => return Ok(()),
            }
        }
    }

    fn set(&mut self, name: &'static str, value: Word) -> Result<(), SplError> {
        if split::set(&mut self.options, name, &value)? {
            return Ok(());
        }
        match name {
            "span" => {
                let axis = self.series.as_mut().or(self.row.as_mut());
                let axis = axis.ok_or_else(|| {
                    SplError::new(
                        value.at,
                        "`span` stands after the field that it cuts into buckets",
                    )
                })?;
                axis.span = Some(Buckets::parse(value)?);
                Ok(())
            }
            "cont" | "dedup_splitvals" if !value.as_bool()? => Ok(()),
            name => Err(split::unsupported("chart", name, &value)),
        }
    }
}

#[async_trait]
impl Stage for Chart {
    fn reads(&self, _: Fields) -> Fields {
        let axes = self.row.iter().chain(&self.series);
        reads_calls(&self.calls).with(axes.map(|axis| axis.field.as_str()))
    }

    fn is_transforming(&self) -> bool {
        true
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let calls = expand_calls(&self.calls, &flow, &[]);
        let (flow, order) = with_order(flow, &calls)?;
        let Some(row) = &self.row else {
            let aggregates = super::calls::lower_calls(&calls, &flow, order, None, cx)?;
            let names = calls.iter().map(|call| call.name().to_owned());
            return Ok(flow.aggregate(Vec::new(), names.zip(aggregates).collect())?);
        };
        let has_labels = row.has_labels(&flow);
        let (mut flow, row_column) = row.column(flow, cx)?;
        let mut series_column = None;
        if let Some(series) = &self.series {
            flow = flow.keep_hidden(&row_column);
            let (with_series, column) = series.column(flow, cx)?;
            flow = with_series;
            series_column = Some(column);
        }
        let flow = with_values(flow, std::slice::from_ref(&row_column))?;
        let pivot = Pivot {
            flow,
            row: (&row_column, &row.field),
            rows: None,
            has_labels,
            series: series_column.as_deref(),
            calls: &calls,
            order,
            span_seconds: None,
            options: &self.options,
        };
        Ok(Flow::of_batch(&pivot.run(cx).await?)?)
    }
}
