//! XML for the answers of the query protocol.

use serde_json::{Map, Value};

/// Appends `text` with the characters escaped that XML gives a meaning. Characters that XML 1.0 cannot
/// hold become U+FFFD.
pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // A reader would turn a bare carriage return into a line feed.
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// Appends `<name>text</name>`.
pub fn element(out: &mut String, name: &str, text: &str) {
    open(out, name);
    escape_into(out, text);
    close(out, name);
}

/// Appends the members of `members` as elements: objects nest, lists hold `<member>` elements, nulls are
/// left out. A list `entry` becomes one element `<entry>` for each item, as AWS's maps are written.
pub fn members_into(out: &mut String, members: &Map<String, Value>) {
    for (name, value) in members {
        value_into(out, name, value);
    }
}

fn value_into(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => element(out, name, if *flag { "true" } else { "false" }),
        Value::Number(number) => element(out, name, &number.to_string()),
        Value::String(text) => element(out, name, text),
        Value::Array(items) if name == "entry" => {
            for item in items {
                value_into(out, name, item);
            }
        }
        Value::Array(items) => {
            open(out, name);
            for item in items {
                value_into(out, "member", item);
            }
            close(out, name);
        }
        Value::Object(members) => {
            open(out, name);
            members_into(out, members);
            close(out, name);
        }
    }
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_entries() {
        let value = serde_json::json!({
            "Attributes": {"entry": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]},
        });
        let mut out = String::new();
        members_into(&mut out, value.as_object().unwrap());
        assert_eq!(
            out,
            "<Attributes><entry><key>a</key><value>1</value></entry><entry><key>b</key><value></value>\
             </entry></Attributes>"
        );
    }

    #[test]
    fn objects_nest_lists_have_members_and_text_is_escaped() {
        let value = serde_json::json!({
            "Role": {"RoleName": "a<b>&\"'\u{1}", "Tags": [{"Key": "k"}, {"Key": "l"}], "Path": null},
            "IsTruncated": false, "Max": 3,
        });
        let mut out = String::new();
        members_into(&mut out, value.as_object().unwrap());
        assert_eq!(
            out,
            "<Role><RoleName>a&lt;b&gt;&amp;&quot;&apos;\u{fffd}</RoleName><Tags><member><Key>k</Key></member>\
             <member><Key>l</Key></member></Tags></Role><IsTruncated>false</IsTruncated><Max>3</Max>"
        );
    }
}
