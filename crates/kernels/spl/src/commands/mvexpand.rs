//! `mvexpand`

use async_trait::async_trait;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_nested::expr_fn::{array_slice, cardinality, range};
use datafusion::prelude::{cast, lit};

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::{Flow, Key};
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "mvexpand",
    aliases: &[],
    syntax: "mvexpand <field> [limit=<n>]",
    doc: "One row for each value of the field; the other fields are repeated.",
    example: "search index=iot | mvexpand value.ports{} limit=100",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Mvexpand {
    field: String,
    /// Most values of a row; 0 for all.
    limit: usize,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "mvexpand", names: &["limit"] };
    let mut field = None;
    let mut limit = 0;
    while !parser.is_at_end() {
        if let Some((_, value)) = parser.option(OPTIONS)? {
            limit = value.as_count()?;
        } else if field.is_none() {
            let name = parser.name("a field")?;
            if name.text.starts_with('_') {
                let message =
                    format!("`mvexpand` does not take internal fields such as `{}`", name.text);
                return Err(SplError::new(name.at, message));
            }
            field = Some(name.text);
        } else {
            parser.expect_end("mvexpand")?;
        }
    }
    let field = field.ok_or_else(|| parser.unexpected("a field"))?;
    Ok(Box::new(Mvexpand { field, limit }))
}

#[async_trait]
impl Stage for Mvexpand {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with([self.field.as_str()])
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        if !matches!(flow.data_type(&self.field), Some(DataType::List(_))) {
            return Ok(flow);
        }
        let mut flow = flow;
        let mut list = flow.column(&self.field);
        if self.limit > 0 {
            let last = i64::try_from(self.limit).unwrap_or(i64::MAX);
            list = array_slice(list, lit(1_i64), lit(last), None);
        }
        // The place of each value keeps the values of a row in order.
        let place = flow.hidden_name();
        let places =
            range(lit(0_i64), cast(cardinality(list.clone()), DataType::Int64), lit(1_i64));
        flow.sort_last_by(Key { column: place.clone(), is_descending: false });
        let flow = flow.with_columns(vec![(self.field.clone(), list), (place.clone(), places)])?;
        Ok(flow.unnest(&[self.field.clone(), place])?)
    }
}
