//! Writing SPL around strings that devices control.

use picket_core::Timestamp;
use serde::Serialize;

/// A search a person can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SavedSpl {
    pub(crate) spl: String,
    pub(crate) earliest: String,
    pub(crate) latest: String,
}

/// `text` as a quoted SPL string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Everything of `thing`. In `search`, `*` is a wildcard and case does not matter, so that it only
/// narrows; `where` compares exactly.
pub(crate) fn events_of_thing(index: &str, thing: &str) -> String {
    let (index, thing) = (quoted(index), quoted(thing));
    format!("index={index} thing={thing} | where thing={thing}")
}

/// The values of one metric of `thing`.
pub(crate) fn metric_of_thing(index: &str, thing: &str, metric: &str) -> String {
    let (index, thing, metric) = (quoted(index), quoted(thing), quoted(metric));
    format!("index={index} thing={thing} name={metric} | where thing={thing} AND name={metric}")
}

/// A moment as a time modifier: epoch seconds.
pub(crate) fn moment(time: Timestamp) -> String {
    let ms = time.as_millis();
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_cannot_break_out_of_its_quotes() {
        assert_eq!(
            events_of_thing("iot", r#"a" | delete \"#),
            r#"index="iot" thing="a\" | delete \\" | where thing="a\" | delete \\""#
        );
    }

    #[test]
    fn a_moment_is_written_in_seconds_with_milliseconds() {
        assert_eq!(moment(Timestamp::from_millis(1_735_689_600_007)), "1735689600.007");
    }
}
