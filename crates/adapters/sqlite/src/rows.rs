//! Columns as the port's types.

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row};

use crate::failure::{Failure, Outcome, damaged};

/// Attribute pairs as they are stored.
pub(crate) fn pairs_text(pairs: &[(String, String)]) -> Outcome<String> {
    serde_json::to_string(pairs).map_err(damaged)
}

/// One text as it stands in [`pairs_text`], with its quotes.
pub(crate) fn json_text(text: &str) -> Outcome<String> {
    serde_json::to_string(text).map_err(damaged)
}

/// Reads [`pairs_text`].
pub(crate) fn pairs(row: &Row<'_>, column: usize) -> Outcome<Vec<(String, String)>> {
    match text_ref(row, column)? {
        "[]" => Ok(Vec::new()),
        text => serde_json::from_str(text).map_err(damaged),
    }
}

/// A number of ours, which fits, as SQLite's.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn number(row: &Row<'_>, column: usize) -> Outcome<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(damaged)
}

pub(crate) fn time(row: &Row<'_>, column: usize) -> Outcome<Timestamp> {
    Ok(Timestamp::from_millis(row.get(column)?))
}

pub(crate) fn text(row: &Row<'_>, column: usize) -> Outcome<String> {
    Ok(row.get(column)?)
}

pub(crate) fn maybe_text(row: &Row<'_>, column: usize) -> Outcome<Option<String>> {
    Ok(row.get(column)?)
}

pub(crate) fn text_ref<'r>(row: &'r Row<'_>, column: usize) -> Outcome<&'r str> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(damaged),
        other => Err(damaged(format!("column {column} is {}, not text", other.data_type()))),
    }
}

pub(crate) fn thing_name(row: &Row<'_>, column: usize) -> Outcome<ThingName> {
    ThingName::new(text_ref(row, column)?).map_err(damaged)
}

pub(crate) fn policy_name(row: &Row<'_>, column: usize) -> Outcome<PolicyName> {
    PolicyName::new(text_ref(row, column)?).map_err(damaged)
}

pub(crate) fn certificate_id(row: &Row<'_>, column: usize) -> Outcome<CertificateId> {
    CertificateId::new(text_ref(row, column)?).map_err(damaged)
}

/// The first row of a query, if there is one.
pub(crate) fn first<T>(
    database: &Connection,
    text: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> Outcome<T>,
) -> Outcome<Option<T>> {
    let mut statement = database.prepare_cached(text)?;
    let mut found = statement.query(parameters)?;
    found.next()?.map(read).transpose()
}

/// All rows of a query.
pub(crate) fn all<T>(
    database: &Connection,
    text: &str,
    parameters: impl Params,
    read: impl Fn(&Row<'_>) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut statement = database.prepare_cached(text)?;
    let found = statement.query(parameters)?;
    found.and_then(|row| read(row)).collect()
}

/// Whether a query has a row.
pub(crate) fn exists(database: &Connection, text: &str, parameters: impl Params) -> Outcome<bool> {
    Ok(database.prepare_cached(text)?.exists(parameters)?)
}

/// Runs a statement; says how many rows it changed.
pub(crate) fn change(database: &Connection, text: &str, parameters: impl Params) -> Outcome<usize> {
    database.prepare_cached(text)?.execute(parameters).map_err(Failure::from)
}

/// How many rows a table has.
pub(crate) fn count(database: &Connection, text: &str) -> Outcome<u64> {
    let counted = first(database, text, [], |row| number(row, 0))?;
    Ok(counted.unwrap_or_default())
}
