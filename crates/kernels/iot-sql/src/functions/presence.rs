//! Null and Undefined.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

pub(super) const ISNULL: SqlFunction = SqlFunction {
    name: "isnull",
    arity: Arity::exactly(1),
    since: SqlVersion::V2015,
    doc: "Whether the value is Null.",
    examples: &[("isNull(null)", "true"), ("isNull(5)", "false"), ("isNull(missing)", "false")],
    eval: |arguments| Some(Value::Bool(arguments.get(0).is_some_and(Value::is_null))),
};

pub(super) const ISUNDEFINED: SqlFunction = SqlFunction {
    name: "isundefined",
    arity: Arity::exactly(1),
    since: SqlVersion::V2016,
    doc: "Whether the value is Undefined.",
    examples: &[("isUndefined(missing)", "true"), ("isUndefined(null)", "false")],
    eval: |arguments| Some(Value::Bool(arguments.get(0).is_none())),
};

pub(super) const NANVL: SqlFunction = SqlFunction {
    name: "nanvl",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The first value, or the second where the first is Undefined, Null or not a number.",
    examples: &[("nanvl(8, 2)", "8"), ("nanvl(missing, 2)", "2"), ("nanvl(null, 2)", "2")],
    eval: nanvl,
};

fn nanvl(arguments: &Arguments<'_>) -> Option<Value> {
    let first = arguments.get(0).filter(|value| !value.is_null());
    first.or_else(|| arguments.get(1)).cloned()
}
