//! Turns the deserialiser's word on an unknown key into one that helps.

/// `message` with the nearest of the expected keys instead of all of them.
pub(super) fn with_hint(message: &str) -> String {
    let Some((given, expected)) = unknown_key(message) else { return message.to_owned() };
    let expected = expected.as_slice();
    match nearest(given, expected.iter().copied()) {
        Some(known) => format!("unknown key `{given}`; did you mean `{known}`?"),
        None => format!("unknown key `{given}`; known are {}", expected.join(", ")),
    }
}

/// The known name that `given` most likely stands for.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .map(|(_, name)| name)
}

/// The key and the keys that were expected, as serde words it.
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (given, rest) = rest.split_once('`')?;
    // Every second piece between back quotes is a name.
    Some((given, rest.split('`').skip(1).step_by(2).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_or_all_of_them() {
        let one = "unknown field `windw`, expected one of `grace`, `window`";
        assert_eq!(with_hint(one), "unknown key `windw`; did you mean `window`?");
        let far = "unknown field `colour`, expected `level` or `json`";
        assert_eq!(with_hint(far), "unknown key `colour`; known are level, json");
        assert_eq!(with_hint("invalid type"), "invalid type");
    }
}
