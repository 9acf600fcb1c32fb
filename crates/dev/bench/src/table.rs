//! What is printed.

use std::io::{self, Write as _};

/// A table of a case: a row for each figure.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    rows: Vec<(String, String)>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, figure: impl Into<String>, value: impl Into<String>) {
        self.rows.push((figure.into(), value.into()));
    }

    pub(crate) fn print(&self) -> io::Result<()> {
        let width = self.rows.iter().map(|(figure, _)| figure.chars().count()).max().unwrap_or(0);
        let mut out = io::stdout().lock();
        writeln!(out, "\n{}", self.title)?;
        for (figure, value) in &self.rows {
            writeln!(out, "  {figure:<width$}  {value}")?;
        }
        out.flush()
    }
}

/// Microseconds with two decimals.
pub(crate) fn us(seconds: f64) -> String {
    format!("{:.2} µs", seconds * 1e6)
}
