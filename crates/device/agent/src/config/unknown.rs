//! Keys that do not exist, with the nearest one that does.

use super::raw::{CUSTOM_METRIC_KEYS, KEYS};

/// A line for every unknown key.
pub(super) fn keys(table: &toml::Table) -> Vec<String> {
    let mut problems = Vec::new();
    unknown("", table, KEYS, &mut problems);
    let metrics = table.get("custom_metric").and_then(toml::Value::as_array);
    for (at, metric) in metrics.into_iter().flatten().enumerate() {
        if let Some(metric) = metric.as_table() {
            unknown(&format!("custom_metric[{at}]."), metric, CUSTOM_METRIC_KEYS, &mut problems);
        }
    }
    problems
}

fn unknown(place: &str, table: &toml::Table, known: &[&str], problems: &mut Vec<String>) {
    for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
        let nearest = nearest(key, known.iter().copied());
        problems.push(format!("{place}{}: is not a key{nearest}", key.escape_debug()));
    }
}

/// `; did you mean …?` if a known name is near enough to help.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}
