//! `regex`

use std::sync::Arc;

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::eval::Pattern;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::mapping::test_values;
use crate::parser::Parser;
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "regex",
    aliases: &[],
    syntax: "regex [<field>=|<field>!=]\"<pattern>\"",
    doc: "Keeps the rows in which the pattern is found, or with `!=` those in which it is not. Without a field it looks at `_raw`.",
    example: "search index=iot | regex thing=\"^pump-\\d+$\"",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Regex {
    field: String,
    pattern: Arc<Pattern>,
    is_negated: bool,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    let (mut field, mut is_negated) = ("_raw".to_owned(), false);
    if parser.peek() != Some('"') {
        let name = parser.bare_until(|c| matches!(c, '=' | '!'));
        if name.text.is_empty() {
            return Err(parser.unexpected("a field or a pattern in quotes"));
        }
        field = name.text;
        is_negated = parser.accept('!');
        parser.expect('=')?;
    }
    let pattern = parser.pattern()?;
    Ok(Box::new(Regex { field, pattern, is_negated }))
}

#[async_trait]
impl Stage for Regex {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with([self.field.as_str()])
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        let pattern = Arc::clone(&self.pattern);
        let key = format!("spl_regex {}", pattern.source());
        let found = test_values(key, flow.column(&self.field), move |text| pattern.is_match(text));
        Ok(flow.filter(if self.is_negated { found.is_not_true() } else { found })?)
    }
}
