//! Functions of numbers. What has no real value is null.

use super::{Arity, EvalFunction, Returns};
use crate::value::{Kind, Value, number};

/// A number that is one; no minus before zero.
fn real<'a>(value: f64) -> Option<Value<'a>> {
    (!value.is_nan()).then_some(Value::Number(value + 0.0))
}

macro_rules! real {
    ($name:ident, $spl:literal, $doc:literal, $function:expr, $examples:expr) => {
        pub(super) const $name: EvalFunction = EvalFunction {
            name: $spl,
            arity: Arity::exactly(1),
            doc: $doc,
            examples: $examples,
            returns: Returns::Always(Kind::Number),
            eval: |arguments| real(($function)(arguments.number(0)?)),
        };
    };
}

real!(ABS, "abs", "The number without its sign.", f64::abs, &[("abs(-3)", "3")]);
real!(
    CEIL,
    "ceil",
    "The number rounded up.",
    f64::ceil,
    &[("ceil(1.2)", "2"), ("ceil(-0.5)", "0")]
);
real!(CEILING, "ceiling", "The number rounded up.", f64::ceil, &[("ceiling(temperature)", "22")]);
real!(FLOOR, "floor", "The number rounded down.", f64::floor, &[("floor(-1.2)", "-2")]);
real!(SQRT, "sqrt", "The square root.", f64::sqrt, &[("sqrt(9)", "3"), ("sqrt(-1)", "null")]);
real!(EXP, "exp", "e to the power of the number.", f64::exp, &[("exp(0)", "1")]);
real!(LN, "ln", "The natural logarithm.", f64::ln, &[("ln(1)", "0"), ("ln(-1)", "null")]);
real!(SIN, "sin", "The sine.", f64::sin, &[("sin(0)", "0")]);
real!(COS, "cos", "The cosine.", f64::cos, &[("cos(0)", "1")]);
real!(TAN, "tan", "The tangent.", f64::tan, &[("tan(0)", "0")]);
real!(ASIN, "asin", "The inverse sine.", f64::asin, &[("asin(0)", "0"), ("asin(2)", "null")]);
real!(ACOS, "acos", "The inverse cosine.", f64::acos, &[("acos(1)", "0")]);
real!(ATAN, "atan", "The inverse tangent.", f64::atan, &[("atan(0)", "0")]);
real!(SINH, "sinh", "The hyperbolic sine.", f64::sinh, &[("sinh(0)", "0")]);
real!(COSH, "cosh", "The hyperbolic cosine.", f64::cosh, &[("cosh(0)", "1")]);
real!(TANH, "tanh", "The hyperbolic tangent.", f64::tanh, &[("tanh(0)", "0")]);
real!(ASINH, "asinh", "The inverse hyperbolic sine.", f64::asinh, &[("asinh(0)", "0")]);
real!(ACOSH, "acosh", "The inverse hyperbolic cosine.", f64::acosh, &[("acosh(1)", "0")]);
real!(ATANH, "atanh", "The inverse hyperbolic tangent.", f64::atanh, &[("atanh(0)", "0")]);
real!(
    EXACT,
    "exact",
    "The number with all its digits, which numbers have here anyway.",
    |value: f64| value,
    &[("exact(0.1*3)", "0.30000000000000004")]
);

pub(super) const ATAN2: EvalFunction = EvalFunction {
    name: "atan2",
    arity: Arity::exactly(2),
    doc: "The angle of the point (x, y), given as y, x.",
    examples: &[("atan2(0, 1)", "0")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| real(arguments.number(0)?.atan2(arguments.number(1)?)),
};

pub(super) const HYPOT: EvalFunction = EvalFunction {
    name: "hypot",
    arity: Arity::exactly(2),
    doc: "The length of the longest side of a right triangle with these sides.",
    examples: &[("hypot(3, 4)", "5")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| real(arguments.number(0)?.hypot(arguments.number(1)?)),
};

pub(super) const LOG: EvalFunction = EvalFunction {
    name: "log",
    arity: Arity::between(1, 2),
    doc: "The logarithm to a base, 10 if none is given.",
    examples: &[("log(100)", "2"), ("log(8, 2)", "3"), ("log(0)", "null"), ("log(5, 1)", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let value = arguments.number(0)?;
        let log = match arguments.len() {
            1 => value.log10(),
            _ => match arguments.number(1)? {
                2.0 => value.log2(),
                10.0 => value.log10(),
                base => value.ln() / base.ln(),
            },
        };
        if log.is_finite() { real(log) } else { None }
    },
};

pub(super) const POW: EvalFunction = EvalFunction {
    name: "pow",
    arity: Arity::exactly(2),
    doc: "The first number to the power of the second.",
    examples: &[("pow(2, 10)", "1024"), ("pow(-1, 0.5)", "null"), ("pow(code, 2)", "144")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| real(arguments.number(0)?.powf(arguments.number(1)?)),
};

pub(super) const PI: EvalFunction = EvalFunction {
    name: "pi",
    arity: Arity::exactly(0),
    doc: "The ratio of a circle's circumference to its diameter, to 11 digits.",
    examples: &[("pi()", "3.14159265358")],
    returns: Returns::Always(Kind::Number),
    #[expect(clippy::approx_constant, reason = "the language gives 11 digits")]
    eval: |_| Some(Value::Number(3.141_592_653_58)),
};

pub(super) const ROUND: EvalFunction = EvalFunction {
    name: "round",
    arity: Arity::between(1, 2),
    doc: "The number rounded half away from zero, to a whole number or so many decimals.",
    examples: &[
        ("round(3.5)", "4"),
        ("round(-2.5)", "-3"),
        ("round(2.5, 2)", "2.50"),
        ("round(2.555, 2)", "2.56"),
        ("round(1234, -2)", "1200"),
        ("round(thing)", "null"),
    ],
    returns: Returns::Counted(|count| if count == 1 { Kind::Number } else { Kind::Text }),
    eval: |arguments| {
        let value = arguments.number(0)?;
        let decimals = match arguments.len() {
            1 => 0,
            _ => arguments.whole(1)?,
        };
        match usize::try_from(decimals) {
            Ok(decimals) => Some(Value::text_of(number::round_text(value, decimals.min(30)))),
            Err(_) => {
                let unit = 10_f64.powf(number::from_whole(-decimals));
                real((value / unit).round() * unit)
            }
        }
    },
};

pub(super) const SIGFIG: EvalFunction = EvalFunction {
    name: "sigfig",
    arity: Arity::exactly(1),
    doc: "The number; it is printed in its shortest form here anyway.",
    examples: &[("sigfig(1.50)", "1.5")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| arguments.number(0).map(Value::Number),
};

pub(super) const RANDOM: EvalFunction = EvalFunction {
    name: "random",
    arity: Arity::exactly(0),
    doc: "A whole number from 0 to 2147483647, another for every row.",
    examples: &[("if(random()>=0 AND random()<=2147483647, 1, 0)", "1")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(Value::Number(f64::from(arguments.random() >> 1))),
};
