//! `dedup`

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::functions_nested::expr_fn::array_to_string;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, Operator, when};
use datafusion::prelude::{ident, lit};

use super::sort::parse_field;
use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::{Flow, missing};
use crate::ordering::{self, SortField};
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};
use crate::search::balanced;
use crate::value::Reader;

pub(crate) const COMMAND: Command = Command {
    name: "dedup",
    aliases: &[],
    syntax: "dedup [<n>] <field>… [keepevents=<bool>] [keepempty=<bool>] [consecutive=<bool>] [sortby [+|-]<field>…]",
    doc: "Keeps the first n rows, 1 if nothing is said, of each combination of values. Rows without one of the fields go.",
    example: "search index=iot | dedup thing, name",
    generates: false,
    parse,
};

/// The number of a run of rows that are alike.
const RUN: &str = "\0run";

#[derive(Debug)]
struct Dedup {
    rows_max: usize,
    fields: Vec<String>,
    keeps_events: bool,
    keeps_empty: bool,
    is_consecutive: bool,
    sort: Vec<SortField>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options =
        Options { command: "dedup", names: &["keepevents", "keepempty", "consecutive"] };
    let mut dedup = Dedup {
        rows_max: 1,
        fields: Vec::new(),
        keeps_events: false,
        keeps_empty: false,
        is_consecutive: false,
        sort: Vec::new(),
    };
    let mut is_first = true;
    loop {
        parser.skip_separators();
        if parser.is_at_end() {
            break;
        }
        if let Some((name, value)) = parser.option(OPTIONS)? {
            let flag = value.as_bool()?;
            match name {
                "keepevents" => dedup.keeps_events = flag,
                "keepempty" => dedup.keeps_empty = flag,
                _ => dedup.is_consecutive = flag,
            }
            continue;
        }
        if !dedup.fields.is_empty() && parser.accept_keyword("sortby") {
            parse_sort(parser, &mut dedup.sort)?;
            break;
        }
        let word = parser.name("a field")?;
        match word.text.parse() {
            Ok(0) => return Err(SplError::new(word.at, "`dedup` keeps at least 1 row")),
            Ok(count) if is_first && !word.is_quoted => dedup.rows_max = count,
            _ => dedup.fields.push(word.text),
        }
        is_first = false;
    }
    if dedup.fields.is_empty() {
        return Err(parser.unexpected("a field"));
    }
    Ok(Box::new(dedup))
}

fn parse_sort(parser: &mut Parser<'_>, sort: &mut Vec<SortField>) -> Result<(), SplError> {
    loop {
        parser.skip_separators();
        if parser.is_at_end() && !sort.is_empty() {
            return Ok(());
        }
        sort.push(parse_field(parser, false)?);
    }
}

#[async_trait]
impl Stage for Dedup {
    fn reads(&self, wanted: Fields) -> Fields {
        let sort = self.sort.iter().map(|field| field.name.as_str());
        wanted.with(self.fields.iter().map(String::as_str).chain(sort))
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let flow = ordering::sort(flow, &self.sort, None, cx).await?;
        let columns = self.fields.iter().map(|field| flow.column(field));
        let has_all = columns.map(Expr::is_not_null).collect();
        let has_all = balanced(has_all, Operator::And).unwrap_or_else(|| lit(true));
        let flow = if self.keeps_empty { flow } else { flow.filter(has_all.clone())? };
        let (flow, run) = match self.is_consecutive {
            true => self.with_runs(flow, cx).await?,
            false => (flow, None),
        };
        let (flow, number) = self.numbered(flow, run)?;
        let is_kept = ident(&number).lt_eq(lit(self.rows_max as u64));
        let is_kept = if self.keeps_empty { is_kept.or(has_all.is_false()) } else { is_kept };
        if !self.keeps_events {
            return Ok(flow.filter(is_kept)?);
        }
        let known = self.fields.iter().filter(|field| flow.has(field));
        let cleared = known.map(|field| {
            let value = when(is_kept.clone(), ident(field)).end()?;
            Ok((field.clone(), value))
        });
        let cleared = cleared.collect::<Result<Vec<_>, RunError>>()?;
        Ok(flow.with_columns(cleared)?)
    }
}

impl Dedup {
    /// Numbers the runs of rows that are alike in the fields, in a hidden column.
    async fn with_runs(&self, flow: Flow, cx: &RunCx) -> Result<(Flow, Option<String>), RunError> {
        let rows = cx.collect(&flow, None).await?;
        let readers =
            self.fields.iter().filter_map(|name| rows.column_by_name(name)).map(Reader::new);
        let readers = readers.collect::<Result<Vec<_>, _>>()?;
        let is_same =
            |row: usize| readers.iter().all(|cells| cells.value(row) == cells.value(row - 1));
        let mut run = 0_i64;
        let runs = (0..rows.num_rows()).map(|row| {
            run += i64::from(row > 0 && !is_same(row));
            run
        });
        let runs: ArrayRef = Arc::new(Int64Array::from_iter_values(runs));
        let mut fields = rows.schema().fields().to_vec();
        fields.push(Arc::new(Field::new(RUN, DataType::Int64, false)));
        let columns = rows.columns().iter().cloned().chain([runs]).collect();
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        Ok((flow.replaced_by(&rows)?, Some(RUN.to_owned())))
    }

    /// Numbers the rows of each combination from 1.
    fn numbered(&self, flow: Flow, run: Option<String>) -> Result<(Flow, String), RunError> {
        let mut flow = flow;
        let groups = match run {
            Some(run) => vec![ident(run)],
            None => self.fields.iter().map(|field| group_key(&flow, field)).collect(),
        };
        let number = flow.hidden_name();
        let numbers = row_number().partition_by(groups).order_by(flow.sort_keys()).build()?;
        let flow = flow.window(vec![numbers.alias(&number)])?;
        Ok((flow, number))
    }
}

/// What values of `field` are compared by: a multivalue as a whole.
fn group_key(flow: &Flow, field: &str) -> Expr {
    match flow.data_type(field) {
        Some(DataType::List(_)) => array_to_string(ident(field), lit("\n")),
        Some(_) => ident(field),
        None => missing(),
    }
}
