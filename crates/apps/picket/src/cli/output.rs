//! Rows for people and for scripts.

use std::io::{self, Write};

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::Failure;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns
    Table,
    /// One array of objects
    Json,
    /// Comma-separated values with a header
    Csv,
}

/// Prints `rows`, objects by field name, with the columns `fields`.
pub(crate) fn print(
    format: Format,
    fields: &[String],
    rows: &[Map<String, Value>],
) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = match format {
        Format::Table => table(&mut out, fields, rows),
        Format::Json => json(&mut out, fields, rows),
        Format::Csv => csv(&mut out, fields, rows),
    };
    finish(written.and_then(|()| out.flush()))
}

/// Prints one JSON document.
pub(crate) fn print_json(document: &Value) -> Result<(), Failure> {
    finish(writeln!(io::stdout(), "{document:#}"))
}

/// Prints a line of text.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    finish(writeln!(io::stdout(), "{line}"))
}

/// A reader that has seen enough is no failure.
fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::other("the output could not be written", &error)),
        Ok(()) => Ok(()),
    }
}

/// A cell as text: the values of a multivalue one per line.
fn cell(row: &Map<String, Value>, field: &str) -> String {
    match row.get(field) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            items.collect::<Vec<_>>().join("\n")
        }
        Some(other) => other.to_string(),
    }
}

/// `text` for a terminal: control characters, which a device may have sent, are shown and not obeyed.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] })
        .collect()
}

fn table(out: &mut impl Write, fields: &[String], rows: &[Map<String, Value>]) -> io::Result<()> {
    let header: Vec<String> = fields.iter().map(|field| visible(field)).collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            fields.iter().map(|field| visible(&cell(row, field).replace('\n', ", "))).collect()
        })
        .collect();
    let width = |column: usize| {
        let all = std::iter::once(&header).chain(&cells).filter_map(|row| row.get(column));
        all.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..fields.len()).map(width).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [&header, &rule].into_iter().chain(&cells) {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

fn json(out: &mut impl Write, fields: &[String], rows: &[Map<String, Value>]) -> io::Result<()> {
    writeln!(out, "[")?;
    for (number, row) in (1..).zip(rows) {
        let ordered: Map<String, Value> = fields
            .iter()
            .filter_map(|field| row.get(field).map(|value| (field.clone(), value.clone())))
            .collect();
        let comma = if number < rows.len() { "," } else { "" };
        writeln!(out, "{}{comma}", Value::Object(ordered))?;
    }
    writeln!(out, "]")
}

fn csv(out: &mut impl Write, fields: &[String], rows: &[Map<String, Value>]) -> io::Result<()> {
    let line =
        |cells: Vec<String>| cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(",");
    writeln!(out, "{}", line(fields.to_vec()))?;
    for row in rows {
        writeln!(out, "{}", line(fields.iter().map(|field| cell(row, field)).collect()))?;
    }
    Ok(())
}

/// Quoted where RFC 4180 asks for it. What a spreadsheet would take for a formula is prefixed with `'`,
/// since the text may be a device's.
fn csv_cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Writer = fn(&mut Vec<u8>, &[String], &[Map<String, Value>]) -> io::Result<()>;

    fn printed(write: Writer) -> String {
        let rows = json!([{"a": "1", "b": ["x", "y"]}, {"b": "=1+1"}, {"a": "\u{1b}[2J"}]);
        let rows: Vec<Map<String, Value>> = serde_json::from_value(rows).unwrap();
        let mut out = Vec::new();
        write(&mut out, &["b".to_owned(), "a".to_owned()], &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_shows_control_characters_and_does_not_obey_them() {
        let expected = "b     a\n----  ---------\nx, y  1\n=1+1\n      \\u{1b}[2J\n";
        assert_eq!(printed(table), expected);
    }

    #[test]
    fn json_keeps_the_column_order() {
        let text = printed(json);
        assert!(text.contains(r#"{"b":["x","y"],"a":"1"}"#), "{text}");
        assert_eq!(serde_json::from_str::<Vec<Value>>(&text).unwrap().len(), 3);
    }

    #[test]
    fn csv_is_quoted_and_formulas_are_defused() {
        let text = printed(csv);
        assert!(text.starts_with("b,a\n\"x\ny\",1\n'=1+1,\n"), "{text}");
    }
}
