//! `tail` and `reverse`

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::Parser;
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "tail",
    aliases: &[],
    syntax: "tail [<n>]",
    doc: "The last n rows, 10 if nothing is said, the last one first.",
    example: "search index=iot | tail 5",
    generates: false,
    parse,
};

/// Turns the order of rows round and keeps the first.
#[derive(Debug)]
pub(super) struct Backwards {
    pub(super) rows_max: Option<usize>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let rows = if parser.is_at_end() { 10 } else { parser.name("a number of rows")?.as_count()? };
    Ok(Box::new(Backwards { rows_max: Some(rows) }))
}

#[async_trait]
impl Stage for Backwards {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        let (flow, _) = flow.with_row_numbers()?;
        let flow = flow.reversed();
        Ok(match self.rows_max {
            Some(rows) => flow.head(rows)?,
            None => flow,
        })
    }
}
