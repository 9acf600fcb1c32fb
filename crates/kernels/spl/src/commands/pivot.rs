//! Rows by one field, columns by the values of another: what `chart` and `timechart` make.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ident, lit};

use super::calls::{NamedCall, lower_calls};
use crate::flow::{Flow, is_hidden};
use crate::ordering::{SortField, sorted};
use crate::run::{RunCx, RunError};
use crate::value::Reader;

/// Most cells of a chart.
const CELLS_MAX: usize = 5_000_000;
/// Most columns of a chart.
const SERIES_MAX: usize = 5000;
/// Columns of the aggregated rows.
const ROW: &str = "\0key";
const SERIES: &str = "\0series";
const EVENTS: &str = "\0events";

/// How values become columns.
#[derive(Debug, Clone)]
pub(super) struct SplitOptions {
    /// Most columns; 0 for all.
    pub(super) limit: usize,
    /// Whether the columns with the lowest scores stay.
    pub(super) is_bottom: bool,
    pub(super) uses_null: bool,
    pub(super) uses_other: bool,
    pub(super) null_name: String,
    pub(super) other_name: String,
    /// Stands between the aggregate and the value where there are several aggregates.
    pub(super) separator: String,
    /// Replaces that: `$AGG$` and `$VAL$` are filled in.
    pub(super) format: Option<String>,
    /// Whether a value that begins with `_` gets a prefix, so that it is not taken for an internal field.
    pub(super) hides_underscore: bool,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self {
            limit: 10,
            is_bottom: false,
            uses_null: true,
            uses_other: true,
            null_name: "NULL".to_owned(),
            other_name: "OTHER".to_owned(),
            separator: ": ".to_owned(),
            format: None,
            hides_underscore: false,
        }
    }
}

/// What to pivot.
#[derive(Debug)]
pub(super) struct Pivot<'a> {
    /// Rows with one value in both columns.
    pub(super) flow: Flow,
    /// The column whose values are the rows, and the name it gets.
    pub(super) row: (&'a str, &'a str),
    /// The rows there shall be, ascending; those of the values if absent.
    pub(super) rows: Option<ArrayRef>,
    /// Whether those values are names of buckets such as `10-20`.
    pub(super) has_labels: bool,
    /// The column whose values are the columns; without it each aggregate is one.
    pub(super) series: Option<&'a str>,
    pub(super) calls: &'a [NamedCall],
    pub(super) order: Option<Expr>,
    pub(super) span_seconds: Option<f64>,
    pub(super) options: &'a SplitOptions,
}

/// One column of the chart and where its cells are.
#[derive(Debug)]
struct Series {
    label: String,
    /// For each row of the chart, the row of the aggregates.
    cells: Vec<Option<u32>>,
}

