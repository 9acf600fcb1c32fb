//! A search: reading its text into stages.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::{ident, lit};
use picket_core::Timestamp;

use crate::SplError;
use crate::commands::{self, Command, Stage};
use crate::eval::EvalCx;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::parser::{Parser, Word};
use crate::run::{RunCx, RunError, RunOptions, TimeRange};
use crate::search::{self, Scope, SearchExpr};
use crate::time::parse_spec;

/// Longest text of a search, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Most commands of a search.
const COMMANDS_MAX: usize = 256;

/// A search whose text is right.
#[derive(Debug)]
pub struct Query {
    names: Vec<&'static str>,
    base: Base,
    pub(crate) stages: Vec<Box<dyn Stage>>,
}

/// Where the rows come from.
#[derive(Debug)]
enum Base {
    /// Events.
    Search(SearchExpr),
    /// The first stage makes them.
    Generated,
}

impl Query {
    /// Reads the text of a search.
    ///
    /// # Errors
    /// A text that is no search or uses what is not supported, with the place.
    pub fn parse(text: &str) -> Result<Self, SplError> {
        if text.len() > TEXT_BYTES_MAX {
            let message =
                format!("the search has {} bytes; at most {TEXT_BYTES_MAX} are read", text.len());
            return Err(SplError::new(TEXT_BYTES_MAX, message));
        }
        let text = without_comments(text)?;
        let mut parser = Parser::new(&text, 0);
        let mut query = Self::parse_base(&mut parser)?;
        while parser.accept('|') {
            let (name, command) = parse_command(&mut parser)?;
            if command.generates {
                let message = format!("`{}` must be the first command", command.name);
                return Err(SplError::new(name.at, message));
            }
            query.push(command, &mut parser)?;
            if query.names.len() > COMMANDS_MAX {
                let message = format!("a search has at most {COMMANDS_MAX} commands");
                return Err(SplError::new(name.at, message));
            }
        }
        match parser.peek() {
            None => Ok(query),
            Some(_) => Err(SplError::new(parser.at(), "this `]` closes nothing")),
        }
    }

    /// Reads the first command.
    fn parse_base(parser: &mut Parser<'_>) -> Result<Self, SplError> {
        let has_pipe = parser.accept('|');
        let start = parser.clone();
        let first = parser.identifier();
        let command = commands::find(first);
        let is_search = command.is_some_and(|command| command.name == "search");
        if let Some(command) = command.filter(|command| command.generates) {
            let mut query = Self { names: Vec::new(), base: Base::Generated, stages: Vec::new() };
            query.push(command, parser)?;
            return Ok(query);
        }
        if !is_search {
            *parser = start;
            if has_pipe {
                let (name, command) = parse_command(parser)?;
                let message = format!(
                    "a search that begins with `|` must begin with a command that makes rows, which \
                     `{}` does not; write `search …` before it",
                    command.name
                );
                return Err(SplError::new(name.at, message));
            }
        } else if parser.next_char().is_some_and(|c| matches!(c, '=' | '!' | '<' | '>' | ':')) {
            // A field that is called `search`.
            *parser = start;
        }
        let base = Base::Search(search::parse(parser, true)?);
        Ok(Self { names: vec!["search"], base, stages: Vec::new() })
    }

    fn push(&mut self, command: &'static Command, parser: &mut Parser<'_>) -> Result<(), SplError> {
        self.names.push(command.name);
        self.stages.push((command.parse)(parser)?);
        parser.expect_end(command.name)
    }

    /// The names of its commands in order, aliases resolved.
    pub fn commands(&self) -> Vec<String> {
        self.names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What part of the events it can want.
    pub fn scope(&self, options: &RunOptions) -> Scope {
        let TimeRange { earliest, latest } = self.time_range(options);
        let indexes = match &self.base {
            Base::Search(search) => search::indexes(search),
            Base::Generated => Some(Vec::new()),
        };
        Scope { earliest, latest, indexes }
    }

    /// The time range: the one in the text, else that of `options`.
    pub(crate) fn time_range(&self, options: &RunOptions) -> TimeRange {
        let of_options = TimeRange { earliest: options.earliest, latest: options.latest };
        match &self.base {
            Base::Search(search) => {
                let cx = EvalCx { now: options.now, zone: options.zone.clone() };
                search::time_range(search, &cx, options.latest_default).unwrap_or(of_options)
            }
            Base::Generated => of_options,
        }
    }

    /// The rows that the stages work on.
    pub(crate) fn base(&self, table: Arc<dyn TableProvider>, cx: &RunCx) -> Result<Flow, RunError> {
        let Base::Search(search) = &self.base else { return Ok(Flow::empty()?) };
        let wanted =
            self.stages.iter().rev().fold(Fields::all(), |wanted, stage| stage.reads(wanted));
        let wanted = wanted.with(["_time", "index"]).union(search.fields());
        let flow = Flow::scan(table, &wanted)?;
        let mut conditions = Vec::new();
        let bounds = [(true, cx.range.earliest), (false, cx.range.latest)];
        for (is_earliest, bound) in bounds {
            conditions.extend(bound.map(|time| search::time_condition("_time", is_earliest, time)));
        }
        if !search::names_index(search) {
            conditions.push(ident("index").not_like(lit("\\_%")));
        }
        conditions.push(search::lower(search, &flow, &cx.eval()));
        let flow = conditions.into_iter().try_fold(flow, Flow::filter)?;
        Ok(flow)
    }
}

/// Reads the name of a command.
fn parse_command(parser: &mut Parser<'_>) -> Result<(Word, &'static Command), SplError> {
    if parser.peek() == Some('`') {
        return Err(SplError::new(parser.at(), "macros are not supported"));
    }
    let at = parser.at();
    if parser.is_at_end() {
        return Err(SplError::new(at, "a command is missing after the pipe"));
    }
    let text = parser.identifier().to_owned();
    if text.is_empty() {
        return Err(parser.unexpected("a command"));
    }
    let name = Word { text, at, is_quoted: false };
    let command = commands::find_or_error(&name)?;
    Ok((name, command))
}

/// The text with blanks in place of its comments, so that every offset stays.
fn without_comments(text: &str) -> Result<String, SplError> {
    const MARK: &str = "```";
    let mut bytes = String::with_capacity(text.len());
    let mut left = text;
    let mut is_quoted = false;
    let mut is_escaped = false;
    while let Some(c) = left.chars().next() {
        if !is_quoted && left.starts_with(MARK) {
            let at = text.len() - left.len();
            let inside = left.get(MARK.len()..).unwrap_or("");
            let Some(length) = inside.find(MARK) else {
                return Err(SplError::new(at, "the comment is not closed by ```"));
            };
            let length = length + 2 * MARK.len();
            let comment = left.get(..length).unwrap_or(left);
            bytes.extend(comment.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            left = left.get(length..).unwrap_or("");
            continue;
        }
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = is_quoted && c == '\\' && !is_escaped;
        bytes.push(c);
        left = left.get(c.len_utf8()..).unwrap_or("");
    }
    Ok(bytes)
}

/// The instant a bound of [`RunOptions`] is written as (`-1h`, `@d`, epoch seconds, ISO 8601); `None` for
/// 0, which means all time.
///
/// # Errors
/// A text that is no time.
pub fn resolve_time(text: &str, now: Timestamp) -> Result<Option<Timestamp>, SplError> {
    let spec = parse_spec(text)?;
    Ok((!spec.is_zero()).then(|| spec.resolve(now)))
}
