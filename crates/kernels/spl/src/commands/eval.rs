//! `eval`

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::eval::Expression;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::Parser;
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "eval",
    aliases: &[],
    syntax: "eval <field>=<expression>[, <field>=<expression>]…",
    doc: "Sets fields to the values of expressions, from left to right. Null removes the field.",
    example: "search index=iot | eval kb=round(bytes/1024, 1), where_to=coalesce(dest, \"unknown\")",
    generates: false,
    parse,
};

/// Most fields that one command sets.
const ASSIGNMENTS_MAX: usize = 100;
/// The field that stays a point in time.
const TIME: &str = "_time";

#[derive(Debug)]
struct Eval(Vec<Assignment>);

#[derive(Debug)]
struct Assignment {
    target: String,
    expression: Expression,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let mut assignments = Vec::new();
    loop {
        let target = parser.name("a field to set")?;
        if has_dynamic_part(&target.text) {
            let message = "names made of values, as in `{field}=…`, are not supported";
            return Err(SplError::new(target.at, message));
        }
        parser.expect('=')?;
        if parser.is_at_end() {
            return Err(parser.unexpected("an expression"));
        }
        let expression = parser.expression()?;
        if assignments.len() >= ASSIGNMENTS_MAX {
            let message = format!("`eval` sets at most {ASSIGNMENTS_MAX} fields; use several");
            return Err(SplError::new(target.at, message));
        }
        assignments.push(Assignment { target: target.text, expression });
        if !parser.accept(',') {
            return Ok(Box::new(Eval(assignments)));
        }
    }
}

/// Whether the name has braces around something, which stands for the value of a field.
fn has_dynamic_part(name: &str) -> bool {
    let open = name.find('{').and_then(|open| name.get(open + 1..));
    open.is_some_and(|inside| inside.contains('}') && !inside.starts_with('}'))
}

#[async_trait]
impl Stage for Eval {
    fn reads(&self, wanted: Fields) -> Fields {
        self.0.iter().rev().fold(wanted, |wanted, assignment| {
            wanted.without(&assignment.target).with(assignment.expression.fields())
        })
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let mut flow = flow;
        for Assignment { target, expression } in &self.0 {
            let value = match target.as_str() {
                TIME => expression.lower_time(flow.schema(), &cx.eval())?,
                _ => expression.lower(flow.schema(), &cx.eval())?,
            };
            flow = cx.shallow(flow.with_column(target, value)?).await?;
        }
        Ok(flow)
    }
}
