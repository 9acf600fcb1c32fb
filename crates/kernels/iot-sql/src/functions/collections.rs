//! Reaching into arrays, strings and objects, and joining them.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::convert;
use crate::version::SqlVersion;

pub(super) const GET: SqlFunction = SqlFunction {
    name: "get",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The element, character or member at an index from 0 or a key.",
    examples: &[
        ("get([\"a\", \"b\"], 1)", "\"b\""),
        ("get({\"a-b\": 7}, \"a-b\")", "7"),
        ("get(\"abc\", 1)", "\"b\""),
        ("get([1], 1)", ""),
        ("get([1], -1)", ""),
    ],
    eval: get,
};

fn get(arguments: &Arguments<'_>) -> Option<Value> {
    let index = || usize::try_from(arguments.int(1)?).ok();
    match arguments.get(0)? {
        Value::Array(elements) => elements.get(index()?).cloned(),
        Value::String(text) => text.chars().nth(index()?).map(|c| Value::from(c.to_string())),
        Value::Object(members) => members.get(arguments.get(1)?.as_str()?).cloned(),
        _ => None,
    }
}

pub(super) const CONCAT: SqlFunction = SqlFunction {
    name: "concat",
    arity: Arity::between(0, usize::MAX),
    since: SqlVersion::V2015,
    doc: "Joins texts; if any argument is an array, makes one array of all.",
    examples: &[
        ("concat()", ""),
        ("concat(1)", "1"),
        ("concat(\"he\", \"is\", \"man\")", "\"heisman\""),
        ("concat([1, 2], 3, [\"a\"])", "[1,2,3,\"a\"]"),
        ("concat(1, \"hello\")", "\"1hello\""),
        ("concat(\"a\", missing)", ""),
    ],
    eval: concat,
};

fn concat(arguments: &Arguments<'_>) -> Option<Value> {
    if let [one] = arguments.values {
        return one.as_deref().cloned();
    }
    if arguments.values.is_empty() {
        return None;
    }
    let values: Option<Vec<&Value>> =
        arguments.values.iter().map(|value| value.as_deref()).collect();
    let values = values?;
    if !values.iter().any(|value| value.is_array()) {
        let texts: Option<Vec<String>> = values.into_iter().map(convert::text).collect();
        return Some(Value::from(texts?.concat()));
    }
    let mut joined = Vec::new();
    for value in values {
        match value {
            Value::Array(elements) => joined.extend(elements.iter().cloned()),
            other => joined.push(other.clone()),
        }
    }
    Some(Value::Array(joined))
}
