//! From text to a custom metric's value.

use std::net::IpAddr;

use picket_wire_report::{CustomValue, LIST_ENTRIES_MAX};

/// The type of a custom metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// One number.
    Number,
    /// Numbers, divided by white space or commas.
    NumberList,
    /// Words of letters, digits and `:_-/.`, divided by white space or commas.
    StringList,
    /// IP addresses, divided by white space or commas.
    IpList,
}

impl ValueKind {
    /// Every type with its name in the configuration.
    pub const NAMES: &[(&str, Self)] = &[
        ("number", Self::Number),
        ("number-list", Self::NumberList),
        ("string-list", Self::StringList),
        ("ip-address-list", Self::IpList),
    ];

    pub(super) fn parse(self, text: &str) -> Result<CustomValue, String> {
        match self {
            Self::Number => number(text.trim()).map(CustomValue::Number),
            Self::NumberList => list(text, number).map(CustomValue::NumberList),
            Self::StringList => list(text, word).map(CustomValue::StringList),
            Self::IpList => list(text, address).map(CustomValue::IpList),
        }
    }
}

fn list<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let divides = |c: char| c.is_whitespace() || c == ',';
    let mut items = Vec::new();
    for item in text.split(divides).filter(|item| !item.is_empty()) {
        if items.len() >= LIST_ENTRIES_MAX {
            return Err(format!("has more than {LIST_ENTRIES_MAX} entries"));
        }
        items.push(read(item)?);
    }
    Ok(items)
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("{} is not a number", shown(text))),
    }
}

fn word(text: &str) -> Result<String, String> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b":_-/.".contains(&c);
    if text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} holds characters other than letters, digits and `:_-/.`", shown(text)))
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("{} is not an IP address", shown(text)))
}

fn shown(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    format!("{start:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_type() {
        assert_eq!(ValueKind::Number.parse(" 71.5\n"), Ok(CustomValue::Number(71.5)));
        let numbers = CustomValue::NumberList(vec![21.0, -3.0]);
        assert_eq!(ValueKind::NumberList.parse("21, -3\n"), Ok(numbers));
        let words = CustomValue::StringList(vec!["net-core".to_owned(), "ota:2".to_owned()]);
        assert_eq!(ValueKind::StringList.parse("net-core\nota:2\n"), Ok(words));
        let addresses = CustomValue::IpList(vec!["2001:db8::53".parse().unwrap()]);
        assert_eq!(ValueKind::IpList.parse("2001:db8::53"), Ok(addresses));
        assert_eq!(ValueKind::NumberList.parse("  "), Ok(CustomValue::NumberList(Vec::new())));
    }

    #[test]
    fn says_what_is_wrong() {
        for (kind, text, problem) in [
            (ValueKind::Number, "warm", "\"warm\" is not a number"),
            (ValueKind::Number, "NaN", "\"NaN\" is not a number"),
            (ValueKind::IpList, "host", "\"host\" is not an IP address"),
            (
                ValueKind::StringList,
                "a;b",
                "\"a;b\" holds characters other than letters, digits and `:_-/.`",
            ),
        ] {
            assert_eq!(kind.parse(text), Err(problem.to_owned()));
        }
        let long = "1 ".repeat(LIST_ENTRIES_MAX + 1);
        assert_eq!(
            ValueKind::NumberList.parse(&long),
            Err("has more than 1000 entries".to_owned())
        );
    }
}
