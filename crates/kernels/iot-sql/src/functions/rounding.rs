//! Rounding, signs and remainders.

use serde_json::Value;

use super::{Arguments, Arity, SqlFunction};
use crate::ast::BinaryOperator;
use crate::convert::{self, Num};
use crate::operators;
use crate::version::SqlVersion;

macro_rules! to_int {
    ($name:ident, $sql:literal, $doc:literal, $function:expr, $examples:expr) => {
        pub(super) const $name: SqlFunction = SqlFunction {
            name: $sql,
            arity: Arity::exactly(1),
            since: SqlVersion::V2015,
            doc: $doc,
            examples: $examples,
            eval: |arguments| to_int(arguments, $function),
        };
    };
}

to_int!(CEIL, "ceil", "Rounds up.", f64::ceil, &[("ceil(1.2)", "2"), ("ceil(\"-3.2\")", "-3")]);
to_int!(
    FLOOR,
    "floor",
    "Rounds down.",
    f64::floor,
    &[("floor(1.2)", "1"), ("floor(\"-3.2\")", "-4")]
);
to_int!(
    ROUND,
    "round",
    "Rounds to the nearest whole number, halves away from zero.",
    f64::round,
    &[("round(1.2)", "1"), ("round(1.5)", "2"), ("round(-1.5)", "-2"), ("round(true)", "")]
);

fn to_int(arguments: &Arguments<'_>, round: fn(f64) -> f64) -> Option<Value> {
    match convert::number(arguments.get(0)?)? {
        Num::Int(n) => Num::Int(n).into_value(),
        Num::Decimal(n) => match convert::whole(round(n)) {
            Some(whole) => Num::Int(whole).into_value(),
            None => convert::decimal(n),
        },
    }
}

pub(super) const ABS: SqlFunction = SqlFunction {
    name: "abs",
    arity: Arity::exactly(1),
    since: SqlVersion::V2015,
    doc: "The absolute value.",
    examples: &[("abs(-5)", "5"), ("abs(\"-5.5\")", "5.5"), ("abs(true)", "")],
    eval: |arguments| match convert::number(arguments.get(0)?)? {
        Num::Int(n) => Num::Int(n.checked_abs()?).into_value(),
        Num::Decimal(n) => convert::decimal(n.abs()),
    },
};

pub(super) const SIGN: SqlFunction = SqlFunction {
    name: "sign",
    arity: Arity::exactly(1),
    since: SqlVersion::V2015,
    doc: "-1, 0 or 1.",
    examples: &[("sign(-7)", "-1"), ("sign(0)", "0"), ("sign(\"13.5\")", "1")],
    eval: |arguments| {
        let n = arguments.number(0)?;
        let sign = i64::from(n > 0.0) - i64::from(n < 0.0);
        Some(Value::from(sign))
    },
};

pub(super) const TRUNC: SqlFunction = SqlFunction {
    name: "trunc",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "Cuts the number after n places; n is clamped to 0–34.",
    examples: &[
        ("trunc(2.3, 0)", "2"),
        ("trunc(2.3123, 2)", "2.31"),
        ("trunc(-2.888, 2)", "-2.88"),
        ("trunc(1.15, 2)", "1.15"),
        ("trunc(2.00, 1)", "2"),
    ],
    eval: trunc,
};

/// Cuts the shortest decimal text, so that binary fractions do not lose a place.
fn trunc(arguments: &Arguments<'_>) -> Option<Value> {
    let places = usize::try_from(arguments.int(1)?.clamp(0, 34)).ok()?;
    let n = match convert::number(arguments.get(0)?)? {
        Num::Int(n) => return Num::Int(n).into_value(),
        Num::Decimal(n) => n,
    };
    let text = n.to_string();
    let cut = match text.split_once('.') {
        None => text,
        Some((whole, fraction)) => {
            format!("{whole}.{}", fraction.get(..places).unwrap_or(fraction))
        }
    };
    convert::decimal(cut.parse().ok()?)
}

macro_rules! remainder {
    ($name:ident, $sql:literal, $example:literal) => {
        pub(super) const $name: SqlFunction = SqlFunction {
            name: $sql,
            arity: Arity::exactly(2),
            since: SqlVersion::V2015,
            doc: "The remainder of the division, with the sign of the dividend.",
            examples: &[($example, "2")],
            eval: |arguments| {
                let (a, b) = (arguments.get(0)?, arguments.get(1)?);
                operators::binary(BinaryOperator::Remainder, a, b)
            },
        };
    };
}

remainder!(MOD, "mod", "mod(8, 3)");
remainder!(REMAINDER, "remainder", "remainder(8, 3)");
