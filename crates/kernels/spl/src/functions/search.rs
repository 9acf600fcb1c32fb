//! Conditions in the language of `search`.

use super::{Arity, EvalFunction, Returns};
use crate::value::Kind;

/// Refused when an expression is bound to its columns, so it never runs.
pub(super) const SEARCHMATCH: EvalFunction = EvalFunction {
    name: "searchmatch",
    arity: Arity::exactly(1),
    doc: "Whether the event fits a search; not supported yet.",
    examples: &[],
    returns: Returns::Always(Kind::Bool),
    eval: |_| None,
};
