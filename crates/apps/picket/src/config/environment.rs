//! `PICKET_SECTION_KEY=value` in the environment, for example `PICKET_DETECT_WINDOW=10s`; a table inside
//! a section is parted off by two underscores: `PICKET_GATEWAY_TLS_RULES__MAX_QOS=2`.

use toml::{Table, Value};

use super::ConfigError;
use super::nearest::nearest;

const PREFIX: &str = "PICKET_";
const SECTIONS: &[&str] = &[
    "account", "admin", "aws", "broker", "console", "delivery", "detect", "gateway", "hec", "log",
    "registry", "rules", "siem", "tls",
];
/// Read by the client commands, no settings of the server.
const OF_CLIENTS: &[&str] =
    &["PICKET_DATA", "PICKET_CONFIG", "PICKET_ENDPOINT", "PICKET_USERNAME", "PICKET_PASSWORD"];

/// Writes the `PICKET_…` variables into `table`. Returns their names.
pub(super) fn overlay(
    table: &mut Table,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Vec<String>, ConfigError> {
    let mut found = Vec::new();
    let ours = variables
        .filter(|(name, _)| name.starts_with(PREFIX) && !OF_CLIENTS.contains(&name.as_str()));
    for (name, value) in ours {
        let path = path_of(&name)?;
        put(table, &path, read(&value)).map_err(|()| ConfigError::Wrong {
            origin: name.clone(),
            problem: format!("`{}` is no table", path.join(".")),
        })?;
        found.push(name);
    }
    found.sort();
    Ok(found)
}

fn path_of(name: &str) -> Result<Vec<String>, ConfigError> {
    let wrong = |problem| ConfigError::Wrong { origin: name.to_owned(), problem };
    let rest = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let (section, keys) = rest.split_once('_').unwrap_or((&rest, ""));
    if !SECTIONS.contains(&section) {
        let hint = nearest(section, SECTIONS.iter().copied())
            .map(|known| format!("; did you mean {PREFIX}{}_…?", known.to_ascii_uppercase()))
            .unwrap_or_default();
        return Err(wrong(format!("there is no section `{section}`{hint}")));
    }
    if keys.is_empty() {
        return Err(wrong(format!("names the section `{section}` but no key of it")));
    }
    let keys = keys.split("__").map(str::to_owned);
    Ok(std::iter::once(section.to_owned()).chain(keys).collect())
}

/// A TOML value where it is one, else the text itself.
fn read(value: &str) -> Value {
    let parsed = format!("v = {value}").parse::<Table>().ok();
    parsed
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_owned()))
}

fn put(table: &mut Table, path: &[String], value: Value) -> Result<(), ()> {
    let Some((last, tables)) = path.split_last() else { return Ok(()) };
    let mut inner = table;
    for name in tables {
        let entry = inner.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
        inner = entry.as_table_mut().ok_or(())?;
    }
    inner.insert(last.clone(), value);
    Ok(())
}