impl Pivot<'_> {
    /// The chart: rows ascending, columns by the text of their values, then OTHER, then NULL.
    pub(super) async fn run(self, cx: &RunCx) -> Result<RecordBatch, RunError> {
        let mut keys = vec![(ROW.to_owned(), ident(self.row.0))];
        keys.extend(self.series.map(|series| (SERIES.to_owned(), ident(series))));
        let aggregated = cx.collect_hidden(&self.aggregate(keys, cx)?).await?;
        cx.events.finish();
        let Some(series) = self.series else { return self.arrange(&[aggregated], &[]) };
        let (kept, others) = self.choose(&aggregated, cx)?;
        let mut all = vec![aggregated.clone()];
        if others && self.options.uses_other {
            all.push(self.others(&aggregated, &kept, series, cx).await?);
        }
        self.arrange(&all, &kept)
    }

    fn aggregate(&self, keys: Vec<(String, Expr)>, cx: &RunCx) -> Result<Flow, RunError> {
        let order = self.order.clone();
        let calls = lower_calls(self.calls, &self.flow, order, self.span_seconds, cx)?;
        let mut aggregates: Vec<(String, Expr)> =
            calls.into_iter().enumerate().map(|(n, call)| (call_column(n), call)).collect();
        aggregates.push((EVENTS.to_owned(), count(lit(1_i64))));
        Ok(self.flow.clone().aggregate(keys, aggregates)?)
    }

    /// The values that get a column of their own, and whether others are left.
    fn choose(&self, rows: &RecordBatch, cx: &RunCx) -> Result<(Vec<String>, bool), RunError> {
        let series = reader(rows, SERIES)?;
        // With one aggregate its cells count, with several the events.
        let score = if self.calls.len() == 1 { call_column(0) } else { EVENTS.to_owned() };
        let score = reader(rows, &score)?;
        let mut scores: BTreeMap<String, f64> = BTreeMap::new();
        for row in 0..rows.num_rows() {
            let Some(value) = series.value(row) else { continue };
            let score = score.value(row).and_then(|score| score.number()).unwrap_or(0.0);
            *scores.entry(value.into_text().into_owned()).or_default() += score;
        }
        let mut limit = match self.options.limit {
            0 => scores.len(),
            limit => limit,
        };
        if limit > SERIES_MAX && scores.len() > SERIES_MAX {
            cx.note(format!("the chart has {} columns; {SERIES_MAX} are shown", scores.len()));
            limit = SERIES_MAX;
        }
        let others = scores.len() > limit;
        let mut ranked: Vec<(String, f64)> = scores.into_iter().collect();
        // The sort is stable, so that equals stay in the order of their text.
        ranked.sort_by(
            |(_, a), (_, b)| {
                if self.options.is_bottom { a.total_cmp(b) } else { b.total_cmp(a) }
            },
        );
        ranked.truncate(limit);
        let mut kept: Vec<String> = ranked.into_iter().map(|(value, _)| value).collect();
        kept.sort();
        Ok((kept, others))
    }

    /// What the rows not in `kept` give together.
    async fn others(
        &self,
        rows: &RecordBatch,
        kept: &[String],
        series: &str,
        cx: &RunCx,
    ) -> Result<RecordBatch, RunError> {
        let by_row = |column: &str| vec![(ROW.to_owned(), ident(column))];
        let is_sum = |call: &NamedCall| {
            matches!(call.call.function_name().to_ascii_lowercase().as_str(), "count" | "c" | "sum")
        };
        let others = if self.calls.iter().all(is_sum) {
            // Sums of what was aggregated already are cheaper than reading the events again.
            let sums = (0..self.calls.len()).map(call_column).chain([EVENTS.to_owned()]);
            let sums = sums.map(|name| (name.clone(), sum(ident(&name)))).collect();
            let flow = Flow::of_batch(rows)?;
            let flow = flow.filter(not_among(kept, &Flow::of_batch(rows)?, SERIES))?;
            flow.aggregate(by_row(ROW), sums)?
        } else {
            let flow = self.flow.clone();
            let condition = not_among(kept, &flow, series);
            let pivot = Pivot {
                flow: flow.filter(condition)?,
                order: self.order.clone(),
                rows: None,
                ..*self
            };
            pivot.aggregate(by_row(self.row.0), cx)?
        };
        cx.collect_hidden(&others).await
    }

    fn check_size(&self, rows: usize, columns: usize) -> Result<(), RunError> {
        let cells = rows.saturating_mul(columns).saturating_mul(self.calls.len());
        if cells <= CELLS_MAX {
            return Ok(());
        }
        Err(RunError::TooLarge(format!(
            "the chart would have {cells} cells, and {CELLS_MAX} is the most; narrow the time range or \
             lower `limit`"
        )))
    }

    /// Puts the cells in their places. `parts` are the aggregated rows and, if wanted, the others.
    fn arrange(&self, parts: &[RecordBatch], kept: &[String]) -> Result<RecordBatch, RunError> {
        let (keys, places) = self.row_keys(parts)?;
        self.check_size(keys.len(), kept.len() + 2)?;
        let mut series: Vec<Series> = Vec::new();
        let empty = || vec![None; keys.len()];
        let mut places_of: HashMap<&str, usize> = HashMap::new();
        for value in kept {
            places_of.insert(value, series.len());
            series.push(Series { label: value.clone(), cells: empty() });
        }
        let (other, null) = (series.len(), series.len() + 1);
        series.push(Series { label: self.options.other_name.clone(), cells: empty() });
        series.push(Series { label: self.options.null_name.clone(), cells: empty() });
        let mut used = vec![true; other];
        used.extend([parts.len() > 1, false]);
        let mut rows = (0_u32..).zip(places);
        for (number, part) in parts.iter().enumerate() {
            let values = part.column_by_name(SERIES).map(Reader::new).transpose()?;
            for row in 0..part.num_rows() {
                let value = values.as_ref().and_then(|values| values.value(row));
                let place = match value {
                    _ if self.series.is_none() => Some(null),
                    _ if number > 0 => Some(other),
                    Some(value) => places_of.get(value.text().as_ref()).copied(),
                    None => Some(null),
                };
                let Some((at, cell)) = rows.next() else { break };
                let (Some(place), Some(cell)) = (place, cell) else { continue };
                series[place].cells[cell] = Some(at);
                used[place] = true;
            }
        }
        used[null] = self.series.is_none() || used[null] && self.options.uses_null;
        let series: Vec<Series> =
            series.into_iter().zip(used).filter(|(_, is_used)| *is_used).map(|(s, _)| s).collect();
        self.table(parts, keys, series)
    }

    /// The rows of the chart, ascending, and for each aggregated row its place among them.
    fn row_keys(&self, parts: &[RecordBatch]) -> Result<(ArrayRef, Vec<Option<usize>>), RunError> {
        let all = column_of(parts, ROW)?;
        let values = texts(&all)?;
        let keys = match &self.rows {
            Some(rows) => rows.clone(),
            None => self.distinct(&all, &values)?,
        };
        let places: HashMap<String, usize> = texts(&keys)?.into_iter().zip(0..).collect();
        let places = values.iter().map(|value| places.get(value).copied()).collect();
        Ok((keys, places))
    }

    /// The different cells of `all`, whose texts are `values`, ascending.
    fn distinct(&self, all: &ArrayRef, values: &[String]) -> Result<ArrayRef, RunError> {
        let mut seen = HashSet::new();
        let mut first: Vec<u32> = (0_u32..)
            .zip(values)
            .filter(|(_, value)| seen.insert(*value))
            .map(|(at, _)| at)
            .collect();
        if self.has_labels {
            let low = |at: &u32| values.get(*at as usize).and_then(|label| lower_bound(label));
            first.sort_by(|a, b| low(a).unwrap_or(f64::MAX).total_cmp(&low(b).unwrap_or(f64::MAX)));
            return Ok(take(all, &UInt32Array::from(first), None)?);
        }
        let keys = take(all, &UInt32Array::from(first), None)?;
        let field = Field::new(ROW, keys.data_type().clone(), true);
        let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![keys])?;
        Ok(sorted(&batch, &[SortField::ascending(ROW)], None)?.column(0).clone())
    }

    fn table(
        &self,
        parts: &[RecordBatch],
        keys: ArrayRef,
        series: Vec<Series>,
    ) -> Result<RecordBatch, RunError> {
        let mut fields = vec![Field::new(self.row.1, keys.data_type().clone(), true)];
        let mut columns = vec![keys];
        for (number, call) in self.calls.iter().enumerate() {
            let values = column_of(parts, &call_column(number))?;
            for series in &series {
                let cells = take(&values, &UInt32Array::from(series.cells.clone()), None)?;
                let is_zero = call.call.is_zero_when_empty();
                let cells = if is_zero { with_zeros(&cells) } else { cells };
                let mut name = self.column_name(call, &series.label);
                while is_hidden(&name) || fields.iter().any(|field| *field.name() == name) {
                    name = format!("VALUE_{name}");
                }
                fields.push(Field::new(name, cells.data_type().clone(), true));
                columns.push(cells);
            }
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }

    fn column_name(&self, call: &NamedCall, label: &str) -> String {
        match &self.options.format {
            _ if self.series.is_none() => call.name().to_owned(),
            _ if self.calls.len() == 1
                && self.options.hides_underscore
                && label.starts_with('_') =>
            {
                format!("VALUE_{label}")
            }
            _ if self.calls.len() == 1 => label.to_owned(),
            Some(format) => format.replace("$AGG$", call.name()).replace("$VAL$", label),
            None => format!("{}{}{label}", call.name(), self.options.separator),
        }
    }
}

