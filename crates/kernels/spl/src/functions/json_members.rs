//! JSON text: its members, and adding to its arrays.

use serde_json::Value as Json;

use super::json::{parsed, to_json};
use super::{Arity, EvalFunction, Returns};
use crate::eval::Arguments;
use crate::value::{Kind, Value};

pub(super) const JSON: EvalFunction = EvalFunction {
    name: "json",
    arity: Arity::exactly(1),
    doc: "The JSON text in its compact form; null if it is none.",
    examples: &[("json(\"{ \\\"a\\\": 1 }\")", "{\"a\":1}"), ("json(thing)", "null")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| Some(Value::text_of(parsed(arguments, 0)?.to_string())),
};

pub(super) const JSON_ENTRIES: EvalFunction = EvalFunction {
    name: "json_entries",
    arity: Arity::exactly(1),
    doc: "The members of a JSON object as an array of objects with key and value.",
    examples: &[("json_entries(\"{\\\"a\\\":1}\")", "[{\"key\":\"a\",\"value\":1}]")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let json = parsed(arguments, 0)?;
        let entry =
            |(key, value): (&String, &Json)| serde_json::json!({"key": key, "value": value});
        let entries: Json = json.as_object()?.iter().map(entry).collect();
        Some(Value::text_of(entries.to_string()))
    },
};

pub(super) const JSON_HAS_KEY_EXACT: EvalFunction = EvalFunction {
    name: "json_has_key_exact",
    arity: Arity::exactly(2),
    doc: "Whether the JSON object has a member of this name, dots included.",
    examples: &[
        ("tostring(json_has_key_exact(\"{\\\"a.b\\\":1}\", \"a.b\"))", "True"),
        ("tostring(json_has_key_exact(\"{\\\"a\\\":1}\", \"b\"))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let json = parsed(arguments, 0)?;
        Some(Value::Bool(json.as_object()?.contains_key(&*arguments.text(1)?)))
    },
};

/// The array that the member `name` of an object is.
fn array_of<'j>(json: &'j mut Json, name: &str) -> Option<&'j mut Vec<Json>> {
    json.as_object_mut()?.get_mut(name)?.as_array_mut()
}

/// Adds to arrays, in pairs of member and value; `flat` adds the items of an array one by one.
fn added<'a>(arguments: &Arguments<'a>, flat: bool) -> Option<Value<'a>> {
    let mut json = parsed(arguments, 0)?;
    for at in (1..arguments.len()).step_by(2) {
        let name = arguments.text(at)?;
        let value = to_json(arguments.value(at + 1));
        match (array_of(&mut json, &name), value) {
            (Some(array), Json::Array(items)) if flat => array.extend(items),
            (Some(array), value) => array.push(value),
            (None, _) => {}
        }
    }
    Some(Value::text_of(json.to_string()))
}

pub(super) const JSON_APPEND: EvalFunction = EvalFunction {
    name: "json_append",
    arity: Arity::at_least(3),
    doc: "The JSON object with values added to arrays that are its members, in pairs of name and value.",
    examples: &[
        ("json_append(\"{\\\"p\\\":[21]}\", \"p\", 22)", "{\"p\":[21,22]}"),
        ("json_append(\"{\\\"p\\\":[21]}\", \"p\", json_array(22))", "{\"p\":[21,[22]]}"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| added(arguments, false),
};

pub(super) const JSON_EXTEND: EvalFunction = EvalFunction {
    name: "json_extend",
    arity: Arity::at_least(3),
    doc: "As json_append, but the items of an array are added one by one.",
    examples: &[(
        "json_extend(\"{\\\"p\\\":[21]}\", \"p\", json_array(22, 23))",
        "{\"p\":[21,22,23]}",
    )],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| added(arguments, true),
};
