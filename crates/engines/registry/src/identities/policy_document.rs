//! What an IAM policy document has to look like before it is kept.

use picket_policy::iam::{IamPolicy, TrustPolicy};
use serde_json::{Map, Value};

use crate::ControlError;
use crate::checked::shown;

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Who may take a role over: names principals, no resources.
    Trust,
    /// What its holder may do: names resources, no principals.
    Rights,
}

const MEMBERS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Refuses what IAM would call a malformed policy document. `chars_max` does not count white space.
pub(super) fn check(text: &str, purpose: Purpose, chars_max: usize) -> Result<(), ControlError> {
    let malformed = |text: String| Err(ControlError::MalformedPolicy(text));
    let chars = text.chars().filter(|c| !c.is_whitespace()).count();
    if chars > chars_max {
        return Err(ControlError::LimitExceeded(format!(
            "the policy document has {chars} characters; at most {chars_max} are allowed"
        )));
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return malformed(format!("the policy document is not JSON: {error}")),
    };
    let Value::Object(document) = value else {
        return malformed("the policy document is not a JSON object".to_owned());
    };
    only_known(&document, MEMBERS, "the policy document")?;
    match document.get("Version").map(Value::as_str) {
        None | Some(Some("2012-10-17" | "2008-10-17")) => {}
        _ => return malformed("`Version` must be 2012-10-17 or 2008-10-17".to_owned()),
    }
    match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => {
            statements.iter().enumerate().try_for_each(|(at, it)| statement(at, it, purpose))?;
        }
        Some(one @ Value::Object(_)) => statement(0, one, purpose)?,
        _ => return malformed("the policy document has no `Statement`".to_owned()),
    }
    // As sessions of the role will read it.
    let read = match purpose {
        Purpose::Trust => TrustPolicy::parse(text).map(drop),
        Purpose::Rights => IamPolicy::parse("", text).map(drop),
    };
    read.map_err(|error| ControlError::MalformedPolicy(error.to_string()))
}

fn statement(at: usize, value: &Value, purpose: Purpose) -> Result<(), ControlError> {
    let number = at + 1;
    let malformed =
        |problem: &str| Err(ControlError::MalformedPolicy(format!("statement {number} {problem}")));
    let Value::Object(members) = value else { return malformed("is not a JSON object") };
    only_known(members, STATEMENT_MEMBERS, &format!("statement {number}"))?;
    if !matches!(members.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return malformed("has no `Effect` of Allow or Deny");
    }
    let actions = one_of(members, "Action", "NotAction", number)?;
    if !actions.iter().all(|action| *action == "*" || action.contains(':')) {
        return malformed("has an action that is not of the form service:Name or *");
    }
    let has = |name: &str| members.contains_key(name);
    let (principal, resource) =
        (has("Principal") || has("NotPrincipal"), has("Resource") || has("NotResource"));
    match purpose {
        Purpose::Trust if !principal => {
            malformed("has no `Principal`, and a trust policy needs one")
        }
        Purpose::Trust if resource => malformed("has a `Resource`, which a trust policy must not"),
        Purpose::Rights if principal => {
            malformed("has a `Principal`, which only a trust policy has")
        }
        Purpose::Rights => one_of(members, "Resource", "NotResource", number).map(drop),
        Purpose::Trust => Ok(()),
    }
}

/// The texts of the one of two members that is there.
fn one_of<'v>(
    members: &'v Map<String, Value>,
    name: &str,
    inverse: &str,
    number: usize,
) -> Result<Vec<&'v str>, ControlError> {
    let malformed =
        |problem: &str| Err(ControlError::MalformedPolicy(format!("statement {number} {problem}")));
    let value = match (members.get(name), members.get(inverse)) {
        (Some(value), None) | (None, Some(value)) => value,
        (Some(_), Some(_)) => return malformed(&format!("has both `{name}` and `{inverse}`")),
        (None, None) => return malformed(&format!("has neither `{name}` nor `{inverse}`")),
    };
    let texts = match value {
        Value::String(text) => Some(vec![text.as_str()]),
        Value::Array(items) if !items.is_empty() => items.iter().map(Value::as_str).collect(),
        _ => None,
    };
    texts.map_or_else(
        || malformed(&format!("has a `{name}` that is not a text or a list of texts")),
        Ok,
    )
}

fn only_known(
    members: &Map<String, Value>,
    known: &[&str],
    place: &str,
) -> Result<(), ControlError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(odd) => Err(ControlError::MalformedPolicy(format!(
            "{place} has a member `{}` that policies do not have",
            shown(odd)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_plane::refusal;

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    const RIGHTS: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
        "Action":["iot:Publish","s3:*"],"Resource":"*"}}"#;

    #[test]
    fn good_documents_pass_for_their_purpose_only() {
        check(TRUST, Purpose::Trust, 2_048).unwrap();
        check(RIGHTS, Purpose::Rights, 2_048).unwrap();
        let refused = refusal(check(RIGHTS, Purpose::Trust, 2_048));
        assert_eq!(
            refused,
            "MalformedPolicy: statement 1 has no `Principal`, and a trust policy needs one"
        );
        assert!(refusal(check(TRUST, Purpose::Rights, 2_048)).contains("only a trust policy has"));
        assert!(refusal(check(RIGHTS, Purpose::Rights, 50)).starts_with("LimitExceeded: "));
    }

    #[test]
    fn malformed_documents_are_told_what_is_wrong() {
        let cases = [
            ("", "not JSON"),
            ("[]", "not a JSON object"),
            ("{}", "no `Statement`"),
            (r#"{"Statement":[]}"#, "no `Statement`"),
            (r#"{"Statement":["x"]}"#, "statement 1 is not a JSON object"),
            (r#"{"Statement":[{}]}"#, "no `Effect`"),
            (r#"{"Statment":[]}"#, "member `Statment`"),
            (r#"{"Version":"2020","Statement":[{}]}"#, "2012-10-17"),
            (r#"{"Statement":[{"Effect":"Allow"}]}"#, "neither `Action` nor `NotAction`"),
            (r#"{"Statement":[{"Effect":"Allow","Action":"x","NotAction":"y"}]}"#, "both `Action`"),
            (r#"{"Statement":[{"Effect":"Allow","Action":"Publish"}]}"#, "service:Name"),
            (r#"{"Statement":[{"Effect":"Allow","Action":5}]}"#, "not a text"),
            (r#"{"Statement":[{"Effect":"Allow","Action":"a:b"}]}"#, "neither `Resource`"),
        ];
        for (text, expected) in cases {
            let refused = refusal(check(text, Purpose::Rights, 2_048));
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            drop(check(&text, Purpose::Trust, 100));
        }
    }
}
