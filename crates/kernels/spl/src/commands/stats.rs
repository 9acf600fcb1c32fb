//! `stats`

use async_trait::async_trait;
use datafusion::prelude::ident;

use super::calls::{NamedCall, expand_calls, lower_calls, parse_calls, reads_calls, with_order};
use super::grouping::{KEYS_MAX, Keys, explode, with_values};
use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::ordering::{self, SortField};
use crate::parser::{Options, Parser, Word};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "stats",
    aliases: &[],
    syntax: "stats <function>[(<field>)] [AS <name>]… [BY <field>…] [dedup_splitvals=<bool>]",
    doc: "Aggregates over all rows, or over the rows of each combination of values. Rows without one of the BY fields do not count.",
    example: "search index=iot | stats count, max(bytes) AS most BY thing",
    generates: false,
    parse,
};

#[derive(Debug)]
struct Stats {
    calls: Vec<NamedCall>,
    by: Vec<String>,
    /// Whether a value that a row has twice counts once.
    is_distinct: bool,
    /// Whether it was given the option `partitions`.
    has_partitions: bool,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options =
        Options { command: "stats", names: &["allnum", "delim", "partitions", "dedup_splitvals"] };
    let mut stats =
        Stats { calls: Vec::new(), by: Vec::new(), is_distinct: false, has_partitions: false };
    let set = |stats: &mut Stats, name, value: Word| {
        match name {
            "partitions" => {
                value.as_count()?;
                stats.has_partitions = true;
            }
            "dedup_splitvals" => stats.is_distinct = value.as_bool()?,
            "allnum" if !value.as_bool()? => {}
            _ => {
                let message = format!("the option `{name}` of `stats` is not supported");
                return Err(SplError::new(value.at, message));
            }
        }
        Ok(())
    };
    let calls = parse_calls(parser, &["by"], OPTIONS, |name, value| set(&mut stats, name, value))?;
    stats.calls = calls;
    if parser.accept_keyword("by") {
        while let Some(field) =
            parse_by(parser, OPTIONS, &mut |name, value| set(&mut stats, name, value))?
        {
            check_by(&field, &stats)?;
            stats.by.push(field.text);
        }
        if stats.by.is_empty() {
            return Err(parser.unexpected("a field"));
        }
    }
    Ok(Box::new(stats))
}

/// Reads the next field of a list in which options may stand.
pub(super) fn parse_by(
    parser: &mut Parser<'_>,
    options: Options,
    set: &mut dyn FnMut(&'static str, Word) -> Result<(), SplError>,
) -> Result<Option<Word>, SplError> {
    loop {
        parser.skip_separators();
        if parser.is_at_end() {
            return Ok(None);
        }
        match parser.option(options)? {
            Some((name, value)) => set(name, value)?,
            None => return parser.name("a field").map(Some),
        }
    }
}

fn check_by(field: &Word, stats: &Stats) -> Result<(), SplError> {
    let name = &field.text;
    let message = if stats.by.len() >= KEYS_MAX {
        format!("at most {KEYS_MAX} fields may stand after `by`")
    } else if name.contains('*') {
        format!("`{name}`: wildcards do not work after `by`")
    } else if stats.by.contains(name) {
        format!("`{name}` stands twice after `by`")
    } else if stats.calls.iter().any(|call| call.name() == name) {
        format!("two columns would be named `{name}`; rename one with `as`")
    } else {
        return Ok(());
    };
    Err(SplError::new(field.at, message))
}

#[async_trait]
impl Stage for Stats {
    fn reads(&self, _: Fields) -> Fields {
        reads_calls(&self.calls).with(self.by.iter().cloned())
    }

    fn is_transforming(&self) -> bool {
        true
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        if self.has_partitions {
            cx.note("the option `partitions` of `stats` has no effect");
        }
        let calls = expand_calls(&self.calls, &flow, &self.by);
        let (flow, order) = with_order(flow, &calls)?;
        let Keys { flow, columns } = explode(flow, &self.by, self.is_distinct)?;
        let flow = with_values(flow, &columns)?;
        let names = calls.iter().map(|call| call.name().to_owned());
        let aggregates = names.zip(lower_calls(&calls, &flow, order, None, cx)?).collect();
        let keys = self.by.iter().cloned().zip(columns.iter().map(ident)).collect();
        let flow = flow.aggregate(keys, aggregates)?;
        let fields: Vec<SortField> = self.by.iter().map(SortField::ascending).collect();
        ordering::sort(flow, &fields, None, cx).await
    }
}
