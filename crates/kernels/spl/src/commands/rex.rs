//! `rex`

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;

use super::sed::Sed;
use super::{Command, Stage};
use crate::SplError;
use crate::eval::Pattern;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::mapping::{map_lists, map_text, or_present};
use crate::parser::{Options, Parser};
use crate::run::{RunCx, RunError};

pub(crate) const COMMAND: Command = Command {
    name: "rex",
    aliases: &[],
    syntax: "rex [field=<field>] (\"<pattern with (?<name>…)>\" [max_match=<n>] | mode=sed \"s/…/…/[g]\")",
    doc: "Sets fields to what the named groups of a pattern match; with `mode=sed` replaces in place.",
    example: "search index=iot | rex field=thing \"^(?<kind>\\w+)-(?<number>\\d+)$\"",
    generates: false,
    parse,
};

/// Most values that one cell gives where there is no other limit.
const MATCHES_MAX: usize = 10_000;

#[derive(Debug)]
enum Rex {
    Groups {
        field: String,
        pattern: Arc<Pattern>,
        names: Vec<String>,
        /// Matches taken from one cell.
        matches_max: usize,
    },
    Sed {
        field: String,
        sed: Arc<Sed>,
    },
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options =
        Options { command: "rex", names: &["field", "max_match", "mode", "offset_field"] };
    let (mut field, mut matches_max, mut is_sed) = ("_raw".to_owned(), 1, false);
    let mut text = None;
    while !parser.is_at_end() {
        match parser.option(OPTIONS)? {
            Some(("field", value)) => field = value.text,
            Some(("max_match", value)) => matches_max = value.as_count()?,
            Some(("mode", value)) if value.is("sed") => is_sed = true,
            Some((name, value)) => {
                let message = format!("`{name}={}` of `rex` is not supported", value.text);
                return Err(SplError::new(value.at, message));
            }
            None if text.is_none() => text = Some(parser.quoted_keeping_backslashes()?),
            None => parser.expect_end("rex")?,
        }
    }
    let text = text.ok_or_else(|| parser.unexpected("a pattern in quotes"))?;
    if is_sed {
        let sed = Sed::parse(&text.text).map_err(|why| SplError::new(text.at, why))?;
        return Ok(Box::new(Rex::Sed { field, sed: Arc::new(sed) }));
    }
    let pattern = Pattern::new(&text.text);
    let pattern = pattern.map_err(|error| SplError::new(text.at, error.to_string()))?;
    let names: Vec<String> = pattern.group_names().flatten().map(str::to_owned).collect();
    if names.is_empty() {
        let message = "the pattern has no named group such as `(?<name>…)`, so it sets no field";
        return Err(SplError::new(text.at, message));
    }
    let matches_max = if matches_max == 0 { MATCHES_MAX } else { matches_max.min(MATCHES_MAX) };
    Ok(Box::new(Rex::Groups { field, pattern: Arc::new(pattern), names, matches_max }))
}

impl Rex {
    fn field(&self) -> &str {
        match self {
            Self::Groups { field, .. } | Self::Sed { field, .. } => field,
        }
    }
}

#[async_trait]
impl Stage for Rex {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with([self.field()])
    }

    async fn apply(&self, flow: Flow, _: &RunCx) -> Result<Flow, RunError> {
        if !flow.has(self.field()) {
            return Ok(flow);
        }
        let column = flow.column(self.field());
        let is_list = matches!(flow.data_type(self.field()), Some(DataType::List(_)));
        match self {
            Self::Sed { field, sed } => {
                let (key, sed) = (format!("spl_sed {sed:?}"), Arc::clone(sed));
                let replaced = if is_list {
                    let all = move |values: Vec<String>| {
                        values.iter().map(|value| sed.apply(value)).collect()
                    };
                    map_lists(key, column, all)
                } else {
                    map_text(key, column, move |values| {
                        values.first().map(|value| sed.apply(value))
                    })
                };
                Ok(flow.with_column(field, replaced)?)
            }
            Self::Groups { pattern, names, matches_max, .. } => {
                let is_single = *matches_max == 1 && !is_list;
                let set = names.iter().map(|name| {
                    let value = group(pattern, name, *matches_max, is_single, column.clone());
                    Ok((name.clone(), or_present(&flow, name, value)?))
                });
                let set = set.collect::<Result<Vec<_>, RunError>>()?;
                Ok(flow.with_columns(set)?)
            }
        }
    }
}

/// What the group `name` matches in each cell of `column`.
fn group(
    pattern: &Arc<Pattern>,
    name: &str,
    matches_max: usize,
    is_single: bool,
    column: Expr,
) -> Expr {
    let key = format!("spl_rex {name} {matches_max} {}", pattern.source());
    let (pattern, name) = (Arc::clone(pattern), name.to_owned());
    let matched = move |values: Vec<String>| {
        let mut found = Vec::new();
        for value in &values {
            for groups in pattern.matches(value).take(matches_max) {
                found.extend(groups.name(&name).map(|group| group.as_str().to_owned()));
            }
        }
        found
    };
    if is_single {
        map_text(key, column, move |values| matched(values).into_iter().next())
    } else {
        map_lists(key, column, matched)
    }
}
