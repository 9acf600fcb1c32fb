//! Reads a call of a stats function.

use super::function::{Measure, find};
use super::{AggregateCall, Argument};
use crate::SplError;
use crate::eval::parse_expression;

/// Reads the call at byte `start` of the search `source`: `count`, `p95(value.count)`,
/// `count(eval(port=21))`. Gives the call and where it ends.
///
/// # Errors
/// Functions that do not exist, arguments that are missing or no field.
pub fn parse_call(source: &str, start: usize) -> Result<(AggregateCall, usize), SplError> {
    let start = skip_blanks(source, start);
    let rest = source.get(start..).unwrap_or_default();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let function: String = rest.chars().take_while(|c| is_name(*c)).collect();
    if function.is_empty() {
        return Err(SplError::new(start, "expected a stats function such as `count`"));
    }
    let measure = find(&function).map_err(|message| SplError::new(start, message))?;
    let name_end = start + function.len();
    let opened = skip_blanks(source, name_end);
    let (argument, end) = match source.get(opened..).and_then(|rest| rest.strip_prefix('(')) {
        Some(_) => argument(source, opened + 1, &function, measure)?,
        None if measure == Measure::Count => (Argument::Rows, name_end),
        // The old short form: every field.
        None => (Argument::Field("*".to_owned()), name_end),
    };
    let text = source.get(start..end).unwrap_or_default().to_owned();
    Ok((AggregateCall { measure, function, argument, text, at: start }, end))
}

/// The argument up to the closing parenthesis.
fn argument(
    source: &str,
    start: usize,
    function: &str,
    measure: Measure,
) -> Result<(Argument, usize), SplError> {
    let start = skip_blanks(source, start);
    let rest = source.get(start..).unwrap_or_default();
    if rest.starts_with(')') {
        return match measure {
            Measure::Count => Ok((Argument::Rows, start + 1)),
            _ => Err(SplError::new(start, format!("{function}() takes a field"))),
        };
    }
    if let Some(inside) = eval_start(source, start) {
        let (expression, end) = parse_expression(source, inside)?;
        let end = close(source, end)?;
        return Ok((Argument::Eval(Box::new(expression)), close(source, end)?));
    }
    if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
        let inside = source.get(start + 1..).unwrap_or_default();
        let Some(length) = inside.find(quote) else {
            return Err(SplError::new(start, "a field name that is not closed with its quote"));
        };
        let name = inside.get(..length).unwrap_or_default().to_owned();
        return Ok((Argument::Field(name), close(source, start + length + 2)?));
    }
    let is_field =
        |c: char| !c.is_whitespace() && !matches!(c, '(' | ')' | ',' | '|' | '[' | ']' | '"');
    let name: String = rest.chars().take_while(|c| is_field(*c)).collect();
    if name.is_empty() {
        return Err(SplError::new(start, format!("{function}() takes a field or eval(…)")));
    }
    let end = close(source, start + name.len())?;
    Ok((Argument::Field(name), end))
}

/// Where the expression of `eval(…)` begins, if that is at `start`.
fn eval_start(source: &str, start: usize) -> Option<usize> {
    let word = source.get(start..start + 4)?;
    if !word.eq_ignore_ascii_case("eval") {
        return None;
    }
    let opened = skip_blanks(source, start + 4);
    source.get(opened..)?.starts_with('(').then_some(opened + 1)
}

fn close(source: &str, at: usize) -> Result<usize, SplError> {
    let at = skip_blanks(source, at);
    match source.get(at..).and_then(|rest| rest.chars().next()) {
        Some(')') => Ok(at + 1),
        Some(c) => Err(SplError::new(
            at,
            format!(
                "expected `)`, found `{c}`; quote field names with blanks or brackets, put expressions in eval(…)"
            ),
        )),
        None => Err(SplError::new(at, "the search ends where `)` is expected")),
    }
}

fn skip_blanks(source: &str, at: usize) -> usize {
    let rest = source.get(at..).unwrap_or_default();
    at + (rest.len() - rest.trim_start().len())
}
