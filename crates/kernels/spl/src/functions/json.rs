//! JSON text: taking values out and making it.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::multivalue::items;
use super::{Arity, EvalFunction, Returns};
use crate::eval::Arguments;
use crate::json_path::JsonPath;
use crate::value::{Kind, Value, number};

pub(super) fn parsed(arguments: &Arguments<'_>, index: usize) -> Option<Json> {
    serde_json::from_str(&arguments.text(index)?).ok()
}

/// A value of ours as JSON: numbers as numbers, text that is an object or array as that.
pub(super) fn to_json(value: Option<Value<'_>>) -> Json {
    match value {
        None => Json::Null,
        Some(Value::Bool(truth)) => Json::Bool(truth),
        Some(Value::Integer(n)) => Json::from(n),
        Some(Value::Number(n)) => number::whole(n).map_or_else(|| Json::from(n), Json::from),
        Some(Value::Multi(items)) => items.iter().map(|item| Json::from(item.as_ref())).collect(),
        Some(Value::Text(text)) => {
            let is_nested = text.starts_with(['{', '[']);
            let nested = is_nested.then(|| serde_json::from_str(&text).ok()).flatten();
            nested.unwrap_or_else(|| Json::from(text.as_ref()))
        }
    }
}

/// A scalar of JSON as a value of ours, the rest as its text.
fn from_json<'a>(json: &Json) -> Option<Value<'a>> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(truth) => Value::text_of(if *truth { "true" } else { "false" }),
        Json::String(text) => Value::text_of(text.clone()),
        other => Value::text_of(other.to_string()),
    })
}

/// The values at a path such as `a.b{1}`; `{}` stands for all items.
fn at_path(json: &str, path: &str) -> Vec<String> {
    JsonPath::parse(path).map(|path| path.values(json)).unwrap_or_default()
}

pub(super) const JSON_EXTRACT: EvalFunction = EvalFunction {
    name: "json_extract",
    arity: Arity::at_least(1),
    doc: "The value at a path such as a.b{1}; of several paths a JSON array; without a path all of it.",
    examples: &[
        ("json_extract(\"{\\\"a\\\":{\\\"b\\\":[1,2]}}\", \"a.b{1}\")", "2"),
        ("json_extract(\"{\\\"a\\\":{\\\"b\\\":[1,2]}}\", \"a\")", "{\"b\":[1,2]}"),
        ("json_extract(\"{\\\"a\\\":1,\\\"b\\\":\\\"x\\\"}\", \"a\", \"b\")", "[1,\"x\"]"),
        ("json_extract(\"{\\\"a\\\":1}\", \"b\")", "null"),
        ("json_extract(thing, \"b\")", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let json = arguments.text(0)?;
        if arguments.len() == 1 {
            return from_json(&parsed(arguments, 0)?);
        }
        let extract = |path: Option<Value<'_>>| -> Option<Json> {
            let mut found = at_path(&json, &path?.text());
            let read = |text: &String| {
                serde_json::from_str(text).unwrap_or_else(|_| Json::from(text.as_str()))
            };
            match found.len() {
                0 => None,
                1 => found.pop().map(|text| read(&text)),
                _ => Some(found.iter().map(read).collect()),
            }
        };
        let mut paths = arguments.values_from(1);
        if arguments.len() == 2 {
            return from_json(&extract(paths.next()?)?);
        }
        let all: Json = paths.map(|path| extract(path).unwrap_or(Json::Null)).collect();
        Some(Value::text_of(all.to_string()))
    },
};

