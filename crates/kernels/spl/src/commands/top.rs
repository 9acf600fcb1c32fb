//! `top`

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{Field, Int64Type, Schema};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ident, lit};

use super::grouping::{KEYS_MAX, Keys, explode, with_values};
use super::stats::parse_by;
use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::ordering::{SortField, sorted};
use crate::parser::{Options, Parser, Word};
use crate::run::{RunCx, RunError};
use crate::value::Reader;
use crate::value::sort::Order;

pub(crate) const COMMAND: Command = Command {
    name: "top",
    aliases: &["common"],
    syntax: "top [<n>] [limit=<n>] [showcount=<bool>] [showperc=<bool>] [countfield=<name>] [percentfield=<name>] [useother=<bool>] [otherstr=<text>] <field>… [BY <field>…]",
    doc: "The most frequent values, or combinations of values, with their number and share.",
    example: "search index=iot | top 5 port BY thing",
    generates: false,
    parse: |parser| parse(parser, "top"),
};

const COUNT: &str = "\0count";

#[derive(Debug)]
pub(super) struct Top {
    is_rare: bool,
    /// Most rows of a group; 0 for all.
    limit: usize,
    fields: Vec<String>,
    by: Vec<String>,
    count_name: Option<String>,
    percent_name: Option<String>,
    /// The name of a row with all that is cut.
    other: Option<String>,
}

/// Reads the arguments of `top` or `rare`.
pub(super) fn parse(
    parser: &mut Parser<'_>,
    command: &'static str,
) -> Result<Box<dyn Stage>, SplError> {
    let options = Options {
        command,
        names: &[
            "limit",
            "showcount",
            "showperc",
            "countfield",
            "percentfield",
            "useother",
            "otherstr",
        ],
    };
    let mut top = Top {
        is_rare: command == "rare",
        limit: 10,
        fields: Vec::new(),
        by: Vec::new(),
        count_name: Some("count".to_owned()),
        percent_name: Some("percent".to_owned()),
        other: None,
    };
    let (mut shows_count, mut shows_percent) = (true, true);
    let (mut uses_other, mut other) = (false, "OTHER".to_owned());
    let mut set = |top: &mut Top, name: &str, value: Word| {
        match name {
            "limit" => top.limit = value.as_count()?,
            "showcount" => shows_count = value.as_bool()?,
            "showperc" => shows_percent = value.as_bool()?,
            "countfield" => top.count_name = Some(value.text),
            "percentfield" => top.percent_name = Some(value.text),
            "useother" => uses_other = value.as_bool()?,
            _ => other = value.text,
        }
        Ok(())
    };
    let mut is_by = false;
    while let Some(word) = parse_by(parser, options, &mut |name, value| set(&mut top, name, value))?
    {
        let is_first = top.fields.is_empty() && !is_by;
        if word.is("by") && !is_first && !is_by {
            is_by = true;
            continue;
        }
        if word.text.contains('*') {
            let message = format!("`{}`: wildcards do not work here", word.text);
            return Err(SplError::new(word.at, message));
        }
        match word.text.parse() {
            Ok(limit) if is_first && !word.is_quoted && !top.is_rare => top.limit = limit,
            _ if is_by => top.by.push(word.text),
            _ => top.fields.push(word.text),
        }
    }
    if top.fields.is_empty() || (is_by && top.by.is_empty()) {
        return Err(parser.unexpected("a field"));
    }
    top.other = uses_other.then_some(other);
    top.count_name = top.count_name.filter(|_| shows_count);
    top.percent_name = top.percent_name.filter(|_| shows_percent);
    check_names(&top, parser)?;
    Ok(Box::new(top))
}

fn check_names(top: &Top, parser: &Parser<'_>) -> Result<(), SplError> {
    if top.by.len() + top.fields.len() > KEYS_MAX {
        return Err(SplError::new(parser.at(), format!("at most {KEYS_MAX} fields may be named")));
    }
    let all = top.by.iter().chain(&top.fields).chain(&top.count_name).chain(&top.percent_name);
    let mut seen: Vec<&String> = Vec::new();
    for name in all {
        if seen.contains(&name) {
            let message = format!("two columns would be named `{name}`");
            return Err(SplError::new(parser.at(), message));
        }
        seen.push(name);
    }
    Ok(())
}

#[async_trait]
impl Stage for Top {
    fn reads(&self, _: Fields) -> Fields {
        Fields::of(self.fields.iter().chain(&self.by).cloned())
    }

