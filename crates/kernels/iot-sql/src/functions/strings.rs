//! Whole texts: length, case, blanks, characters.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

/// Most blanks `lpad` and `rpad` add.
const PAD_MAX: i128 = 1000;

macro_rules! of_text {
    ($name:ident, $sql:literal, $since:ident, $doc:literal, $function:expr, $examples:expr) => {
        pub(super) const $name: SqlFunction = SqlFunction {
            name: $sql,
            arity: Arity::exactly(1),
            since: SqlVersion::$since,
            doc: $doc,
            examples: $examples,
            eval: |arguments: &Arguments<'_>| {
                let function: fn(&str) -> Value = $function;
                Some(function(&arguments.text(0)?))
            },
        };
    };
}

of_text!(
    LENGTH,
    "length",
    V2016,
    "The number of characters.",
    |text| Value::from(text.chars().count()),
    &[("length(\"hi\")", "2"), ("length(false)", "5"), ("length(null)", "")]
);
of_text!(
    NUMBYTES,
    "numbytes",
    V2016,
    "The number of bytes in UTF-8.",
    |text| Value::from(text.len()),
    &[("numbytes(\"hi\")", "2"), ("numbytes(\"€\")", "3")]
);
of_text!(
    LOWER,
    "lower",
    V2015,
    "The text in lower case.",
    |text| Value::from(text.to_lowercase()),
    &[("lower(\"HELLO\")", "\"hello\"")]
);
of_text!(
    UPPER,
    "upper",
    V2015,
    "The text in upper case.",
    |text| Value::from(text.to_uppercase()),
    &[("upper(\"hello\")", "\"HELLO\"")]
);
of_text!(
    TRIM,
    "trim",
    V2015,
    "The text without blanks at both ends.",
    |text| Value::from(text.trim()),
    &[("trim(\" hi \")", "\"hi\"")]
);
of_text!(
    LTRIM,
    "ltrim",
    V2015,
    "The text without blanks at its beginning.",
    |text| Value::from(text.trim_start()),
    &[("ltrim(\" hi \")", "\"hi \"")]
);
of_text!(
    RTRIM,
    "rtrim",
    V2015,
    "The text without blanks at its end.",
    |text| Value::from(text.trim_end()),
    &[("rtrim(\" hi \")", "\" hi\"")]
);

pub(super) const CHR: SqlFunction = SqlFunction {
    name: "chr",
    arity: Arity::exactly(1),
    since: SqlVersion::V2015,
    doc: "The ASCII character with this number.",
    examples: &[("chr(65)", "\"A\""), ("chr(200)", "")],
    eval: |arguments| {
        let code = u8::try_from(arguments.int(0)?).ok().filter(u8::is_ascii)?;
        Some(Value::from(char::from(code).to_string()))
    },
};

pub(super) const LPAD: SqlFunction = SqlFunction {
    name: "lpad",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The text with n blanks before it, 1000 at most.",
    examples: &[("lpad(\"hi\", 2)", "\"  hi\""), ("lpad(1, -3)", "\"1\"")],
    eval: |arguments| Some(Value::from(blanks(arguments)? + &arguments.text(0)?)),
};

pub(super) const RPAD: SqlFunction = SqlFunction {
    name: "rpad",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The text with n blanks behind it, 1000 at most.",
    examples: &[("rpad(\"hi\", 2)", "\"hi  \"")],
    eval: |arguments| Some(Value::from(arguments.text(0)?.into_owned() + &blanks(arguments)?)),
};

fn blanks(arguments: &Arguments<'_>) -> Option<String> {
    let n = usize::try_from(arguments.int(1)?.clamp(0, PAD_MAX)).ok()?;
    Some(" ".repeat(n))
}
