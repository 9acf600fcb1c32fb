//! Topic filters as `FROM` takes them.

/// Longest filter, in bytes.
const FILTER_BYTES_MAX: usize = 256;

/// What keeps `filter` from being a topic filter; `None` if it is one: 1–256 bytes, `#` only as the
/// last level, `+` only as a whole level.
pub fn filter_problem(filter: &str) -> Option<&'static str> {
    if filter.is_empty() {
        return Some("a topic filter must not be empty");
    }
    if filter.len() > FILTER_BYTES_MAX {
        return Some("a topic filter has at most 256 bytes");
    }
    if filter.contains('\0') {
        return Some("a topic filter must not contain a null character");
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        match level {
            "#" if levels.peek().is_some() => return Some("`#` must be the last level"),
            "#" | "+" => {}
            level if level.contains(['#', '+']) => {
                return Some("`+` and `#` must fill a whole level");
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fill_levels_and_the_hash_comes_last() {
        for good in ["a", "a/+/b", "#", "+", "a/#", "/", "$aws/things/+/defender/#"] {
            assert_eq!(filter_problem(good), None, "{good}");
        }
        for bad in ["", "a/#/b", "a+", "a/b#", "#/a"] {
            assert!(filter_problem(bad).is_some(), "{bad}");
        }
    }
}
