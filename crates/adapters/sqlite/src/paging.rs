//! Pages: a cursor is the key of the last row, and any text is a cursor.

use picket_core::Timestamp;
use picket_ports::registry::{Order, Page, Rows};
use rusqlite::{Row, Statement};

use crate::failure::Outcome;

/// Most rows a page looks at to find those its filter wants; where it ends, the page ends.
pub(crate) const ROWS_SCANNED_MAX: usize = 20_000;
/// The same for things, most of which are passed over without being read.
pub(crate) const THINGS_SCANNED_MAX: usize = 100_000;

/// How many rows the page may hold.
pub(crate) fn rows_max(page: &Page) -> usize {
    usize::try_from(page.rows_max).unwrap_or(usize::MAX).max(1)
}

/// The `LIMIT` of a query for `page`: one more than it holds, to see whether another follows.
pub(crate) fn limit(page: &Page) -> i64 {
    i64::from(page.rows_max.max(1)) + 1
}

/// The least text a list that begins at `prefix` and goes on after `page` may hold.
pub(crate) fn lowest(page: &Page, prefix: Option<&str>) -> String {
    let prefix = prefix.unwrap_or_default();
    match page.after.as_deref() {
        // The next text after another is that with a zero byte at its end.
        Some(after) if after >= prefix => format!("{after}\0"),
        _ => prefix.to_owned(),
    }
}

/// Makes a page of the rows of `statement`, which is limited to one more than the page holds.
pub(crate) fn collect<T>(
    statement: &mut Statement<'_>,
    parameters: impl rusqlite::Params,
    rows_max: usize,
    read: impl Fn(&Row<'_>) -> Outcome<T>,
    key: impl Fn(&T) -> String,
) -> Outcome<Rows<T>> {
    let mut found = statement.query(parameters)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        if rows.len() == rows_max {
            let next = rows.last().map(key);
            return Ok(Rows { rows, next });
        }
        rows.push(read(row)?);
    }
    Ok(Rows { rows, next: None })
}

/// The cursor of a list by time, then name.
pub(crate) fn time_key(time: Timestamp, name: &str) -> String {
    format!("{}/{name}", time.as_millis())
}

/// Reads [`time_key`]; a text that is none means the beginning.
pub(crate) fn read_time_key(page: &Page) -> Option<(i64, &str)> {
    let (time, name) = page.after.as_deref()?.split_once('/')?;
    Some((time.parse().ok()?, name))
}

/// The key before all others in `order`.
pub(crate) fn beginning(order: Order) -> (i64, &'static str) {
    match order {
        Order::Ascending => (i64::MIN, ""),
        // Greater than any name of ours, which begins with an ASCII character.
        Order::Descending => (i64::MAX, "\u{10FFFF}"),
    }
}
