//! Attribute pairs of things and groups (spec iot-core §2.1).

use std::collections::BTreeMap;

use crate::ControlError;
use crate::checked::{ATTRIBUTE_NAME, ATTRIBUTE_VALUE};

/// `attributePayload`: attributes to be set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeChange {
    /// Values by name; an empty value takes the attribute away.
    pub attributes: BTreeMap<String, String>,
    /// Whether attributes that are not named here stay.
    pub is_merge: bool,
}

/// Attribute pairs in name order, as they are stored.
pub(crate) type Pairs = Vec<(String, String)>;

/// Checks the attributes a new thing or group is to have. One with an empty value is none.
pub(crate) fn first_pairs(given: &BTreeMap<String, String>) -> Result<Pairs, ControlError> {
    check_texts(given)?;
    Ok(without_empty(given.clone()))
}

/// Checks `change` and makes it on `stored`.
pub(crate) fn changed_pairs(
    stored: &[(String, String)],
    change: &AttributeChange,
) -> Result<Pairs, ControlError> {
    check_texts(&change.attributes)?;
    let mut changed = BTreeMap::new();
    if change.is_merge {
        changed.extend(stored.iter().cloned());
    }
    changed.extend(change.attributes.clone());
    Ok(without_empty(changed))
}

/// Refuses more than `pairs_max` pairs on `owner`, for example `a thing without a type`.
pub(crate) fn check_count(
    pairs: &[(String, String)],
    pairs_max: usize,
    owner: &str,
) -> Result<(), ControlError> {
    if pairs.len() <= pairs_max {
        return Ok(());
    }
    let count = pairs.len();
    Err(ControlError::Invalid(format!(
        "{owner} can have at most {pairs_max} attributes; this one would have {count}"
    )))
}

fn check_texts(attributes: &BTreeMap<String, String>) -> Result<(), ControlError> {
    for (name, value) in attributes {
        ATTRIBUTE_NAME.check("attributes", name)?;
        ATTRIBUTE_VALUE.check("attributes", value)?;
    }
    Ok(())
}

fn without_empty(attributes: BTreeMap<String, String>) -> Pairs {
    attributes.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes `stored` by `change`, both written `a=1 b=2`; the change begins with `+` to merge.
    fn check(stored: &str, change: &str, expected: &str) {
        let read = |text: &str| -> BTreeMap<String, String> {
            let pair = |pair: &str| {
                let (name, value) = pair.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            };
            text.split_whitespace().map(pair).collect()
        };
        let is_merge = change.starts_with('+');
        let attributes = read(change.trim_start_matches('+'));
        let change = AttributeChange { attributes, is_merge };
        let stored: Pairs = read(stored).into_iter().collect();
        let changed = changed_pairs(&stored, &change).unwrap();
        let written: Vec<_> =
            changed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(written.join(" "), expected);
    }

    #[test]
    fn without_merge_all_attributes_are_replaced() {
        check("a=1 b=2", "c=3", "c=3");
        check("a=1 b=2", "", "");
        check("a=1", "a= b=2", "b=2");
    }

    #[test]
    fn with_merge_others_stay_and_an_empty_value_takes_one_away() {
        check("a=1 b=2", "+b=3 c=4", "a=1 b=3 c=4");
        check("a=1 b=2", "+a=", "b=2");
        check("a=1", "+", "a=1");
        check("", "+gone=", "");
    }
}
