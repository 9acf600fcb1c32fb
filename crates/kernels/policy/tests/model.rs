//! Compares the authorizer with a slow and obvious reading of the same JSON, written apart from it.

#![expect(clippy::unwrap_used, reason = "a model in a test may assume its own input")]

use std::sync::Arc;

use picket_core::Account;
use picket_policy::{Action, Authorizer, Decision, PolicyDocument, Subject, ThingFacts};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Allow,
    Deny,
    Nothing,
}

fn model(documents: &[Value], subject: &Subject, action: Action, resource: &str) -> Verdict {
    let arn = format!("arn:aws:iot:us-east-1:000000000000:{resource}");
    let mut verdict = Verdict::Nothing;
    for document in documents {
        for statement in document["Statement"].as_array().unwrap() {
            if !applies(statement, subject, action, &arn) {
                continue;
            }
            if statement["Effect"] == "Deny" {
                return Verdict::Deny;
            }
            verdict = Verdict::Allow;
        }
    }
    verdict
}

fn applies(statement: &Value, subject: &Subject, action: Action, arn: &str) -> bool {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let is_action =
        |value: &Value| covers(&text(value).to_lowercase(), &action.name().to_lowercase());
    let action_fits = match statement.get("Action") {
        Some(list) => list.as_array().unwrap().iter().any(is_action),
        None => !statement["NotAction"].as_array().unwrap().iter().any(is_action),
    };
    let topics = !matches!(action, Action::Connect | Action::DescribeJobExecution);
    let resource_fits = match statement.get("Resource") {
        Some(list) => list
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|value| substitute(&text(value), subject, topics))
            .any(|pattern| covers(&pattern, &masked(arn))),
        None => statement["NotResource"].as_array().unwrap().iter().all(|value| {
            substitute(&text(value), subject, topics)
                .is_some_and(|pattern| !covers(&pattern, &masked(arn)))
        }),
    };
    let connecting = action == Action::Connect;
    let condition_fits = statement.get("Condition").is_none_or(|condition| {
        condition.as_object().unwrap().iter().all(|(operator, keys)| {
            keys.as_object()
                .unwrap()
                .iter()
                .all(|(key, wanted)| holds(operator, key, wanted, subject, connecting))
        })
    });
    action_fits && resource_fits && condition_fits
}

fn holds(operator: &str, key: &str, wanted: &Value, subject: &Subject, connecting: bool) -> bool {
    let present: Vec<String> = match key {
        "iot:ClientId" => subject.client_id.iter().cloned().collect(),
        "iot:ConnectAttributes" if connecting => {
            let mut set = Vec::new();
            if subject.persistent_connect {
                set.push("PersistentConnect".to_owned());
            }
            if subject.last_will_topic.is_some() {
                set.push("LastWill".to_owned());
            }
            set
        }
        _ => Vec::new(),
    };
    let wanted: Vec<&str> =
        wanted.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
    let equal = |value: &String| wanted.contains(&value.as_str());
    let like = |value: &String| wanted.iter().any(|pattern| covers(pattern, value));
    match operator {
        "StringEquals" => present.iter().any(equal),
        "StringNotEquals" => !present.iter().any(equal),
        "StringLike" => present.iter().any(like),
        "StringLikeIfExists" => present.is_empty() || present.iter().any(like),
        "ForAllValues:StringEquals" => present.iter().all(equal),
        "ForAnyValue:StringEquals" => present.iter().any(equal),
        "Null" => (wanted == ["true"]) == present.is_empty(),
        other => panic!("the model does not know {other}"),
    }
}

/// Replaces wildcards that are meant literally by characters nobody sends.
fn masked(text: &str) -> String {
    text.replace('*', "\u{e000}").replace('?', "\u{e001}")
}

fn substitute(text: &str, subject: &Subject, topics: bool) -> Option<String> {
    let mut text = text.replace("${*}", "\u{e000}").replace("${?}", "\u{e001}");
    let client = subject.client_id.as_deref().filter(|id| !topics || !id.contains(['+', '#']));
    let thing = subject.thing.as_ref().map(|thing| thing.name.as_str());
    let values = [("iot:ClientId", client), ("iot:Connection.Thing.ThingName", thing)];
    for (name, value) in values {
        let variable = format!("${{{name}}}");
        if text.contains(&variable) {
            text = text.replace(&variable, &masked(value?));
        }
    }
    (!text.contains("${")).then_some(text)
}

/// The recursive definition of wildcards.
fn covers(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|skipped| go(rest, &text[skipped..])),
            (Some((p, rest)), Some((t, tail))) => (*p == '?' || p == t) && go(rest, tail),
            _ => false,
        }
    }
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    go(&chars(pattern), &chars(text))
}

