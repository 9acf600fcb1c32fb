//! What a value is, and numbers from text.

use super::{Arity, EvalFunction, Returns};
use crate::eval::Arguments;
use crate::value::{Kind, Value, number};

/// Whether the argument is a number: written or computed as one, or text in a field that reads as one.
fn is_number(arguments: &Arguments<'_>, value: &Value<'_>) -> bool {
    !arguments.is_quoted(0) && value.number().is_some()
}

pub(super) const ISNUM: EvalFunction = EvalFunction {
    name: "isnum",
    arity: Arity::exactly(1),
    doc: "Whether the value is a number.",
    examples: &[
        ("tostring(isnum(port))", "True"),
        ("tostring(isnum(code))", "True"),
        ("tostring(isnum(thing))", "False"),
        ("tostring(isnum(\"5\"))", "False"),
        ("tostring(isnum(missing))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0);
        Some(Value::Bool(value.is_some_and(|value| is_number(arguments, &value))))
    },
};

pub(super) const ISINT: EvalFunction = EvalFunction {
    name: "isint",
    arity: Arity::exactly(1),
    doc: "Whether the value is a whole number.",
    examples: &[
        ("tostring(isint(port))", "True"),
        ("tostring(isint(temperature))", "False"),
        ("tostring(isint(thing))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0);
        let is_whole = |value: &Value<'_>| {
            is_number(arguments, value) && value.number().is_some_and(|n| n.fract() == 0.0)
        };
        Some(Value::Bool(value.is_some_and(|value| is_whole(&value))))
    },
};

pub(super) const ISDOUBLE: EvalFunction = EvalFunction {
    name: "isdouble",
    arity: Arity::exactly(1),
    doc: "Whether the value is a number with decimals.",
    examples: &[("tostring(isdouble(temperature))", "True"), ("tostring(isdouble(port))", "False")],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0);
        let is_real = |value: &Value<'_>| {
            is_number(arguments, value) && value.number().is_some_and(|n| n.fract() != 0.0)
        };
        Some(Value::Bool(value.is_some_and(|value| is_real(&value))))
    },
};

pub(super) const ISSTR: EvalFunction = EvalFunction {
    name: "isstr",
    arity: Arity::exactly(1),
    doc: "Whether the value is text that is no number.",
    examples: &[
        ("tostring(isstr(thing))", "True"),
        ("tostring(isstr(port))", "False"),
        ("tostring(isstr(\"5\"))", "True"),
        ("tostring(isstr(missing))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0);
        let is_text =
            |value: &Value<'_>| !matches!(value, Value::Bool(_)) && !is_number(arguments, value);
        Some(Value::Bool(value.is_some_and(|value| is_text(&value))))
    },
};

pub(super) const ISBOOL: EvalFunction = EvalFunction {
    name: "isbool",
    arity: Arity::exactly(1),
    doc: "Whether the value is a condition.",
    examples: &[("tostring(isbool(port=1))", "True"), ("tostring(isbool(port))", "False")],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| Some(Value::Bool(matches!(arguments.value(0), Some(Value::Bool(_))))),
};

pub(super) const ISMV: EvalFunction = EvalFunction {
    name: "ismv",
    arity: Arity::exactly(1),
    doc: "Whether the value is a multivalue.",
    examples: &[("tostring(ismv(ports))", "True"), ("tostring(ismv(port))", "False")],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| Some(Value::Bool(matches!(arguments.value(0), Some(Value::Multi(_))))),
};

pub(super) const TYPEOF: EvalFunction = EvalFunction {
    name: "typeof",
    arity: Arity::exactly(1),
    doc: "What the value is: Number, String, Boolean, or Invalid if there is none.",
    examples: &[
        ("typeof(port)", "Number"),
        ("typeof(\"12\")", "String"),
        ("typeof(thing)", "String"),
        ("typeof(1=2)", "Boolean"),
        ("typeof(missing)", "Invalid"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let name = match arguments.value(0) {
            None => "Invalid",
            Some(Value::Bool(_)) => "Boolean",
            Some(value) if is_number(arguments, &value) => "Number",
            Some(_) => "String",
        };
        Some(Value::text_of(name))
    },
};

pub(super) const TONUMBER: EvalFunction = EvalFunction {
    name: "tonumber",
    arity: Arity::between(1, 2),
    doc: "The number that the text is, to a base from 2 to 36; null if it is none.",
    examples: &[
        ("tonumber(\"0A4\", 16)", "164"),
        ("tonumber(\"0x1f\", 16)", "31"),
        ("tonumber(\"-101\", 2)", "-5"),
        ("tonumber(code)", "12"),
        ("tonumber(\" 5.50 \")", "5.5"),
        ("tonumber(thing)", "null"),
        ("tonumber(\"9\", 8)", "null"),
    ],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let text = arguments.text(0)?;
        let text = text.trim();
        let base = match arguments.len() {
            1 => 10,
            _ => u32::try_from(arguments.whole(1)?).ok()?,
        };
        if base == 10 {
            return number::parse(text).map(Value::Number);
        }
        if !(2..=36).contains(&base) {
            return None;
        }
        let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
        let digits = match (base, digits.get(..2)) {
            (16, Some("0x" | "0X")) => digits.get(2..)?,
            _ => digits,
        };
        let value = i64::from_str_radix(digits, base).ok().filter(|value| *value >= 0)?;
        Some(Value::Number(sign * number::from_whole(value) + 0.0))
    },
};

pub(super) const TOINT: EvalFunction = EvalFunction {
    name: "toint",
    arity: Arity::exactly(1),
    doc: "The number without its decimals; null if the value is no number.",
    examples: &[("toint(temperature)", "21"), ("toint(-1.5)", "-1"), ("toint(thing)", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(Value::Number(arguments.number(0)?.trunc() + 0.0)),
};

pub(super) const TODOUBLE: EvalFunction = EvalFunction {
    name: "todouble",
    arity: Arity::exactly(1),
    doc: "The value as a number; null if it is none.",
    examples: &[("todouble(code)", "12"), ("todouble(thing)", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| arguments.number(0).map(Value::Number),
};
