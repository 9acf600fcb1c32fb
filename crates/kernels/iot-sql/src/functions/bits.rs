//! Bits of whole numbers; decimals are rounded down first.

use super::{Arguments, Arity, SqlFunction};
use crate::convert::Num;
use crate::version::SqlVersion;

macro_rules! bits {
    ($name:ident, $sql:literal, $doc:literal, $function:expr, $examples:expr) => {
        pub(super) const $name: SqlFunction = SqlFunction {
            name: $sql,
            arity: Arity::exactly(2),
            since: SqlVersion::V2015,
            doc: $doc,
            examples: $examples,
            eval: |arguments: &Arguments<'_>| {
                let function: fn(i128, i128) -> i128 = $function;
                Num::Int(function(arguments.int(0)?, arguments.int(1)?)).into_value()
            },
        };
    };
}

bits!(BITAND, "bitand", "The bits both have.", |a, b| a & b, &[("bitand(13, 5)", "5")]);
bits!(BITOR, "bitor", "The bits either has.", |a, b| a | b, &[("bitor(8, 5)", "13")]);
bits!(BITXOR, "bitxor", "The bits one of them has.", |a, b| a ^ b, &[("bitxor(13, 5)", "8")]);

pub(super) const BITNOT: SqlFunction = SqlFunction {
    name: "bitnot",
    arity: Arity::exactly(1),
    since: SqlVersion::V2015,
    doc: "All bits turned over, in two's complement.",
    examples: &[("bitnot(13)", "-14"), ("bitnot(\"x\")", "")],
    eval: |arguments| Num::Int(!arguments.int(0)?).into_value(),
};
