//! `convert`

use async_trait::async_trait;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;

use super::fields::takes_in;
use super::{Command, Stage};
use crate::SplError;
use crate::fields::Fields;
use crate::flow::Flow;
use crate::mapping::{map_lists, map_text};
use crate::nearest::hint;
use crate::parser::{Options, Parser};
use crate::pattern::Pattern;
use crate::run::{RunCx, RunError};
use crate::time::{strftime, strptime};
use crate::value::number;

pub(crate) const COMMAND: Command = Command {
    name: "convert",
    aliases: &[],
    syntax: "convert [timeformat=\"<format>\"] <function>(<field>) [AS <name>]…",
    doc: "Turns values into others: `ctime` epoch seconds into text, `mktime` back, `num` drops what is no number, and more.",
    example: "search index=iot | stats min(_time) AS first BY thing | convert ctime(first)",
    generates: false,
    parse,
};

const FUNCTIONS: &[&str] =
    &["ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit"];

#[derive(Debug)]
struct Convert {
    format: String,
    conversions: Vec<Conversion>,
}

#[derive(Debug)]
struct Conversion {
    function: &'static str,
    field: String,
    target: Option<String>,
}

fn parse(parser: &mut Parser<'_>) -> Result<Box<dyn Stage>, SplError> {
    const OPTIONS: Options = Options { command: "convert", names: &["timeformat"] };
    let mut convert = Convert { format: "%m/%d/%Y %H:%M:%S".to_owned(), conversions: Vec::new() };
    loop {
        parser.skip_separators();
        if parser.is_at_end() {
            break;
        }
        match parser.option(OPTIONS)? {
            Some((_, value)) => convert.format = value.text,
            None => convert.conversions.push(parse_conversion(parser)?),
        }
    }
    if convert.conversions.is_empty() {
        return Err(parser.unexpected("a function such as `ctime(…)`"));
    }
    Ok(Box::new(convert))
}

fn parse_conversion(parser: &mut Parser<'_>) -> Result<Conversion, SplError> {
    parser.skip_blanks();
    let at = parser.at();
    let name = parser.identifier();
    let known = FUNCTIONS.iter().find(|known| known.eq_ignore_ascii_case(name));
    let function = known.ok_or_else(|| {
        let hint = hint(name, FUNCTIONS.iter().copied());
        SplError::new(at, format!("`convert` has no function `{name}`{hint}"))
    })?;
    parser.expect('(')?;
    let field = parser.name("a field")?.text;
    parser.expect(')')?;
    let target = if parser.accept_keyword("as") { Some(parser.name("a name")?) } else { None };
    if let Some(target) = target.as_ref().filter(|_| !Pattern::new(&field).is_exact()) {
        return Err(SplError::new(target.at, "a wildcard converts in place and takes no `as`"));
    }
    Ok(Conversion { function, field, target: target.map(|target| target.text) })
}

#[async_trait]
impl Stage for Convert {
    fn reads(&self, wanted: Fields) -> Fields {
        self.conversions.iter().fold(wanted, |wanted, conversion| {
            match Pattern::new(&conversion.field) {
                pattern if pattern.is_exact() => wanted.with([conversion.field.as_str()]),
                pattern => wanted.with_pattern(&pattern),
            }
        })
    }

    async fn apply(&self, flow: Flow, cx: &RunCx) -> Result<Flow, RunError> {
        let exempt: Vec<&str> = self
            .conversions
            .iter()
            .filter(|conversion| conversion.function == "none")
            .map(|conversion| conversion.field.as_str())
            .collect();
        let mut flow = flow;
        for conversion in self.conversions.iter().filter(|conversion| conversion.function != "none")
        {
            for field in flow.names() {
                let is_wanted = takes_in(&conversion.field, &field);
                if !is_wanted || exempt.iter().any(|exempt| takes_in(exempt, &field)) {
                    continue;
                }
                let target = conversion.target.as_ref().unwrap_or(&field);
                let converted = self.converted(conversion.function, &flow, &field, cx);
                flow = cx.shallow(flow.with_column(target, converted)?).await?;
            }
        }
        Ok(flow)
    }
}

impl Convert {
    fn converted(&self, function: &'static str, flow: &Flow, field: &str, cx: &RunCx) -> Expr {
        let key = format!("spl_convert {function} {:?} {:?} {:?}", self.format, cx.zone, cx.now);
        let (format, zone, now) = (self.format.clone(), cx.zone.clone(), cx.now);
        let convert = move |value: &String| -> Option<String> {
            let number = number::parse(value);
            match function {
                "ctime" => Some(match number {
                    Some(seconds) => strftime(seconds, &format, &zone).unwrap_or(value.clone()),
                    None => value.clone(),
                }),
                "mktime" => strptime(value, &format, &zone, now).map(number::format),
                "num" => number.map(|_| value.clone()),
                "rmcomma" => Some(value.replace(',', "")),
                "rmunit" => Some(without_unit(value).to_owned()),
                "dur2sec" => duration_seconds(value).map(number::format),
                "mstime" => minutes_seconds(value).map(number::format),
                _ => kilobytes(value).map(number::format),
            }
        };
        let column = flow.column(field);
        match flow.data_type(field) {
            Some(DataType::List(_)) => {
                map_lists(key, column, move |values| values.iter().filter_map(&convert).collect())
            }
            _ => map_text(key, column, move |values| values.first().and_then(&convert)),
        }
    }
}

/// The number at the start, or the whole text if there is none.
fn without_unit(value: &str) -> &str {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let end = value.find(|c: char| !is_number(c)).unwrap_or(value.len());
    let start = value.get(..end).unwrap_or("");
    if number::parse(start).is_some() { start } else { value }
}

/// `[D+]HH:MM:SS` in seconds.
fn duration_seconds(value: &str) -> Option<f64> {
    let (days, time) = match value.split_once('+') {
        Some((days, time)) => (number::parse(days)?, time),
        None => (0.0, value),
    };
    let parts: Vec<f64> = time.split(':').map(number::parse).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    Some(((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds)
}

/// `[MM:]SS.SSS` in seconds.
fn minutes_seconds(value: &str) -> Option<f64> {
    match value.split_once(':') {
        Some((minutes, seconds)) => Some(number::parse(minutes)? * 60.0 + number::parse(seconds)?),
        None => number::parse(value),
    }
}

/// A number with `k`, `m` or `g` in kilobytes.
fn kilobytes(value: &str) -> Option<f64> {
    let factor = match value.chars().last()?.to_ascii_lowercase() {
        'm' => 1024.0,
        'g' => 1024.0 * 1024.0,
        _ => 1.0,
    };
    let digits = value.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    Some(number::parse(digits)? * factor)
}
