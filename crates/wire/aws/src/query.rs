//! The query protocol's form: `Action=CreateRole&Tags.member.1.Key=a`.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// Most parameters of a form.
const PARAMETERS_MAX: usize = 4_096;
/// Most parts of a parameter's name.
const DEPTH_MAX: usize = 12;
/// Highest place in a list.
const PLACE_MAX: usize = 1_000;

/// Why a form could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is not UTF-8 once decoded.
    #[error("the parameter `{0}` is not UTF-8")]
    NotUtf8(String),
    /// Too many parameters.
    #[error("the form has more than {PARAMETERS_MAX} parameters")]
    TooMany,
    /// A name with too many parts.
    #[error("the parameter name `{0}` has more than {DEPTH_MAX} parts")]
    TooDeep(String),
    /// A list's place is not a number from 1 on.
    #[error("the parameter `{0}` does not have a place from 1 to {PLACE_MAX} in its list")]
    BadPlace(String),
    /// Two parameters contradict each other.
    #[error("the parameter `{0}` is given twice, or as a text and as a structure")]
    Twice(String),
}

/// The pairs of `application/x-www-form-urlencoded` text, decoded. `+` is a space.
pub fn pairs(form: &[u8]) -> Result<Vec<(String, String)>, FormError> {
    let mut pairs = Vec::new();
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == PARAMETERS_MAX {
            return Err(FormError::TooMany);
        }
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = match at.and_then(|at| pair.split_at_checked(at)) {
            Some((name, value)) => (name, value.get(1..).unwrap_or_default()),
            None => (pair, &b""[..]),
        };
        let name = decode(name).map_err(FormError::NotUtf8)?;
        let value = decode(value).map_err(|_| FormError::NotUtf8(name.clone()))?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn decode(text: &[u8]) -> Result<String, String> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    } else {
        text.into()
    };
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded)
        .map_err(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The form as a JSON tree: `Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`. Every leaf is a
/// text. `Action` and `Version` are left out.
pub fn tree(pairs: &[(String, String)]) -> Result<Map<String, Value>, FormError> {
    let mut root = Map::new();
    for (name, value) in pairs {
        if name == "Action" || name == "Version" {
            continue;
        }
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() > DEPTH_MAX {
            return Err(FormError::TooDeep(name.clone()));
        }
        insert(&mut root, name, &parts, value)?;
    }
    Ok(root)
}

fn insert(
    into: &mut Map<String, Value>,
    name: &str,
    parts: &[&str],
    value: &str,
) -> Result<(), FormError> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    match rest {
        [] => match into.insert((*first).to_owned(), Value::String(value.to_owned())) {
            None => Ok(()),
            Some(_) => Err(FormError::Twice(name.to_owned())),
        },
        // botocore sends an empty list as `Tags=`, or `Tags.member=` in older versions.
        ["member"] => {
            into.entry(*first).or_insert_with(|| Value::Array(Vec::new()));
            Ok(())
        }
        ["member", place, deeper @ ..] => {
            let place = place
                .parse::<usize>()
                .ok()
                .filter(|place| (1..=PLACE_MAX).contains(place))
                .ok_or_else(|| FormError::BadPlace(name.to_owned()))?;
            let list = into.entry(*first).or_insert_with(|| Value::Array(Vec::new()));
            insert_item(list, name, place, deeper, value)
        }
        deeper => match into.entry(*first).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(members) => insert(members, name, deeper, value),
            _ => Err(FormError::Twice(name.to_owned())),
        },
    }
}

fn insert_item(
    list: &mut Value,
    name: &str,
    place: usize,
    deeper: &[&str],
    value: &str,
) -> Result<(), FormError> {
    let twice = || FormError::Twice(name.to_owned());
    let Value::Array(items) = list else { return Err(twice()) };
    while items.len() < place {
        items.push(Value::Null);
    }
    let item = items.get_mut(place - 1).ok_or_else(twice)?;
    if deeper.is_empty() {
        let before = std::mem::replace(item, Value::String(value.to_owned()));
        return if before.is_null() { Ok(()) } else { Err(twice()) };
    }
    if item.is_null() {
        *item = Value::Object(Map::new());
    }
    match item {
        Value::Object(members) => insert(members, name, deeper, value),
        _ => Err(twice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: Value) {
        let pairs = pairs(form.as_bytes()).unwrap();
        assert_eq!(Value::Object(tree(&pairs).unwrap()), expected, "{form}");
    }

    #[test]
    fn lists_and_structures_come_out_as_a_tree() {
        check(
            "Action=CreateRole&Version=2010-05-08&RoleName=a+b%2Bc&Tags.member.2.Key=l&Tags.member.1.Key=k",
            serde_json::json!({"RoleName": "a b+c", "Tags": [{"Key": "k"}, {"Key": "l"}]}),
        );
        check("Names.member.1=a&Names.member.2=b", serde_json::json!({"Names": ["a", "b"]}));
        check(
            "A.B.C=x&A.B.D=y&=&E",
            serde_json::json!({"A": {"B": {"C": "x", "D": "y"}}, "": "", "E": ""}),
        );
        check("Tags.member=", serde_json::json!({"Tags": []}));
    }

    #[test]
    fn contradictions_and_absurd_places_are_refused() {
        for form in ["A=1&A=2", "A=1&A.B=2", "A.member.1=x&A.B=y", "A.member.1=x&A.member.1=y"] {
            let pairs = pairs(form.as_bytes()).unwrap();
            assert!(matches!(tree(&pairs), Err(FormError::Twice(_))), "{form}");
        }
        for form in ["A.member.0=x", "A.member.99999999=x", "A.member.x.Key=1"] {
            let pairs = pairs(form.as_bytes()).unwrap();
            assert!(matches!(tree(&pairs), Err(FormError::BadPlace(_))), "{form}");
        }
        let deep = format!("{}=1", vec!["A"; 20].join("."));
        assert!(matches!(tree(&pairs(deep.as_bytes()).unwrap()), Err(FormError::TooDeep(_))));
        assert!(matches!(pairs(b"A=%FF"), Err(FormError::NotUtf8(_))));
    }

    proptest::proptest! {
        #[test]
        fn no_form_makes_it_panic(form in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            if let Ok(pairs) = pairs(&form) {
                drop(tree(&pairs));
            }
        }

        #[test]
        fn odd_names_never_panic(form in "([A-B]|\\.|member|[0-2]|=|&){0,40}") {
            if let Ok(pairs) = pairs(form.as_bytes()) {
                drop(tree(&pairs));
            }
        }
    }
}
