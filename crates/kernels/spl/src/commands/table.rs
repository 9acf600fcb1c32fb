//! `table`

use async_trait::async_trait;

use super::fields::{reads_list, takes_in};
use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::Parser;
use crate::pattern::Pattern;
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "table",
    aliases: &[],
    syntax: "table <field>…",
    doc: "A table of exactly these fields in this order. `*` is a wildcard.",
    example: "search index=iot | table _time, thing, value.*",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Table {
    names: Vec<String>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let names = parser.names(&[])?;
    if names.is_empty() {
        return Err(parser.unexpected("a field"));
    }
    Ok(Box::new(Table { names: names.into_iter().map(|name| name.text).collect() }))
}

#[async_trait]
impl Stage for Table {
    fn reads(&self, wanted: Fields) -> Fields {
        // A quiet field is wanted if it is named here.
        let wanted = wanted.with(self.names.iter().filter(|name| name.starts_with('_')).cloned());
        reads_list(&self.names, &wanted)
    }

    fn is_transforming(&self) -> bool {
        true
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        let known = flow.names();
        let mut names: Vec<String> = Vec::new();
        let mut mandatory = Vec::new();
        for entry in &self.names {
            if Pattern::new(entry).is_exact() {
                mandatory.push(entry.clone());
                names.push(entry.clone());
            } else {
                names.extend(known.iter().filter(|name| takes_in(entry, name)).cloned());
            }
        }
        let mut columns: Vec<(String, _)> = Vec::new();
        for name in names {
            if !columns.iter().any(|(known, _)| *known == name) {
                let column = flow.column(&name);
                columns.push((name, column));
            }
        }
        let mut flow = flow.project(columns)?;
        flow.set_mandatory(&mandatory);
        flow.is_events = false;
        Ok(flow)
    }
}
