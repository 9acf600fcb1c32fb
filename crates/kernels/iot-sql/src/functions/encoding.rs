//! Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

pub(super) const ENCODE: SqlFunction = SqlFunction {
    name: "encode",
    arity: Arity::exactly(2),
    since: SqlVersion::V2016,
    doc: "The value, or the whole payload for `*`, in base64.",
    examples: &[
        ("encode(\"hello\", \"base64\")", "\"aGVsbG8=\""),
        ("encode(12, \"base64\")", "\"MTI=\""),
        ("encode(\"hello\", \"rot13\")", ""),
    ],
    eval: encode,
};

fn encode(arguments: &Arguments<'_>) -> Option<Value> {
    is_base64(arguments)?;
    if arguments.whole_payload {
        return Some(Value::from(STANDARD.encode(arguments.input.payload)));
    }
    Some(Value::from(STANDARD.encode(arguments.text(0)?.as_bytes())))
}

pub(super) const DECODE: SqlFunction = SqlFunction {
    name: "decode",
    arity: Arity::exactly(2),
    since: SqlVersion::V2016,
    doc: "The JSON value or text behind a base64 text; Null if it cannot be decoded.",
    examples: &[
        ("decode(\"aGVsbG8=\", \"base64\")", "\"hello\""),
        ("decode(\"eyJhIjo3fQ==\", \"base64\").a", "7"),
        ("decode(\"%\", \"base64\")", "null"),
    ],
    eval: decode,
};

fn decode(arguments: &Arguments<'_>) -> Option<Value> {
    is_base64(arguments)?;
    let text = arguments.get(0)?.as_str()?;
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(decoded) = decoded else { return Some(Value::Null) };
    Some(serde_json::from_str(&decoded).unwrap_or(Value::String(decoded)))
}

fn is_base64(arguments: &Arguments<'_>) -> Option<()> {
    (arguments.get(1)?.as_str()? == "base64").then_some(())
}