pub(super) const JSON_EXTRACT_EXACT: EvalFunction = EvalFunction {
    name: "json_extract_exact",
    arity: Arity::at_least(2),
    doc: "The value of a member whose name is taken as it is, dots included; of several a JSON array.",
    examples: &[
        ("json_extract_exact(\"{\\\"a.b\\\":3}\", \"a.b\")", "3"),
        ("json_extract_exact(\"{\\\"a\\\":1,\\\"b\\\":2}\", \"b\", \"a\")", "[2,1]"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let json = parsed(arguments, 0)?;
        let member = |name: Option<Value<'_>>| json.get(&*name?.into_text());
        let mut names = arguments.values_from(1);
        if arguments.len() == 2 {
            return from_json(member(names.next()?)?);
        }
        let all: Json = names.map(|name| member(name).cloned().unwrap_or_default()).collect();
        Some(Value::text_of(all.to_string()))
    },
};

pub(super) const SPATH: EvalFunction = EvalFunction {
    name: "spath",
    arity: Arity::exactly(2),
    doc: "The values at a path in JSON text, as the command spath takes them.",
    examples: &[
        ("spath(\"{\\\"a\\\":{\\\"b\\\":[1,2]}}\", \"a.b{}\")", "1|2"),
        ("spath(\"{\\\"a\\\":{\\\"b\\\":true}}\", \"a.b\")", "true"),
        ("spath(thing, \"a\")", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let values = at_path(&arguments.text(0)?, &arguments.text(1)?);
        Value::from_items(values.into_iter().map(Cow::Owned).collect())
    },
};

pub(super) const JSON_OBJECT: EvalFunction = EvalFunction {
    name: "json_object",
    arity: Arity::pairs(0),
    doc: "A JSON object of names and values.",
    examples: &[
        ("json_object(\"thing\", thing, \"port\", port)", "{\"thing\":\"pump-17\",\"port\":8883}"),
        ("json_object(\"a\", json_array(1, \"x\"))", "{\"a\":[1,\"x\"]}"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let mut object = Map::new();
        for at in (0..arguments.len()).step_by(2) {
            object.insert(arguments.text(at)?.into_owned(), to_json(arguments.value(at + 1)));
        }
        Some(Value::text_of(Json::Object(object).to_string()))
    },
};

pub(super) const JSON_ARRAY: EvalFunction = EvalFunction {
    name: "json_array",
    arity: Arity::at_least(0),
    doc: "A JSON array of values.",
    examples: &[("json_array(1, \"x\", missing)", "[1,\"x\",null]"), ("json_array()", "[]")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let array: Json = arguments.values_from(0).map(to_json).collect();
        Some(Value::text_of(array.to_string()))
    },
};

pub(super) const JSON_VALID: EvalFunction = EvalFunction {
    name: "json_valid",
    arity: Arity::exactly(1),
    doc: "Whether the text is JSON.",
    examples: &[
        ("tostring(json_valid(\"[1]\"))", "True"),
        ("tostring(json_valid(thing))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let text = arguments.text(0)?;
        Some(Value::Bool(serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok()))
    },
};

pub(super) const JSON_KEYS: EvalFunction = EvalFunction {
    name: "json_keys",
    arity: Arity::exactly(1),
    doc: "The names of a JSON object's members, as a JSON array.",
    examples: &[
        ("json_keys(\"{\\\"b\\\":1,\\\"a\\\":2}\")", "[\"b\",\"a\"]"),
        ("json_keys(\"[1]\")", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let json = parsed(arguments, 0)?;
        let names: Json = json.as_object()?.keys().map(|name| Json::from(name.as_str())).collect();
        Some(Value::text_of(names.to_string()))
    },
};

pub(super) const JSON_ARRAY_TO_MV: EvalFunction = EvalFunction {
    name: "json_array_to_mv",
    arity: Arity::between(1, 2),
    doc: "The items of a JSON array as a multivalue; texts without quotes unless the second argument is true.",
    examples: &[
        ("json_array_to_mv(\"[1,\\\"x\\\",{\\\"a\\\":2}]\")", "1|x|{\"a\":2}"),
        ("json_array_to_mv(\"[\\\"x\\\",\\\"y\\\"]\", true())", "\"x\"|\"y\""),
        ("json_array_to_mv(thing)", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let json = parsed(arguments, 0)?;
        let keeps_quotes = arguments.truth(1) == Some(true);
        let text = |item: &Json| match item {
            Json::String(text) if !keeps_quotes => Cow::Owned(text.clone()),
            other => Cow::Owned(other.to_string()),
        };
        Value::from_items(json.as_array()?.iter().map(text).collect())
    },
};

pub(super) const MV_TO_JSON_ARRAY: EvalFunction = EvalFunction {
    name: "mv_to_json_array",
    arity: Arity::between(1, 2),
    doc: "The values as a JSON array; numbers and truths as such if the second argument is true.",
    examples: &[
        ("mv_to_json_array(ports)", "[\"21\",\"22\"]"),
        ("mv_to_json_array(ports, true())", "[21,22]"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let infers = arguments.truth(1) == Some(true);
        let item = |text: &Cow<'_, str>| match infers {
            true => serde_json::from_str(text).unwrap_or_else(|_| Json::from(text.as_ref())),
            false => Json::from(text.as_ref()),
        };
        let array: Json = items(arguments, 0)?.iter().map(item).collect();
        Some(Value::text_of(array.to_string()))
    },
};

pub(super) const JSON_SET: EvalFunction = EvalFunction {
    name: "json_set",
    arity: Arity::at_least(3),
    doc: "The JSON object with members set to values, in pairs of name and value.",
    examples: &[
        ("json_set(\"{\\\"a\\\":1}\", \"b\", \"x\", \"a\", 2)", "{\"a\":2,\"b\":\"x\"}"),
        ("json_set(thing, \"a\", 1)", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let mut json = parsed(arguments, 0)?;
        let object = json.as_object_mut()?;
        for at in (1..arguments.len()).step_by(2) {
            object.insert(arguments.text(at)?.into_owned(), to_json(arguments.value(at + 1)));
        }
        Some(Value::text_of(json.to_string()))
    },
};

pub(super) const JSON_DELETE: EvalFunction = EvalFunction {
    name: "json_delete",
    arity: Arity::at_least(2),
    doc: "The JSON object without these members.",
    examples: &[("json_delete(\"{\\\"a\\\":1,\\\"b\\\":2}\", \"a\", \"c\")", "{\"b\":2}")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let mut json = parsed(arguments, 0)?;
        let object = json.as_object_mut()?;
        for name in arguments.values_from(1) {
            object.shift_remove(&*name?.into_text());
        }
        Some(Value::text_of(json.to_string()))
    },
};