fn call_column(number: usize) -> String {
    format!("\0call{number}")
}

fn reader(rows: &RecordBatch, name: &str) -> Result<Reader, RunError> {
    let missing = || DataFusionError::Internal(format!("no column {name:?}"));
    Ok(Reader::new(rows.column_by_name(name).ok_or_else(missing)?)?)
}

/// The cells of `name` in all parts.
fn column_of(parts: &[RecordBatch], name: &str) -> Result<ArrayRef, RunError> {
    let columns: Vec<&dyn Array> =
        parts.iter().filter_map(|part| part.column_by_name(name)).map(AsRef::as_ref).collect();
    Ok(concat(&columns)?)
}

/// The cells of `column` as text; an absent one is empty.
fn texts(column: &ArrayRef) -> Result<Vec<String>, RunError> {
    let reader = Reader::new(column)?;
    let text = |row| reader.value(row).map(|value| value.into_text().into_owned());
    Ok((0..column.len()).map(|row| text(row).unwrap_or_default()).collect())
}

/// Rows that have a value in `column` which is none of `kept`.
fn not_among(kept: &[String], flow: &Flow, column: &str) -> Expr {
    let literal = |value: &String| match flow.data_type(column)? {
        DataType::Int64 => value.parse().ok().map(|number: i64| lit(number)),
        DataType::Float64 => value.parse().ok().map(|number: f64| lit(number)),
        DataType::Timestamp(..) => {
            let ms = (value.parse::<f64>().ok()? * 1000.0).round();
            Some(lit(ScalarValue::TimestampMillisecond(Some(ms as i64), None)))
        }
        _ => Some(lit(value.clone())),
    };
    let list = kept.iter().filter_map(literal).collect();
    ident(column).is_not_null().and(ident(column).in_list(list, true))
}

/// The lower bound of a bucket named `10-20` or `-5-0`.
fn lower_bound(label: &str) -> Option<f64> {
    let dash = label.char_indices().skip(1).find(|(_, c)| *c == '-')?.0;
    crate::value::number::parse(label.get(..dash)?)
}

fn with_zeros(cells: &ArrayRef) -> ArrayRef {
    match cells.as_primitive_opt::<Int64Type>() {
        Some(numbers) => {
            Arc::new(numbers.iter().map(|number| Some(number.unwrap_or(0))).collect::<Int64Array>())
        }
        None => cells.clone(),
    }
}
