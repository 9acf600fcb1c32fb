//! `search`

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::Parser;
use crate::run::{RunCx, RunError};
use crate::search::{self, SearchExpr};

pub(crate) const COMMAND: Command = Command {
    name: "search",
    aliases: &[],
    syntax: "search <terms>",
    doc: "Keeps the events that meet all terms: `field=value` with `*` as wildcard, keywords, phrases.",
    example: "search index=iot thing=T* NOT (port=22 OR port IN (80, 443)) \"login failed\"",
    generates: false,
    parse,
};

/// A search in the middle; the one that reads events belongs to the query.
#[derive(Debug)]
struct Search(SearchExpr);

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    Ok(Box::new(Search(search::parse(parser, false)?)))
}

#[async_trait]
impl Stage for Search {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.union(self.0.fields())
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let condition = search::lower(&self.0, &flow, &cx.eval());
        Ok(flow.filter(condition)?)
    }
}
