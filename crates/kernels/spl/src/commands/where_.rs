//! `where`

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::eval::Expression;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::Parser;
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "where",
    aliases: &[],
    syntax: "where <expression>",
    doc: "Keeps the rows for which the expression is true. `\"x\"` is a text, `'x'` and bare words are fields.",
    example: "search index=iot | where thing=\"T\" AND isnotnull('value.count')",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Where(Expression);

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    if parser.is_at_end() {
        return Err(parser.unexpected("an expression"));
    }
    Ok(Box::new(Where(parser.expression()?)))
}

#[async_trait]
impl Stage for Where {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with(self.0.fields())
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let condition = self.0.lower_predicate(flow.schema(), &cx.eval())?;
        Ok(flow.filter(condition)?)
    }
}