const ACTIONS: &[Action] =
    &[Action::Connect, Action::Publish, Action::Subscribe, Action::DescribeJobExecution];

fn resource_text() -> impl Strategy<Value = String> {
    let prefix = prop_oneof![
        6 => Just("arn:aws:iot:us-east-1:000000000000:"),
        1 => Just("arn:aws:iot:*:*:"),
        1 => Just("arn:aws:iot:us-west-2:*:"),
        1 => Just("*"),
        1 => Just("arn:aws:iot:us-east-?:000000000000:"),
    ];
    let part = prop_oneof![
        Just("topic/"),
        Just("client/"),
        Just("a"),
        Just("b"),
        Just("+"),
        Just("*"),
        Just("?"),
        Just("/"),
        Just("${*}"),
        Just("${iot:ClientId}"),
        Just("${iot:Connection.Thing.ThingName}"),
        Just("${iot:Thing.ThingName}"),
    ];
    (prefix, prop::collection::vec(part, 0..4))
        .prop_map(|(prefix, parts)| format!("{prefix}{}", parts.concat()))
}

fn condition() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("iot:ClientId"),
        Just("iot:ConnectAttributes"),
        Just("iot:Connection.Thing.ThingTypeName")
    ];
    let value = prop_oneof![Just("a"), Just("*"), Just("a?"), Just("LastWill"), Just("Last*")];
    let operator = prop_oneof![
        Just("StringEquals"),
        Just("StringNotEquals"),
        Just("StringLike"),
        Just("StringLikeIfExists"),
        Just("ForAllValues:StringEquals"),
        Just("ForAnyValue:StringEquals"),
    ];
    let compare = (operator, key, prop::collection::vec(value, 1..3))
        .prop_map(|(operator, key, values)| json!({operator: {key: values}}));
    let null = prop::sample::select(vec!["true", "false"])
        .prop_map(|value| json!({"Null": {"iot:ConnectAttributes": [value]}}));
    prop_oneof![5 => compare, 1 => null]
}

fn statement() -> impl Strategy<Value = Value> {
    let action = prop_oneof![
        Just("iot:*"),
        Just("iot:connect"),
        Just("iot:Publish"),
        Just("iot:?ubs*"),
        Just("greengrass:*")
    ];
    (
        prop::sample::select(vec!["Allow", "Allow", "Deny"]),
        prop::bool::weighted(0.15),
        prop::collection::vec(action, 1..3),
        prop::bool::weighted(0.15),
        prop::collection::vec(resource_text(), 1..3),
        prop::option::weighted(0.4, condition()),
    )
        .prop_map(|(effect, not_action, actions, not_resource, resources, condition)| {
            let action = if not_action { "NotAction" } else { "Action" };
            let resource = if not_resource { "NotResource" } else { "Resource" };
            let mut statement = json!({"Effect": effect, action: actions, resource: resources});
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        })
}

fn subject() -> impl Strategy<Value = Subject> {
    let client = prop::option::of(prop::sample::select(vec!["a", "*", "+", "ab"]));
    (client, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(id, thing, stays, will)| {
        Subject {
            client_id: id.map(str::to_owned),
            thing: thing.then(|| ThingFacts { name: "a".to_owned(), ..ThingFacts::default() }),
            is_attached: thing,
            persistent_connect: stays,
            last_will_topic: will.then(|| "w".to_owned()),
            ..Subject::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_authorizer_agrees_with_the_model(
        statements in prop::collection::vec(prop::collection::vec(statement(), 1..4), 0..3),
        subject in subject(),
        resources in prop::collection::vec("(topic|client)/[ab+*/]{0,3}", 1..8),
    ) {
        let documents: Vec<Value> = statements
            .into_iter()
            .map(|list| json!({"Version": "2012-10-17", "Statement": list}))
            .collect();
        let parsed: Vec<_> = documents
            .iter()
            .map(|document| Arc::new(PolicyDocument::parse(&document.to_string()).unwrap()))
            .collect();
        let authorizer = Authorizer::compile(&Account::default(), &parsed, &subject);
        for action in ACTIONS {
            for resource in &resources {
                let decision = match authorizer.decide(*action, resource) {
                    Decision::Allowed(_) => Verdict::Allow,
                    Decision::ExplicitDeny(_) => Verdict::Deny,
                    Decision::ImplicitDeny => Verdict::Nothing,
                };
                let expected = model(&documents, &subject, *action, resource);
                prop_assert_eq!(decision, expected, "{:?} {}", action, resource);
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _outcome = PolicyDocument::parse(&text);
    }
}
