//! `eventstats`

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::prelude::ident;

use super::calls::{NamedCall, expand_calls, lower_calls, parse_calls, reads_calls, with_order};
use super::grouping::{KEYS_MAX, Keys, explode, with_values};
use super::{Command, Stage, split};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Options, Parser, Word};
use crate::run::{RunCx, RunError};
use crate::value::Reader;

pub(crate) const COMMAND: Command = Command {
    name: "eventstats",
    aliases: &[],
    syntax: "eventstats <function>[(<field>)] [AS <name>]… [BY <field>…]",
    doc: "As `stats`, but every row stays and gets the values of its group.",
    example: "search index=iot | eventstats avg(bytes) AS usual BY thing | where bytes > 3 * usual",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Eventstats {
    calls: Vec<NamedCall>,
    by: Vec<String>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "eventstats", names: &["allnum"] };
    let set = |name, value: Word| match value.as_bool()? {
        false => Ok(()),
        true => Err(split::unsupported("eventstats", name, &value)),
    };
    let calls = parse_calls(parser, &["by"], OPTIONS, set)?;
    let mut by = Vec::new();
    if parser.accept_keyword("by") {
        by = parser.names(&[])?.into_iter().map(|name| name.text).collect();
        if by.is_empty() {
            return Err(parser.unexpected("a field"));
        }
        if by.len() > KEYS_MAX {
            let message = format!("at most {KEYS_MAX} fields may stand after `by`");
            return Err(SplError::new(parser.at(), message));
        }
    }
    Ok(Box::new(Eventstats { calls, by }))
}

#[async_trait]
impl Stage for Eventstats {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.union(reads_calls(&self.calls)).with(self.by.iter().cloned())
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let rows = cx.collect(&flow, None).await?;
        let flow = flow.replaced_by(&rows)?;
        let calls = expand_calls(&self.calls, &flow, &self.by);
        let groups = self.groups(&flow, &calls, cx).await?;
        let places = self.places(&groups)?;
        let keys = group_keys(&rows, &self.by)?;
        let places = keys.iter().map(|key| key.as_ref().and_then(|key| places.get(key).copied()));
        let places: UInt32Array = places.collect();
        let mut fields = rows.schema().fields().to_vec();
        let mut columns = rows.columns().to_vec();
        for call in &calls {
            let Some(values) = groups.column_by_name(call.name()) else { continue };
            let column = take(values, &places, None)?;
            let field = Arc::new(Field::new(call.name(), column.data_type().clone(), true));
            match fields.iter().position(|field| field.name() == call.name()) {
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
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let mut flow = flow.replaced_by(&rows)?;
        calls.iter().for_each(|call| flow.set_altered(call.name()));
        Ok(flow)
    }
}

impl Eventstats {
    /// The aggregates of each group.
    async fn groups(
        &self,
        flow: &Flow,
        calls: &[NamedCall],
        cx: &RunCx,
    ) -> Result<RecordBatch, RunError> {
        let (flow, order) = with_order(flow.clone(), calls)?;
        let Keys { flow, columns } = explode(flow, &self.by, false)?;
        let flow = with_values(flow, &columns)?;
        let names = calls.iter().map(|call| call.name().to_owned());
        let aggregates = names.zip(lower_calls(calls, &flow, order, None, cx)?).collect();
        let keys = (0..self.by.len()).map(key_column).zip(columns.iter().map(ident)).collect();
        cx.collect_hidden(&flow.aggregate(keys, aggregates)?).await
    }

    /// The row of each group by its key.
    fn places(&self, groups: &RecordBatch) -> Result<HashMap<String, u32>, RunError> {
        let names: Vec<String> = (0..self.by.len()).map(key_column).collect();
        let keys = group_keys(groups, &names)?.into_iter().zip(0_u32..);
        Ok(keys.filter_map(|(key, row)| Some((key?, row))).collect())
    }
}

fn key_column(number: usize) -> String {
    format!("\0by{number}")
}

/// The values of `names` in each row as one text; `None` where one is missing. Of several values the
/// first counts.
fn group_keys(rows: &RecordBatch, names: &[String]) -> Result<Vec<Option<String>>, RunError> {
    let readers = names.iter().map(|name| rows.column_by_name(name).map(Reader::new).transpose());
    let readers = readers.collect::<Result<Vec<_>, _>>()?;
    let key = |row| {
        let mut key = String::new();
        for reader in &readers {
            let value = reader.as_ref()?.value(row)?;
            key.push_str(value.into_items().first()?);
            key.push('\0');
        }
        Some(key)
    };
    Ok((0..rows.num_rows()).map(key).collect())
}
