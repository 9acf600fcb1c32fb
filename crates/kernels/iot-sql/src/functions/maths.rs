//! Functions of real numbers. What has no real value is Undefined.

use super::{Arity, SqlFunction};
use crate::convert::decimal;
use crate::version::SqlVersion;

macro_rules! real {
    ($name:ident, $sql:literal, $doc:literal, $function:expr, $examples:expr) => {
        pub(super) const $name: SqlFunction = SqlFunction {
            name: $sql,
            arity: Arity::exactly(1),
            since: SqlVersion::V2015,
            doc: $doc,
            examples: $examples,
            eval: |arguments| decimal(($function)(arguments.number(0)?)),
        };
    };
}

real!(SQRT, "sqrt", "The square root.", f64::sqrt, &[("sqrt(9)", "3"), ("sqrt(-1)", "")]);
real!(EXP, "exp", "e to the power of the number.", f64::exp, &[("exp(0)", "1")]);
real!(LN, "ln", "The natural logarithm.", f64::ln, &[("ln(1)", "0"), ("ln(0)", "")]);
real!(LOG, "log", "The logarithm to base 10.", f64::log10, &[("log(100)", "2"), ("log(-5)", "")]);
real!(SIN, "sin", "The sine.", f64::sin, &[("sin(0)", "0")]);
real!(COS, "cos", "The cosine.", f64::cos, &[("cos(0)", "1")]);
real!(TAN, "tan", "The tangent.", f64::tan, &[("tan(0)", "0")]);
real!(ASIN, "asin", "The inverse sine.", f64::asin, &[("asin(0)", "0"), ("asin(2)", "")]);
real!(ACOS, "acos", "The inverse cosine.", f64::acos, &[("acos(1)", "0")]);
real!(ATAN, "atan", "The inverse tangent.", f64::atan, &[("atan(0)", "0")]);
real!(SINH, "sinh", "The hyperbolic sine.", f64::sinh, &[("sinh(0)", "0")]);
real!(COSH, "cosh", "The hyperbolic cosine.", f64::cosh, &[("cosh(0)", "1")]);
real!(TANH, "tanh", "The hyperbolic tangent.", f64::tanh, &[("tanh(0)", "0")]);

pub(super) const ATAN2: SqlFunction = SqlFunction {
    name: "atan2",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The angle of the point (x, y), given as y, x.",
    examples: &[("atan2(0, 1)", "0")],
    eval: |arguments| decimal(arguments.number(0)?.atan2(arguments.number(1)?)),
};

pub(super) const POWER: SqlFunction = SqlFunction {
    name: "power",
    arity: Arity::exactly(2),
    since: SqlVersion::V2015,
    doc: "The first number to the power of the second.",
    examples: &[("power(2, 5)", "32"), ("power(\"2\", \"5\")", "32"), ("power(-1, 0.5)", "")],
    eval: |arguments| decimal(arguments.number(0)?.powf(arguments.number(1)?)),
};
