//! `dedup`

use async_trait::async_trait;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_nested::expr_fn::array_to_string;
use datafusion::functions_window::expr_fn::{lag, row_number};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, Operator, WindowFrame, WindowFunctionDefinition, when,
};
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

pub(crate) const COMMAND: Command = Command {
    name: "dedup",
    aliases: &[],
    syntax: "dedup [<n>] <field>… [keepevents=<bool>] [keepempty=<bool>] [consecutive=<bool>] [sortby [+|-]<field>…]",
    doc: "Keeps the first n rows, 1 if nothing is said, of each combination of values. Rows without one of the fields go.",
    example: "search index=iot | dedup thing, name",
    generates: false,
    parse,
};

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
        let (flow, number) = self.numbered(flow)?;
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
    /// Numbers the rows of each combination from 1.
    fn numbered(&self, flow: Flow) -> Result<(Flow, String), RunError> {
        let mut flow = flow;
        let mut groups: Vec<Expr> = self.fields.iter().map(|field| group_key(&flow, field)).collect();
        if self.is_consecutive {
            (flow, groups) = with_runs(flow, groups)?;
        }
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

/// Numbers runs of rows that are alike in `groups`; the number of the run is then what groups rows.
fn with_runs(flow: Flow, groups: Vec<Expr>) -> Result<(Flow, Vec<Expr>), RunError> {
    let mut flow = flow;
    let run = flow.hidden_name();
    let names: Vec<String> = groups.iter().map(|_| flow.hidden_name()).collect();
    let previous: Vec<String> = groups.iter().map(|_| flow.hidden_name()).collect();
    let flow = flow.with_columns(names.iter().cloned().zip(groups).collect())?;
    let keys = flow.sort_keys();
    let lags = names.iter().zip(&previous).map(|(name, previous)| {
        Ok(lag(ident(name), None, None).order_by(keys.clone()).build()?.alias(previous))
    });
    let lags = lags.collect::<Result<Vec<_>, RunError>>()?;
    let flow = flow.window(lags)?;
    let differs = names.iter().zip(&previous).map(|(name, previous)| {
        datafusion::logical_expr::binary_expr(ident(name), Operator::IsDistinctFrom, ident(previous))
    });
    let differs = balanced(differs.collect(), Operator::Or).unwrap_or_else(|| lit(true));
    let starts = when(differs, lit(1_i64)).otherwise(lit(0_i64))?;
    let sum = WindowFunctionDefinition::AggregateUDF(sum_udaf());
    let runs = Expr::from(WindowFunction::new(sum, vec![starts]))
        .order_by(keys)
        .window_frame(WindowFrame::new(Some(true)))
        .build()?;
    let flow = flow.window(vec![runs.alias(&run)])?;
    let group = ident(&run);
    Ok((flow, vec![group]))
}
