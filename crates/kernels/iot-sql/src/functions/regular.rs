//! Regular expressions. A pattern written into the rule is compiled once; others for each message.

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::parser::compile_regex;
use crate::version::SqlVersion;

/// Largest text `regexp_replace` makes, in bytes: the largest payload.
const REPLACED_BYTES_MAX: usize = 128 * 1024;

pub(super) const REGEXP_MATCHES: SqlFunction = SqlFunction {
    name: "regexp_matches",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "Whether the text contains a match.",
    examples: &[
        ("regexp_matches(\"aaaa\", \"a{2,}\")", "true"),
        ("regexp_matches(\"aaaa\", \"b\")", "false"),
        ("regexp_matches(\"a\", concat(\"(\", \"\"))", ""),
    ],
    eval: |arguments| {
        let text = arguments.text(0)?;
        Some(Value::Bool(pattern(arguments)?.is_match(&text)))
    },
};

pub(super) const REGEXP_SUBSTR: SqlFunction = SqlFunction {
    name: "regexp_substr",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The first match, Undefined if there is none.",
    examples: &[
        ("regexp_substr(\"hihihello\", \"(hi)*\")", "\"hihi\""),
        ("regexp_substr(\"a\", \"b\")", ""),
    ],
    eval: |arguments| {
        let text = arguments.text(0)?;
        Some(Value::from(pattern(arguments)?.find(&text)?.as_str()))
    },
};

pub(super) const REGEXP_REPLACE: SqlFunction = SqlFunction {
    name: "regexp_replace",
    arity: Arity::exactly(3),
    since: SqlVersion::V2015,
    doc: "The text with every match replaced; `$1` is the first group. Undefined beyond 128 KiB.",
    examples: &[
        ("regexp_replace(\"abcd\", \"bc\", \"x\")", "\"axd\""),
        ("regexp_replace(\"abcd\", \"b(.*)d\", \"$1ef\")", "\"acef\""),
    ],
    eval: replace,
};

fn replace(arguments: &Arguments<'_>) -> Option<Value> {
    let (text, replacement) = (arguments.text(0)?, arguments.text(2)?);
    let regex = pattern(arguments)?;
    let mut replaced = String::new();
    let mut copied = 0;
    for captures in regex.captures_iter(&text) {
        let whole = captures.get(0)?;
        replaced.push_str(text.get(copied..whole.start())?);
        captures.expand(&with_braces(&replacement), &mut replaced);
        copied = whole.end();
        if replaced.len() > REPLACED_BYTES_MAX {
            return None;
        }
    }
    replaced.push_str(text.get(copied..)?);
    (replaced.len() <= REPLACED_BYTES_MAX).then(|| Value::from(replaced))
}

/// `$1ef` means group 1 and then `ef`, where the library would look for a group called `1ef`.
fn with_braces(replacement: &str) -> String {
    let mut written = String::with_capacity(replacement.len() + 4);
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        written.push(c);
        if c != '$' || !chars.peek().is_some_and(char::is_ascii_digit) {
            continue;
        }
        written.push('{');
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            written.push(digit);
        }
        written.push('}');
    }
    written
}

fn pattern<'a>(arguments: &'a Arguments<'_>) -> Option<Cow<'a, Regex>> {
    match arguments.regex {
        Some(regex) => Some(Cow::Borrowed(regex)),
        None => compile_regex(&arguments.text(1)?).map(Cow::Owned),
    }
}
