//! `fields`

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::Parser;
use crate::pattern::Pattern;
use crate::run::{RunCx, RunError};
use datafusion::prelude::ident;

pub(crate) const COMMAND: Command = Command {
    name: "fields",
    aliases: &[],
    syntax: "fields [+|-] <field>…",
    doc: "Keeps these fields, and `_time` and `_raw`; with `-` drops them. `*` is a wildcard.",
    example: "search index=iot | fields thing, value.* | fields - _raw",
    generates: false,
    parse,
};

/// Fields that stay unless they are dropped by name.
const KEPT: &[&str] = &["_time", "_raw"];

#[derive(Debug)]
struct FieldList {
    is_drop: bool,
    names: Vec<String>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let is_drop = parser.accept('-');
    if !is_drop {
        parser.accept('+');
    }
    let names = parser.names(&[])?;
    if names.is_empty() {
        return Err(parser.unexpected("a field"));
    }
    let names = names.into_iter().map(|name| name.text).collect();
    Ok(Box::new(FieldList { is_drop, names }))
}

/// Whether `pattern`, written as `text`, takes in the field `name`: a wildcard leaves internal fields out
/// unless it begins like one.
pub(super) fn takes_in(text: &str, name: &str) -> bool {
    let pattern = Pattern::new(text);
    if pattern.is_exact() {
        return text == name;
    }
    (text.starts_with('_') || !name.starts_with('_')) && pattern.matches(name)
}

/// The names of `known` that the entries of a list take in, in the order of the list, each once.
pub(super) fn expand(list: &[String], known: &[String]) -> Vec<String> {
    let mut expanded: Vec<String> = Vec::new();
    for entry in list {
        for name in known.iter().filter(|name| takes_in(entry, name)) {
            if !expanded.contains(name) {
                expanded.push(name.clone());
            }
        }
    }
    expanded
}

/// What a list of fields needs of its input when `wanted` are needed of its output.
pub(super) fn reads_list(list: &[String], wanted: &Fields) -> Fields {
    list.iter().fold(Fields::none(), |reads, entry| match Pattern::new(entry) {
        pattern if !pattern.is_exact() => reads.with_pattern(&pattern),
        _ if wanted.contains(entry) => reads.with([entry.as_str()]),
        _ => reads,
    })
}

#[async_trait]
impl Stage for FieldList {
    fn reads(&self, wanted: Fields) -> Fields {
        if self.is_drop {
            return self.names.iter().fold(wanted, |wanted, name| wanted.without(name));
        }
        // A quiet field is wanted if it is named here.
        let wanted = wanted.with(self.names.iter().filter(|name| name.starts_with('_')).cloned());
        reads_list(&self.names, &wanted).with(KEPT.iter().copied())
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        let known = flow.names();
        if self.is_drop {
            let is_dropped = |name: &str| self.names.iter().any(|entry| takes_in(entry, name));
            return Ok(flow.keep(|name| !is_dropped(name))?);
        }
        let listed = expand(&self.names, &known);
        let kept = KEPT.iter().map(|name| (*name).to_owned());
        let kept = kept.filter(|name| known.contains(name) && !listed.contains(name));
        let names: Vec<String> = kept.chain(listed.iter().cloned()).collect();
        let columns = names.iter().map(|name| (name.clone(), ident(name))).collect();
        Ok(flow.project(columns)?)
    }
}
