//! What surrounds the message: topic, time, who sent it, randomness.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::convert;
use crate::version::SqlVersion;

pub(super) const TOPIC: SqlFunction = SqlFunction {
    name: "topic",
    arity: Arity::between(0, 1),
    since: SqlVersion::V2015,
    doc: "The message's topic, or its n-th level counted from 1.",
    examples: &[
        ("topic()", "\"plant/pump-17/data\""),
        ("topic(2)", "\"pump-17\""),
        ("topic(4)", ""),
    ],
    eval: topic,
};

fn topic(arguments: &Arguments<'_>) -> Option<Value> {
    let topic = arguments.input.topic;
    if arguments.values.is_empty() {
        return Some(Value::from(topic));
    }
    let index = usize::try_from(arguments.int(0)?).ok()?.checked_sub(1)?;
    topic.split('/').nth(index).map(Value::from)
}

pub(super) const TIMESTAMP: SqlFunction = SqlFunction {
    name: "timestamp",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "The engine's time in milliseconds since 1970.",
    examples: &[("timestamp()", "1735689600120")],
    eval: |arguments| Some(Value::from(arguments.input.now.as_millis())),
};

pub(super) const CLIENTID: SqlFunction = SqlFunction {
    name: "clientid",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "The MQTT client id of the publisher, \"n/a\" if it is not an MQTT client.",
    examples: &[("clientid()", "\"pump-17\"")],
    eval: |arguments| Some(Value::from(arguments.input.client_id.unwrap_or("n/a"))),
};

pub(super) const PRINCIPAL: SqlFunction = SqlFunction {
    name: "principal",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "The certificate id or user name of the publisher.",
    examples: &[("principal()", "\"ab12\"")],
    eval: |arguments| arguments.input.principal.map(Value::from),
};

pub(super) const ACCOUNTID: SqlFunction = SqlFunction {
    name: "accountid",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "The account id as text.",
    examples: &[("accountid()", "\"000000000000\"")],
    eval: |arguments| Some(Value::from(arguments.input.account_id)),
};

pub(super) const TRACEID: SqlFunction = SqlFunction {
    name: "traceid",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "The id of the MQTT message; Undefined if it did not come by MQTT.",
    examples: &[("traceid()", "")],
    eval: |arguments| arguments.input.trace_id.map(Value::from),
};

pub(super) const SQL_VERSION: SqlFunction = SqlFunction {
    name: "sql_version",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "The version of the language the rule uses.",
    examples: &[("sql_version()", "\"2016-03-23\"")],
    eval: |arguments| Some(Value::from(arguments.version.as_str())),
};

pub(super) const NEWUUID: SqlFunction = SqlFunction {
    name: "newuuid",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "A random UUID as text.",
    examples: &[("length(newuuid())", "36")],
    eval: newuuid,
};

fn newuuid(arguments: &Arguments<'_>) -> Option<Value> {
    let bytes = (arguments.input.random)().to_be_bytes();
    Some(Value::from(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()))
}

pub(super) const RAND: SqlFunction = SqlFunction {
    name: "rand",
    arity: Arity::exactly(0),
    since: SqlVersion::V2015,
    doc: "A random number from 0 to below 1.",
    examples: &[("rand() >= 0 AND rand() < 1", "true")],
    eval: rand,
};

fn rand(arguments: &Arguments<'_>) -> Option<Value> {
    // The low 53 bits: a version 4 UUID keeps its fixed bits above them.
    let bits = (arguments.input.random)() & ((1 << 53) - 1);
    convert::decimal(bits as f64 / (1_u64 << 53) as f64)
}
