//! Bits of whole numbers from 0 to 2^53 - 1.

use super::{Arity, EvalFunction, Returns};
use crate::eval::Arguments;
use crate::value::{Kind, Value, number};

/// The greatest number with bits.
const MASK: i64 = (1 << 53) - 1;

fn bits(arguments: &Arguments<'_>, index: usize) -> Option<i64> {
    let value = arguments.number(index).filter(|value| value.fract() == 0.0)?;
    number::whole(value).filter(|whole| (0..=MASK).contains(whole))
}

fn folded<'a>(arguments: &Arguments<'_>, join: fn(i64, i64) -> i64) -> Option<Value<'a>> {
    let first = bits(arguments, 0)?;
    let rest = (1..arguments.len()).map(|index| bits(arguments, index));
    rest.into_iter().try_fold(first, |all, next| Some(join(all, next?))).map(whole)
}

fn whole<'a>(bits: i64) -> Value<'a> {
    Value::Number(number::from_whole(bits & MASK))
}

macro_rules! joining {
    ($name:ident, $spl:literal, $doc:literal, $join:expr, $examples:expr) => {
        pub(super) const $name: EvalFunction = EvalFunction {
            name: $spl,
            arity: Arity::at_least(2),
            doc: $doc,
            examples: $examples,
            returns: Returns::Always(Kind::Number),
            eval: |arguments| folded(arguments, $join),
        };
    };
}

joining!(
    BIT_AND,
    "bit_and",
    "The bits that all numbers have.",
    |a, b| a & b,
    &[("bit_and(12, 10)", "8"), ("bit_and(15, 7, 5)", "5"), ("bit_and(-1, 1)", "null"),]
);
joining!(
    BIT_OR,
    "bit_or",
    "The bits that any number has.",
    |a, b| a | b,
    &[("bit_or(12, 3)", "15")]
);
joining!(
    BIT_XOR,
    "bit_xor",
    "The bits that an odd count of numbers has.",
    |a, b| a ^ b,
    &[("bit_xor(12, 10)", "6")]
);

pub(super) const BIT_NOT: EvalFunction = EvalFunction {
    name: "bit_not",
    arity: Arity::between(1, 2),
    doc: "The bits the number does not have, of 53 or of those of a mask.",
    examples: &[("bit_not(5, 15)", "10"), ("bit_not(0)", "9007199254740991")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let mask = if arguments.len() == 1 { MASK } else { bits(arguments, 1)? };
        Some(whole(!bits(arguments, 0)? & mask))
    },
};

pub(super) const BIT_SHIFT_LEFT: EvalFunction = EvalFunction {
    name: "bit_shift_left",
    arity: Arity::exactly(2),
    doc: "The bits moved up by so many places.",
    examples: &[("bit_shift_left(3, 4)", "48"), ("bit_shift_left(1, 53)", "0")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let places = bits(arguments, 1)?.min(54);
        Some(whole(((i128::from(bits(arguments, 0)?) << places) & i128::from(MASK)) as i64))
    },
};

pub(super) const BIT_SHIFT_RIGHT: EvalFunction = EvalFunction {
    name: "bit_shift_right",
    arity: Arity::exactly(2),
    doc: "The bits moved down by so many places.",
    examples: &[("bit_shift_right(48, 4)", "3")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(whole(bits(arguments, 0)? >> bits(arguments, 1)?.min(54))),
};
