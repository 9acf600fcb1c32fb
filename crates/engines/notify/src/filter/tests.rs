use proptest::prelude::*;
use serde_json::json;

use super::*;

fn attributes(value: &Value) -> Vec<(String, Attribute)> {
    let attribute = |value: &Value| {
        let (data_type, value) = match value {
            Value::String(text) => ("String", text.clone()),
            Value::Array(_) => ("String.Array", value.to_string()),
            Value::Object(_) => ("Binary", "AAAA".to_owned()),
            other => ("Number", other.to_string()),
        };
        Attribute { data_type: data_type.to_owned(), value }
    };
    let members = value.as_object().unwrap();
    members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// Checks a policy against attributes, and against the same members as a body.
fn check(policy: Value, message: Value, expected: bool) {
    let text = policy.to_string();
    let by_attributes = FilterPolicy::parse(&text, Scope::Attributes).unwrap();
    assert_eq!(by_attributes.matches(&attributes(&message), None), expected, "{policy} {message}");
    let by_body = FilterPolicy::parse(&text, Scope::Body).unwrap();
    assert_eq!(by_body.matches(&[], Some(&message)), expected, "body: {policy} {message}");
}

#[test]
fn every_condition_matches_what_it_says() {
    for (condition, yes, no) in [
        (json!("cam"), json!("cam"), json!("Cam")),
        (json!(12.5), json!(12.50), json!(12)),
        (json!({"prefix": "ca"}), json!("cam"), json!("xca")),
        (json!({"suffix": "am"}), json!("cam"), json!("amx")),
        (json!({"equals-ignore-case": "CAM"}), json!("cam"), json!("cams")),
        (json!({"anything-but": ["a", "b"]}), json!("c"), json!("a")),
        (json!({"anything-but": {"prefix": "x-"}}), json!("y"), json!("x-1")),
        (json!({"anything-but": [1, 2]}), json!(3), json!(1)),
        (json!({"numeric": ["=", 5]}), json!(5.0), json!(6)),
        (json!({"numeric": [">", 0, "<=", 10]}), json!(10), json!(0)),
        (json!({"cidr": "10.0.0.0/24"}), json!("10.0.0.9"), json!("10.0.1.9")),
    ] {
        check(json!({"k": [condition]}), json!({"k": yes}), true);
        check(json!({"k": [condition]}), json!({"k": no}), false);
        check(json!({"k": [condition]}), json!({"other": "x"}), false);
    }
}

#[test]
fn all_keys_have_to_match_and_any_element_may() {
    let policy = json!({"store": ["a", "b"], "price": [{"numeric": [">=", 100]}]});
    check(policy.clone(), json!({"store": "b", "price": 100}), true);
    check(policy.clone(), json!({"store": "b", "price": 99}), false);
    check(policy, json!({"store": "b"}), false);
    check(json!({"k": ["x"]}), json!({"k": ["a", "x"]}), true);
    check(json!({"k": [{"anything-but": ["a"]}]}), json!({"k": ["a", "b"]}), true);
    check(json!({"k": [{"anything-but": ["a"]}]}), json!({"k": ["a"]}), false);
    check(json!({}), json!({}), true);
}

#[test]
fn absence_is_asked_for_by_exists() {
    check(json!({"k": [{"exists": true}]}), json!({"k": "x"}), true);
    check(json!({"k": [{"exists": true}]}), json!({"x": "x"}), false);
    check(json!({"k": [{"exists": false}]}), json!({"x": "x"}), true);
    check(json!({"k": [{"exists": false}]}), json!({"k": "x"}), false);
    check(json!({"k": ["a", {"exists": false}]}), json!({"x": "x"}), true);
}

#[test]
fn alternatives_are_or() {
    let policy = json!({"$or": [{"a": ["1"]}, {"b": ["2"]}], "c": ["3"]});
    check(policy.clone(), json!({"b": "2", "c": "3"}), true);
    check(policy.clone(), json!({"a": "1"}), false);
    check(policy, json!({"c": "3"}), false);
}

#[test]
fn bodies_nest_and_what_is_no_object_does_not_match() {
    let policy =
        json!({"behavior": {"name": ["SentRate"]}, "violationEventType": ["in-alarm"]}).to_string();
    let policy = FilterPolicy::parse(&policy, Scope::Body).unwrap();
    let alarm = r#"{"behavior":{"name":"SentRate"},"violationEventType":"in-alarm"}"#;
    let matches = |policy: &FilterPolicy, body: &str| {
        policy.matches(&[], serde_json::from_str(body).ok().as_ref())
    };
    assert!(matches(&policy, alarm));
    assert!(!matches(&policy, &alarm.replace("in-alarm", "alarm-cleared")));
    for body in ["", "text", "[1]", "\"x\""] {
        assert!(!matches(&policy, body), "{body}");
    }
    let listed = FilterPolicy::parse(r#"{"a":{"b":[1]}}"#, Scope::Body).unwrap();
    assert!(matches(&listed, r#"{"a":[{"b":2},{"b":1}]}"#));
}

#[test]
fn binary_attributes_match_nothing() {
    let policy = FilterPolicy::parse(r#"{"k":[{"exists":true}]}"#, Scope::Attributes).unwrap();
    assert!(!policy.matches(&attributes(&json!({"k": {}})), None));
}

#[test]
fn bad_policies_are_refused_with_the_reason() {
    for (policy, words) in [
        ("[]", "JSON object"),
        ("{", "failed to parse JSON"),
        (r#"{"k":"x"}"#, "must be an array"),
        (r#"{"k":[]}"#, "is empty"),
        (r#"{"k":[{"prefx":"x"}]}"#, "did you mean prefix"),
        (r#"{"k":[{"prefix":"x","suffix":"y"}]}"#, "exactly one member"),
        (r#"{"k":[{"numeric":[">"]}]}"#, "numeric"),
        (r#"{"k":[{"cidr":"x"}]}"#, "cidr"),
        (r#"{"a":{"b":[1]}}"#, "MessageBody"),
        (r#"{"$or":[{"a":[1]}]}"#, "two alternatives"),
        (r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#, "5 keys"),
    ] {
        let error = FilterPolicy::parse(policy, Scope::Attributes).unwrap_err();
        assert!(error.contains(words), "{policy}: {error}");
    }
    let many: Vec<u32> = (0..151).collect();
    let policy = json!({ "k": many }).to_string();
    assert!(FilterPolicy::parse(&policy, Scope::Body).unwrap_err().contains("too complex"));
    let deep = format!("{}[1]{}", r#"{"a":"#.repeat(20), "}".repeat(20));
    assert!(FilterPolicy::parse(&deep, Scope::Body).unwrap_err().contains("nested"));
}

proptest! {
    #[test]
    fn no_policy_and_no_message_make_it_panic(policy in "\\PC{0,80}", body in "\\PC{0,80}") {
        for scope in [Scope::Attributes, Scope::Body] {
            if let Ok(policy) = FilterPolicy::parse(&policy, scope) {
                policy.matches(&[], serde_json::from_str(&body).ok().as_ref());
            }
        }
    }

    #[test]
    fn odd_policies_do_not_make_it_panic(
        kind in "(prefix|suffix|anything-but|numeric|exists|cidr|\\$or)",
        argument in "(\"a\"|1|true|null|\\[\\]|\\[\">\",1\\]|\\{\\}|\\{\"prefix\":\"x\"\\})",
        value in "(\"a\"|1|true|null|\\[\\]|\\[1,\"a\"\\]|\\{\\})",
    ) {
        let policy = format!(r#"{{"k":[{{"{kind}":{argument}}}]}}"#);
        if let Ok(policy) = FilterPolicy::parse(&policy, Scope::Body) {
            policy.matches(&[], serde_json::from_str(&format!(r#"{{"k":{value}}}"#)).ok().as_ref());
        }
    }
}
