//! `sort`

use async_trait::async_trait;

use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::ordering::{self, SortField};
use crate::parser::{Options, Parser, Word};
use crate::run::{RunCx, RunError};
use crate::value::sort::Order;

pub(crate) const COMMAND: Command = Command {
    name: "sort",
    aliases: &[],
    syntax: "sort [<n>|limit=<n>] [+|-]<field>… [desc]",
    doc: "Sorts rows: numbers as numbers, addresses as addresses, else by text. Keeps 10000 rows unless n says otherwise; 0 keeps all.",
    example: "search index=iot | sort 0 - bytes, +str(thing)",
    generates: false,
    parse,
};

/// Rows kept without a number.
const LIMIT: usize = 10_000;

#[derive(Debug)]
struct Sort {
    fields: Vec<SortField>,
    /// Most rows; 0 for all.
    limit: usize,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "sort", names: &["limit"] };
    let mut limit = accept_count(parser);
    let mut is_descending = false;
    let mut fields = Vec::new();
    let mut is_reversed = false;
    loop {
        parser.skip_separators();
        if parser.is_at_end() {
            break;
        }
        if is_reversed {
            parser.expect_end("sort")?;
        }
        if let Some((_, value)) = parser.option(OPTIONS)? {
            limit = Some(value.as_count()?);
            continue;
        }
        let before = parser.clone();
        if let Some(sign) = accept_sign(parser) {
            if parser.next_char().is_none_or(char::is_whitespace) {
                is_descending = sign;
                continue;
            }
            *parser = before;
        } else if !fields.is_empty() {
            let is_last = |mut ahead: Parser<'_>| ahead.is_at_end();
            let word = parser.name("a field")?;
            if (word.is("d") || word.is("desc")) && is_last(parser.clone()) {
                is_reversed = true;
                continue;
            }
            *parser = before;
        }
        fields.push(parse_field(parser, is_descending)?);
    }
    if fields.is_empty() {
        return Err(parser.unexpected("a field to sort by"));
    }
    for field in fields.iter_mut().filter(|_| is_reversed) {
        field.is_descending = !field.is_descending;
    }
    Ok(Box::new(Sort { fields, limit: limit.unwrap_or(LIMIT) }))
}

/// A number that stands alone.
fn accept_count(parser: &mut Parser<'_>) -> Option<usize> {
    parser.skip_blanks();
    let mut ahead = parser.clone();
    let word = ahead.name("a number").ok().filter(|word| !word.is_quoted)?;
    let count = word.text.parse().ok()?;
    if ahead.peek() == Some('=') {
        return None;
    }
    *parser = ahead;
    Some(count)
}

/// Whether the sign that comes next means descending.
fn accept_sign(parser: &mut Parser<'_>) -> Option<bool> {
    if parser.accept('-') {
        Some(true)
    } else if parser.accept('+') {
        Some(false)
    } else {
        None
    }
}

/// A field with its own sign, if any.
pub(super) fn parse_field(
    parser: &mut Parser<'_>,
    is_descending: bool,
) -> Result<SortField, SplError> {
    let is_descending = accept_sign(parser).unwrap_or(is_descending);
    let word = parser.name("a field to sort by")?;
    let (name, order) = if word.is_quoted { (word.text, Order::Auto) } else { kind_of(&word) };
    Ok(SortField { name, order, is_descending })
}

/// `num(f)` and its like.
fn kind_of(word: &Word) -> (String, Order) {
    let kinds = [
        ("auto", Order::Auto),
        ("num", Order::Numbers),
        ("str", Order::Text),
        ("ip", Order::Addresses),
    ];
    let call = word.text.strip_suffix(')').and_then(|text| text.split_once('('));
    let found = call.and_then(|(function, field)| {
        let (_, order) = kinds.into_iter().find(|(name, _)| function.eq_ignore_ascii_case(name))?;
        Some((field.to_owned(), order))
    });
    found.unwrap_or_else(|| (word.text.clone(), Order::Auto))
}

#[async_trait]
impl Stage for Sort {
    fn reads(&self, wanted: Fields) -> Fields {
        wanted.with(self.fields.iter().map(|field| field.name.as_str()))
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let rows_max = (self.limit > 0).then_some(self.limit);
        ordering::sort(flow, &self.fields, rows_max, cx).await
    }
}
