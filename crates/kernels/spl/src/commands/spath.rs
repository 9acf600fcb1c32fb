//! `spath`

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::Expr;

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::json_path::{JsonPath, leaves};
use crate::mapping::{map_lists, map_text, or_present};
use crate::parser::{Options, Parser, Word};
use crate::pattern::Pattern;
use crate::run::{RunCx, RunError};
use crate::value::Reader;

pub(crate) const COMMAND: Command = Command {
    name: "spath",
    aliases: &[],
    syntax: "spath [input=<field>] [output=<field>] [path=<path>|<path>]",
    doc: "Takes values out of JSON: those at a path such as `value.ports{}`, or all if none is given.",
    example: "search index=iot | spath value.ports{} output=open-ports",
    generates: false,
    parse,
};

const RAW: &str = "_raw";
/// How much of a text is looked at when no path is given.
const AUTO_CHARS_MAX: usize = 5000;

#[derive(Debug)]
struct Spath {
    input: String,
    /// The path, as it was written and ready; all leaves if absent.
    path: Option<(String, JsonPath)>,
    output: Option<String>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "spath", names: &["input", "output", "path"] };
    let (mut input, mut output, mut path) = (None, None, None);
    while !parser.is_at_end() {
        match parser.option(OPTIONS)? {
            Some(("input", value)) => input = Some(value.text),
            Some(("output", value)) => output = Some(value.text),
            Some((_, value)) => set_path(&mut path, value)?,
            None => set_path(&mut path, parser.name("a path")?)?,
        }
    }
    if path.is_none() && output.is_some() {
        return Err(parser.unexpected("the path that `output` needs"));
    }
    Ok(Box::new(Spath { input: input.unwrap_or_else(|| RAW.to_owned()), path, output }))
}

fn set_path(path: &mut Option<(String, JsonPath)>, word: Word) -> Result<(), SplError> {
    if path.is_some() {
        return Err(SplError::new(word.at, "`spath` takes one path"));
    }
    let parsed = JsonPath::parse(&word.text).map_err(|why| SplError::new(word.at, why))?;
    *path = Some((word.text, parsed));
    Ok(())
}

#[async_trait]
impl Stage for Spath {
    fn reads(&self, wanted: Fields) -> Fields {
        let wanted = wanted.with([self.input.as_str()]);
        let Some((text, _)) = &self.path else { return wanted };
        // What lies below the path tells whether objects are there.
        let below =
            [".*", "{*"].map(|rest| Pattern::new(&format!("{}{rest}", text.replace('*', ""))));
        let wanted = wanted.with([text.as_str()]);
        below.iter().fold(wanted, |wanted, pattern| wanted.with_pattern(pattern))
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        if !flow.has(&self.input) {
            return Ok(flow);
        }
        let Some((text, path)) = &self.path else { return self.all_leaves(flow, cx).await };
        let output = self.output.as_ref().unwrap_or(text);
        if let Some(column) = self.shredded(&flow, text, path) {
            if output == text {
                return Ok(flow);
            }
            let value = or_present(&flow, output, column)?;
            return Ok(flow.with_column(output, value)?);
        }
        let value = or_present(&flow, output, self.parsed(&flow, text, path))?;
        Ok(flow.with_column(output, value)?)
    }
}

impl Spath {
    /// The column that holds the values at the path already, if there is one that holds them all.
    fn shredded(&self, flow: &Flow, text: &str, path: &JsonPath) -> Option<Expr> {
        if self.input != RAW || !flow.is_original(RAW) || path.has_numbers() {
            return None;
        }
        let names = flow.names();
        let has_below = names
            .iter()
            .any(|name| name.strip_prefix(text).is_some_and(|rest| rest.starts_with(['.', '{'])));
        let is_there = flow.has(text) && flow.is_original(text) && !FIXED.contains(&text);
        (is_there && !has_below).then(|| flow.column(text))
    }

    /// The values at the path in the text of the input.
    fn parsed(&self, flow: &Flow, text: &str, path: &JsonPath) -> Expr {
        let column = flow.column(&self.input);
        let is_list = matches!(flow.data_type(&self.input), Some(DataType::List(_)));
        let (key, path) = (format!("spl_spath {text}"), path.clone());
        let take = move |texts: Vec<String>| {
            texts.iter().flat_map(|json| path.values(json)).collect::<Vec<_>>()
        };
        if is_list || text.contains("{}") {
            map_lists(key, column, take)
        } else {
            map_text(key, column, move |texts| take(texts).into_iter().next())
        }
    }

    async fn all_leaves(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        if self.input == RAW && flow.is_original(RAW) {
            // Every leaf is a column.
            return Ok(flow);
        }
        let batch = cx.collect(&flow, None).await?;
        let mut flow = flow.replaced_by(&batch)?;
        let Some(column) = batch.column_by_name(&self.input) else { return Ok(flow) };
        let reader = Reader::new(column)?;
        let rows: Vec<_> = (0..batch.num_rows())
            .map(|row| {
                let text = reader.value(row).map(|value| value.into_text().into_owned());
                let cut = text.map(|text| text.chars().take(AUTO_CHARS_MAX).collect::<String>());
                leaves(&cut.unwrap_or_default())
            })
            .collect();
        let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.keys()).collect();
        let mut fields = batch.schema().fields().to_vec();
        let mut columns = batch.columns().to_vec();
        for name in names {
            let mut lists = ListBuilder::new(StringBuilder::new());
            rows.iter().for_each(|row| {
                lists.append_option(row.get(name).map(|values| values.iter().map(Some)))
            });
            let column: ArrayRef = Arc::new(lists.finish());
            let field = Arc::new(Field::new(name, column.data_type().clone(), true));
            match fields.iter().position(|field| field.name() == name) {
                Some(at) => {
                    fields[at] = field;
                    columns[at] = column;
                }
                None => {
                    fields.push(field);
                    columns.push(column);
                }
            }
        }
        let schema = Arc::new(Schema::new(fields));
        flow = flow.replaced_by(&RecordBatch::try_new(schema, columns)?)?;
        Ok(flow)
    }
}

/// Members of an event with these names get no column of their own.
const FIXED: &[&str] =
    &["_time", "_indextime", "_raw", "index", "host", "source", "sourcetype", "_seq", "_id"];
