//! Parts of texts.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

/// Largest text `replace` makes, in bytes: the largest payload.
const REPLACED_BYTES_MAX: usize = 128 * 1024;

pub(super) const SUBSTRING: SqlFunction = SqlFunction {
    name: "substring",
    arity: Arity::between(2, 3),
    since: SqlVersion::V2015,
    doc: "The characters from one index to before another, counted from 0.",
    examples: &[
        ("substring(\"012345\", 2)", "\"2345\""),
        ("substring(\"012345\", 2, 4)", "\"23\""),
        ("substring(\"012345\", -5, 99)", "\"012345\""),
        ("substring(\"012345\", 4, 2)", "\"\""),
        ("substring(12345, 1, 3)", "\"23\""),
    ],
    eval: substring,
};

fn substring(arguments: &Arguments<'_>) -> Option<Value> {
    let text = arguments.text(0)?;
    let index = |n: i128| usize::try_from(n.max(0)).unwrap_or(usize::MAX);
    let from = index(arguments.int(1)?);
    let to = match arguments.values.len() {
        2 => usize::MAX,
        _ => index(arguments.int(2)?),
    };
    let part: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
    Some(Value::from(part))
}

pub(super) const INDEXOF: SqlFunction = SqlFunction {
    name: "indexof",
    arity: Arity::exactly(2),
    since: SqlVersion::V2016,
    doc: "The index of the first occurrence, counted in characters from 0; -1 if there is none.",
    examples: &[("indexof(\"abcd\", \"bc\")", "1"), ("indexof(\"abcd\", \"x\")", "-1")],
    eval: |arguments| {
        let text = arguments.text(0)?;
        let found = text.find(&*arguments.text(1)?);
        let chars = |bytes| text.get(..bytes).map(|before| before.chars().count());
        Some(found.and_then(chars).map_or(Value::from(-1), Value::from))
    },
};

pub(super) const STARTSWITH: SqlFunction = SqlFunction {
    name: "startswith",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "Whether the text begins with another.",
    examples: &[("startswith(\"ranger\", \"ran\")", "true"), ("startswith(null, \"a\")", "")],
    eval: |arguments| Some(Value::Bool(arguments.text(0)?.starts_with(&*arguments.text(1)?))),
};

pub(super) const ENDSWITH: SqlFunction = SqlFunction {
    name: "endswith",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "Whether the text ends with another.",
    examples: &[("endswith(\"cat\", \"at\")", "true"), ("endswith(\"cat\", missing)", "")],
    eval: |arguments| Some(Value::Bool(arguments.text(0)?.ends_with(&*arguments.text(1)?))),
};

pub(super) const REPLACE: SqlFunction = SqlFunction {
    name: "replace",
    arity: Arity::exactly(3),
    since: SqlVersion::V2015,
    doc: "The text with every occurrence of another replaced; Undefined beyond 128 KiB.",
    examples: &[("replace(\"abcab\", \"ab\", \"x\")", "\"xcx\"")],
    eval: replace,
};

fn replace(arguments: &Arguments<'_>) -> Option<Value> {
    let (text, from, to) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let bytes = text.len() + text.matches(&*from).count() * to.len();
    (bytes <= REPLACED_BYTES_MAX).then(|| Value::from(text.replace(&*from, &to)))
}
