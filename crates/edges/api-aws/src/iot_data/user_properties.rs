//! MQTT 5 user properties as iot-data writes them: a JSON array of objects, base64 in a header.

use serde_json::{Map, Value};

/// Most pairs of one message.
const PAIRS_MAX: usize = 100;

/// Reads `text`: an array of objects with text values, or a JSON text that holds such an array, which is
/// what botocore sends. The order is kept, and names may repeat.
pub(super) fn read(text: &[u8]) -> Result<Vec<(String, String)>, String> {
    let array = |value: Value| match value {
        Value::Array(items) => Ok(items),
        _ => Err("they are not an array of objects".to_owned()),
    };
    let parse = |text: &[u8]| {
        serde_json::from_slice::<Value>(text).map_err(|error| format!("they are not JSON: {error}"))
    };
    let items = match parse(text)? {
        Value::String(inner) => array(parse(inner.as_bytes())?)?,
        other => array(other)?,
    };
    let mut pairs = Vec::new();
    for item in items {
        let Value::Object(members) = item else {
            return Err("one of them is not an object".to_owned());
        };
        for (name, value) in members {
            let Value::String(value) = value else {
                return Err(format!(
                    "the value of `{}` is not a text",
                    crate::call::shortened(&name)
                ));
            };
            pairs.push((name, value));
        }
    }
    if pairs.len() > PAIRS_MAX {
        return Err(format!("there are {} of them; {PAIRS_MAX} are possible", pairs.len()));
    }
    Ok(pairs)
}

/// The array that [`read`] reads.
pub(super) fn write(pairs: &[(String, String)]) -> String {
    let object = |(name, value): &(String, String)| {
        Value::Object(Map::from_iter([(name.clone(), Value::String(value.clone()))]))
    };
    Value::Array(pairs.iter().map(object).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_array_is_read_plain_and_inside_a_text() {
        let expected = pairs(&[("b", "1"), ("a", "2"), ("b", "3")]);
        let plain = r#"[{"b":"1"},{"a":"2"},{"b":"3"}]"#;
        assert_eq!(read(plain.as_bytes()), Ok(expected.clone()));
        let inside = serde_json::to_string(plain).unwrap();
        assert_eq!(read(inside.as_bytes()), Ok(expected.clone()));
        assert_eq!(write(&expected), plain);
    }

    #[test]
    fn what_is_not_an_array_of_texts_is_refused_with_the_reason() {
        let refused = |text: &str| read(text.as_bytes()).unwrap_err();
        assert_eq!(refused("{}"), "they are not an array of objects");
        assert_eq!(refused("[1]"), "one of them is not an object");
        assert_eq!(refused(r#"[{"a":1}]"#), "the value of `a` is not a text");
        assert!(refused("[").starts_with("they are not JSON"));
        assert_eq!(refused(r#""{}""#), "they are not an array of objects");
        let many = format!("[{}]", vec![r#"{"a":"b"}"#; 101].join(","));
        assert_eq!(refused(&many), "there are 101 of them; 100 are possible");
    }
}