    fn is_transforming(&self) -> bool {
        true
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let names: Vec<String> = self.by.iter().chain(&self.fields).cloned().collect();
        let Keys { flow, columns } = explode(flow, &names, false)?;
        let flow = with_values(flow, &columns)?;
        let first_seen = first_seen(&flow);
        let keys = names.iter().cloned().zip(columns.iter().map(ident)).collect();
        let mut aggregates = vec![(COUNT.to_owned(), count(lit(1_i64)))];
        aggregates.extend(first_seen.iter().map(|(name, seen, _)| (name.clone(), seen.clone())));
        let counted = cx.collect_hidden(&flow.aggregate(keys, aggregates)?).await?;
        let field = |name: &str, order, is_descending| SortField {
            name: name.to_owned(),
            order,
            is_descending,
        };
        let mut order: Vec<SortField> = self.by.iter().map(SortField::ascending).collect();
        order.push(field(COUNT, Order::Numbers, !self.is_rare));
        order.extend(first_seen.iter().map(|(name, _, down)| field(name, Order::Numbers, *down)));
        let ranked = sorted(&counted, &order, None)?;
        Ok(Flow::of_batch(&self.table(&ranked)?)?)
    }
}

/// When the first row of a group comes: a name, the aggregate, and whether higher is earlier.
fn first_seen(flow: &Flow) -> Vec<(String, Expr, bool)> {
    let keys = flow.order().iter().enumerate();
    let seen = keys.map(|(number, key)| {
        let column = ident(&key.column);
        let first = if key.is_descending { max(column) } else { min(column) };
        (format!("\0first{number}"), first, key.is_descending)
    });
    seen.collect()
}

impl Top {
    /// The rows of `ranked` within the limit, with shares.
    fn table(&self, ranked: &RecordBatch) -> Result<RecordBatch, RunError> {
        let counts =
            ranked.column_by_name(COUNT).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let counts: Vec<i64> = counts.map(|counts| counts.values().to_vec()).unwrap_or_default();
        let groups = self.groups(ranked)?;
        let mut totals: HashMap<&str, i64> = HashMap::new();
        for (group, count) in groups.iter().zip(&counts) {
            *totals.entry(group).or_default() += count;
        }
        let mut rows = Rows::default();
        let mut taken: HashMap<&str, usize> = HashMap::new();
        let mut left: HashMap<&str, i64> = HashMap::new();
        for (row, (group, count)) in (0_u32..).zip(groups.iter().zip(&counts)) {
            let taken = taken.entry(group).or_default();
            *taken += 1;
            let total = totals.get(group.as_str()).copied().unwrap_or_default();
            if self.limit == 0 || *taken <= self.limit {
                rows.push(Some(row), Some(row), *count, total);
            } else if self.other.is_some() {
                *left.entry(group).or_default() += count;
            }
            let is_last = groups.get(row as usize + 1) != Some(group);
            if let Some(count) = left.get(group.as_str()).filter(|_| is_last) {
                rows.push(None, Some(row), *count, total);
            }
        }
        self.columns(ranked, rows)
    }

    /// The by-values of each row as one text.
    fn groups(&self, rows: &RecordBatch) -> Result<Vec<String>, RunError> {
        let readers = self.by.iter().filter_map(|name| rows.column_by_name(name)).map(Reader::new);
        let readers = readers.collect::<Result<Vec<_>, _>>()?;
        let group = |row| {
            let values = readers.iter().filter_map(|reader| reader.value(row));
            values.map(|value| value.into_text().into_owned()).collect::<Vec<_>>().join("\0")
        };
        Ok((0..rows.num_rows()).map(group).collect())
    }

    fn columns(&self, ranked: &RecordBatch, rows: Rows) -> Result<RecordBatch, RunError> {
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        let mut push = |name: &str, column: ArrayRef| {
            fields.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        };
        for name in self.by.iter().chain(&self.fields) {
            let Some(column) = ranked.column_by_name(name) else { continue };
            if self.by.contains(name) {
                push(name, take(column, &UInt32Array::from(rows.groups.clone()), None)?);
                continue;
            }
            let values = take(column, &UInt32Array::from(rows.values.clone()), None)?;
            match &self.other {
                Some(other) if rows.values.contains(&None) => {
                    let reader = Reader::new(&values)?;
                    let texts = (0..values.len()).map(|row| {
                        reader
                            .value(row)
                            .map_or(other.clone(), |value| value.into_text().into_owned())
                    });
                    push(name, Arc::new(texts.map(Some).collect::<StringArray>()));
                }
                _ => push(name, values),
            }
        }
        if let Some(name) = &self.count_name {
            push(name, Arc::new(Int64Array::from(rows.counts.clone())));
        }
        if let Some(name) = &self.percent_name {
            push(name, Arc::new(rows.percents.iter().map(Some).collect::<StringArray>()));
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

/// The rows of the answer: where their values and groups come from, and their numbers.
#[derive(Debug, Default)]
struct Rows {
    values: Vec<Option<u32>>,
    groups: Vec<Option<u32>>,
    counts: Vec<i64>,
    percents: Vec<String>,
}

impl Rows {
    fn push(&mut self, value: Option<u32>, group: Option<u32>, count: i64, total: i64) {
        self.values.push(value);
        self.groups.push(group);
        self.counts.push(count);
        self.percents.push(format!("{:.6}", count as f64 * 100.0 / total.max(1) as f64));
    }
}
