//! Reshaping arrays of objects.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

/// Largest result, in bytes of JSON.
const RESULT_BYTES_MAX: usize = 128 * 1024;

pub(super) const TRANSFORM: SqlFunction = SqlFunction {
    name: "transform",
    arity: Arity::exactly(3),
    since: SqlVersion::V2016,
    doc: "With \"enrichArray\", puts an object's members into each object of an array.",
    examples: &[
        (
            "transform(\"enrichArray\", {\"site\": \"north\"}, [{\"v\": 1}, {\"v\": 2}])",
            "[{\"v\":1,\"site\":\"north\"},{\"v\":2,\"site\":\"north\"}]",
        ),
        ("transform(\"other\", {}, [])", ""),
    ],
    eval: transform,
};

fn transform(arguments: &Arguments<'_>) -> Option<Value> {
    if arguments.get(0)?.as_str()? != "enrichArray" {
        return None;
    }
    let added = arguments.get(1)?.as_object()?;
    let elements = arguments.get(2)?.as_array()?;
    let added_bytes = arguments.get(1)?.to_string().len();
    if added_bytes.saturating_mul(elements.len()) > RESULT_BYTES_MAX {
        return None;
    }
    let merged: Option<Vec<Value>> = elements
        .iter()
        .map(|element| {
            let mut object = element.as_object()?.clone();
            object.extend(added.clone());
            Some(Value::Object(object))
        })
        .collect();
    let merged = Value::Array(merged?);
    (merged.to_string().len() <= RESULT_BYTES_MAX).then_some(merged)
}
