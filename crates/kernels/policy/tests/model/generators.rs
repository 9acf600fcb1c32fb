//! Documents, connections and requests in which names, wildcards, variables and conditions meet often.

use proptest::prelude::*;
use serde_json::{Value, json};

/// One of these, none more often than another.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(texts)
}

pub(crate) const ACTIONS: &[&str] = &[
    "iot:Connect",
    "iot:Publish",
    "iot:RetainPublish",
    "iot:Subscribe",
    "iot:Receive",
    "iot:ListRetainedMessages",
    "iot:DescribeJobExecution",
    "iot:DeleteConnection",
    "iot:AssumeRoleWithCertificate",
];

/// Single or in a list, as policies may have it.
fn one_or_list(item: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, 1..4).prop_flat_map(|items| {
        let single = items[0].clone();
        prop_oneof![2 => Just(Value::Array(items)), 1 => Just(single)]
    })
}

fn resource() -> impl Strategy<Value = Value> {
    let prefix = prop_oneof![
        8 => Just("arn:aws:iot:us-east-1:000000000000:"),
        1 => Just("arn:aws:iot:*:*:"),
        1 => Just("arn:aws:iot:us-west-2:*:"),
        2 => Just("*"),
        1 => Just(""),
        1 => Just("arn:aws:iot:us-east-?:0000*00:"),
        1 => Just("arn:${*}:iot:us-east-1:000000000000:"),
    ];
    let kind = one_of(&[
        "topic/",
        "topic/",
        "client/",
        "topicfilter/",
        "thing/",
        "*/",
        "*/",
        "*",
        "top?c/",
    ]);
    let part = one_of(&[
        "a",
        "b",
        "ä",
        "+",
        "#",
        "*",
        "*",
        "?",
        "/",
        "$",
        "${*}",
        "${?}",
        "${$}",
        "${a",
        "}",
        "${iot:ClientId}",
        "${IOT:clientid}",
        "${iot:Connection.Thing.ThingName}",
        "${iot:Connection.Thing.ThingTypeName}",
        "${iot:Connection.Thing.Attributes[x]}",
        "${iot:Connection.Thing.Attributes[X]}",
        "${iot:Connection.Thing.IsAttached}",
        "${iot:Certificate.Subject.CommonName}",
        "${iot:Certificate.Subject.CommonName.1}",
        "${iot:Certificate.Subject.CommonName.List}",
        "${iot:Certificate.Issuer.CommonName.2}",
        "${iot:Certificate.Subject.AlternativeName.DNSName}",
        "${iot:Certificate.SerialNumber}",
        "${iot:CertificateId}",
        "${aws:SourceIp}",
        "${iot:LastWillTopic}",
        "${iot:Thing.ThingName}",
    ]);
    let end = one_of(&["", "", "*"]);
    (prefix, kind, prop::collection::vec(part, 0..3), end).prop_map(|(prefix, kind, parts, end)| {
        json!(format!("{prefix}{kind}{}{end}", parts.concat()))
    })
}

const STRING_OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];
const NUMERIC_OPERATORS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const DATE_OPERATORS: &[&str] = &[
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
];
const KEYS: &[&str] = &[
    "iot:ClientId",
    "iot:clientID",
    "iot:ConnectAttributes",
    "iot:ConnectAttributes",
    "iot:LastWillTopic",
    "aws:SourceIp",
    "iot:Connection.Thing.ThingName",
    "iot:Connection.Thing.ThingTypeName",
    "iot:Connection.Thing.IsAttached",
    "iot:Connection.Thing.Attributes[x]",
    "iot:Connection.Thing.Attributes[since]",
    "iot:Certificate.Subject.CommonName",
    "iot:Certificate.Subject.CommonName.List",
    "iot:Certificate.Issuer.CommonName.List",
    "iot:Certificate.Subject.AlternativeName.DNSName.List",
    "iot:Certificate.SerialNumber",
    "iot:CertificateId",
];

/// Operators that read the same values.
fn family(
    names: &'static [&'static str],
    values: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = (&'static str, BoxedStrategy<Value>)> {
    let values = values.boxed();
    one_of(names).prop_map(move |name| (name, values.clone()))
}

/// An operator with its prefix and suffix, and values it can read.
fn operator() -> impl Strategy<Value = (String, BoxedStrategy<Value>)> {
    let strings = one_of(&[
        "a",
        "A",
        "b",
        "*",
        "**",
        "a?",
        "a*",
        "?",
        "",
        "LastWill",
        "PersistentConnect",
        "Last*",
        "true",
        "7",
        "a\\,b",
        "${*}",
        "${iot:ClientId}",
        "${iot:Connection.Thing.ThingName}",
        "${iot:Certificate.Subject.CommonName}",
        "${iot:Nothing}",
    ]);
    let numbers = one_of(&["7", "7.0", "6", "70e-1", "-1", "${iot:Certificate.SerialNumber}"]);
    let dates = one_of(&[
        "2024-02-29",
        "2024-02-29T00:00:00Z",
        "1709164800",
        "2024-03-01T12:30:01Z",
        "2023-12-31",
        "${iot:Connection.Thing.Attributes[since]}",
    ]);
    let nets = one_of(&[
        "10.0.0.0/8",
        "10.0.0.7",
        "10.0.0.6/31",
        "0.0.0.0/0",
        "10.0.0.7/32",
        "${aws:SourceIp}",
    ]);
    let arns = one_of(&[
        "arn:aws:iot:*:*:a",
        "arn:aws:iot::1:a",
        "a:b:c:d:e:f:*",
        "arn:*:iot::?:${iot:ClientId}",
    ]);
    let number = |value: &str| value.parse::<i64>().map_or_else(|_| json!(value), |n| json!(n));
    let truth = prop_oneof![Just(json!(true)), Just(json!("false")), Just(json!("TRUE"))];
    let base = prop_oneof![
        6 => family(STRING_OPERATORS, strings.prop_map(Value::from)),
        1 => family(NUMERIC_OPERATORS, numbers.prop_map(number)),
        1 => family(DATE_OPERATORS, dates.prop_map(Value::from)),
        1 => family(&["IpAddress", "NotIpAddress"], nets.prop_map(Value::from)),
        1 => family(&["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"], arns.prop_map(Value::from)),
        1 => family(&["Bool"], truth),
    ];
    let set = prop_oneof![3 => Just(""), 1 => Just("ForAllValues:"), 1 => Just("ForAnyValue:")];
    let suffix = prop_oneof![3 => Just(""), 1 => Just("IfExists")];
    (set, base, suffix)
        .prop_map(|(set, (name, values), suffix)| (format!("{set}{name}{suffix}"), values))
}

