//! `fillnull`

use async_trait::async_trait;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, when};
use datafusion::prelude::{cast, lit};

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::mapping::as_list;
use crate::output::is_empty;
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "fillnull",
    aliases: &[],
    syntax: "fillnull [value=<text>] [<field>…]",
    doc: "Puts a value, 0 if nothing is said, where a field is missing; without a list in every field of the rows.",
    example: "search index=iot | stats count BY thing, port | fillnull value=none port",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Fillnull {
    value: String,
    fields: Vec<String>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "fillnull", names: &["value"] };
    let mut fillnull = Fillnull { value: "0".to_owned(), fields: Vec::new() };
    loop {
        parser.skip_separators();
        if parser.is_at_end() {
            return Ok(Box::new(fillnull));
        }
        match parser.option(OPTIONS)? {
            Some((_, value)) => fillnull.value = value.text,
            None => {
                let field = parser.name("a field")?;
                if field.text.contains('*') {
                    let message = format!("`{}`: wildcards do not work here", field.text);
                    return Err(SplError::new(field.at, message));
                }
                fillnull.fields.push(field.text);
            }
        }
    }
}

#[async_trait]
impl Stage for Fillnull {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with(self.fields.iter().cloned())
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        if !self.fields.is_empty() {
            let mut flow = self.fill(flow, &self.fields)?;
            flow.set_mandatory(&self.fields);
            return Ok(flow);
        }
        // Only fields that some row has are filled, so that all rows must be seen first.
        let batch = cx.collect(&flow, None).await?;
        let seen: Vec<String> = batch
            .schema()
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, column)| !flow.is_optional(field.name()) || !is_empty(column))
            .map(|(field, _)| field.name().clone())
            .collect();
        let flow = flow.replaced_by(&batch)?;
        self.fill(flow, &seen)
    }
}

impl Fillnull {
    fn fill(&self, flow: Flow, fields: &[String]) -> Result<Flow, RunError> {
        let filled = fields.iter().map(|field| Ok((field.clone(), self.filled(&flow, field)?)));
        let filled = filled.collect::<Result<Vec<_>, RunError>>()?;
        Ok(flow.with_columns(filled)?)
    }

    fn filled(&self, flow: &Flow, field: &str) -> Result<Expr, RunError> {
        let column = flow.column(field);
        let text = lit(self.value.clone());
        Ok(match flow.data_type(field) {
            None => text,
            Some(DataType::Int64) => match self.value.parse::<i64>() {
                Ok(number) => coalesce(vec![column, lit(number)]),
                Err(_) => coalesce(vec![cast(column, DataType::Utf8), text]),
            },
            Some(DataType::Utf8) => coalesce(vec![column, text]),
            // Rows that have the field do not get another type for those that have not.
            Some(DataType::Timestamp(..)) => column,
            Some(_) => when(column.clone().is_null(), as_list(text)).otherwise(as_list(column))?,
        })
    }
}
