//! `rename`

use async_trait::async_trait;
use datafusion::logical_expr::Expr;
use datafusion::prelude::ident;

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::{Flow, missing};
use crate::parser::Parser;
use crate::pattern::Pattern;
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "rename",
    aliases: &[],
    syntax: "rename <field> AS <name>[, <field> AS <name>]…",
    doc: "Gives fields other names. Wildcards on the left are filled in on the right.",
    example: "search index=iot | rename thing AS \"Thing name\", value.* AS *",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Rename(Vec<(Pattern, Pattern)>);

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let mut pairs = Vec::new();
    loop {
        parser.skip_separators();
        if !pairs.is_empty() && parser.is_at_end() {
            return Ok(Box::new(Rename(pairs)));
        }
        let from = parser.name("a field")?;
        if !parser.accept_keyword("as") {
            return Err(parser.unexpected("`AS`"));
        }
        let to = parser.name("the new name")?;
        let (pattern, target) = (Pattern::new(&from.text), Pattern::new(&to.text));
        if pattern.stars() != target.stars() {
            let message = format!(
                "`{}` has {} wildcards and `{}` has {}; they must be as many",
                from.text,
                pattern.stars(),
                to.text,
                target.stars()
            );
            return Err(SplError::new(to.at, message));
        }
        pairs.push((pattern, target));
    }
}

#[async_trait]
impl Stage for Rename {
    fn reads(&self, wanted: Fields) -> Fields {
        self.0.iter().rev().fold(wanted, |wanted, (from, to)| {
            if from.is_exact() {
                return wanted.without(&to.fill(&[])).with([from.fill(&[])]);
            }
            wanted.with_pattern(from)
        })
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        // Each column by its present name, and what it is.
        let mut columns: Vec<(String, Expr)> =
            flow.names().into_iter().map(|name| (name.clone(), ident(name))).collect();
        let (mut optional, mut altered): (Vec<String>, Vec<String>) = Default::default();
        for (from, to) in &self.0 {
            let renamed: Vec<(String, String)> = columns
                .iter()
                .filter(|(name, _)| from.is_exact() || !name.starts_with('_'))
                .filter_map(|(name, _)| Some((name.clone(), to.fill(&from.captures(name)?))))
                .collect();
            if renamed.is_empty() && from.is_exact() {
                // A field that no row has leaves its new name empty as well.
                let target = to.fill(&[]);
                if let Some((_, column)) = columns.iter_mut().find(|(name, _)| *name == target) {
                    *column = missing();
                    altered.push(target);
                }
            }
            for (old, new) in renamed.into_iter().filter(|(old, new)| old != new) {
                columns.retain(|(name, _)| *name != new);
                if let Some((name, _)) = columns.iter_mut().find(|(name, _)| *name == old) {
                    if flow.is_optional(&old) || optional.contains(&old) {
                        optional.push(new.clone());
                    }
                    altered.extend([old, new.clone()]);
                    *name = new;
                }
            }
        }
        let mut flow = flow.project(columns)?;
        optional.iter().for_each(|name| flow.set_optional(name));
        altered.iter().for_each(|name| flow.set_altered(name));
        Ok(flow)
    }
}