fn condition() -> impl Strategy<Value = Value> {
    let compare = (operator(), one_of(KEYS)).prop_flat_map(|((operator, values), key)| {
        one_or_list(values).prop_map(move |values| json!({operator.clone(): {key: values}}))
    });
    let null = (one_of(&["true", "false"]), one_of(KEYS))
        .prop_map(|(value, key)| json!({"Null": {key: [value]}}));
    prop_oneof![8 => compare, 1 => null]
}

fn statement() -> impl Strategy<Value = Value> {
    let action = one_of(&[
        "iot:*",
        "iot:*",
        "*",
        "iot:connect",
        "IOT:Publish",
        "iot:?ubs*",
        "iot:*e",
        "greengrass:*",
        "iot:Receive",
        "iot:*Retain*",
        "iot:De*",
    ]);
    (
        one_of(&["Allow", "Allow", "Deny"]),
        prop::bool::weighted(0.15),
        one_or_list(action.prop_map(Value::from)),
        prop::bool::weighted(0.15),
        one_or_list(resource()),
        prop_oneof![
            3 => Just(Vec::new()),
            3 => prop::collection::vec(condition(), 1),
            1 => prop::collection::vec(condition(), 2),
        ],
    )
        .prop_map(|(effect, not_action, actions, not_resource, resources, conditions)| {
            let action = if not_action { "NotAction" } else { "Action" };
            let resource = if not_resource { "NotResource" } else { "Resource" };
            let mut statement = json!({"Effect": effect, action: actions, resource: resources});
            for condition in conditions {
                for (operator, keys) in condition.as_object().unwrap() {
                    statement["Condition"][operator] = keys.clone();
                }
            }
            statement
        })
}

/// Leaves the operators on texts: to the others a variable's name is no value.
fn without_typed_conditions(statement: &mut Value) {
    if let Some(operators) = statement["Condition"].as_object_mut() {
        operators.retain(|operator, _| operator.contains("String") || operator == "Null");
    }
    if statement["Condition"].is_null() {
        statement.as_object_mut().unwrap().remove("Condition");
    }
}

/// A document that may be a policy.
pub(crate) fn document() -> impl Strategy<Value = Value> {
    let version = prop_oneof![9 => Just("2012-10-17"), 1 => Just("2008-10-17")];
    (version, prop::collection::vec(statement(), 1..4))
        .prop_map(|(version, mut list)| {
            if version == "2008-10-17" {
                list.iter_mut().for_each(without_typed_conditions);
            }
            json!({"Version": version, "Statement": list})
        })
        .prop_filter("fits into a policy", |document| document.to_string().len() <= 2048)
}

fn names(max: usize) -> impl Strategy<Value = Value> {
    let field =
        one_of(&["CommonName", "CommonName", "OrganizationalUnit", "AlternativeName.DNSName"]);
    let value = one_of(&["a", "b", "A", "a,b", "a+", "*", "a\"<>;=\\", "ä", ""]);
    prop::collection::vec((field, value).prop_map(|pair| json!(pair)), 0..max).prop_map(Value::from)
}

/// A connection.
pub(crate) fn connection() -> impl Strategy<Value = Value> {
    let client = prop::option::weighted(0.9, one_of(&["a", "*", "+", "ab", "A", "a/b", "${*}"]));
    let thing = (
        one_of(&["a", "b", "ab"]),
        prop::option::of(one_of(&["a", "b"])),
        one_of(&["a", "arn:aws:iot::1:a", "7", "a#"]),
        one_of(&["2024-02-29", "2024-02-29T00:00:01Z", "soon", "1709164800"]),
    )
        .prop_map(|(name, kind, x, since)| {
            json!({"name": name, "type": kind, "attributes": {"x": x, "since": since}})
        });
    let certificate = (one_of(&["7", "a*", "6"]), names(7), names(4)).prop_map(
        |(serial, subject, issuer)| {
            json!({"id": "a", "serialNumber": serial, "subject": subject, "issuer": issuer})
        },
    );
    (
        client,
        prop::option::weighted(0.8, one_of(&["10.0.0.7", "10.1.0.7", "192.168.0.1"])),
        prop::option::weighted(0.7, thing),
        prop::option::weighted(0.8, certificate),
        any::<bool>(),
        prop::option::of(one_of(&["a", "will"])),
    )
        .prop_map(|(client, ip, thing, certificate, persistent, will)| {
            json!({"clientId": client, "sourceIp": ip, "thing": thing, "certificate": certificate,
                "persistent": persistent, "willTopic": will})
        })
}

/// What a request names.
pub(crate) fn name() -> impl Strategy<Value = String> {
    let part = one_of(&["a", "a", "b", "ab", "A", "ä", "+", "#", "*", "?", "/", "$", "${*}", "7"]);
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}
