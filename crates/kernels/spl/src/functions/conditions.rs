//! Choosing between values, and asking whether there is one.

use super::{Arity, EvalFunction, Returns};
use crate::value::{Kind, Value, equal};

pub(super) const IF: EvalFunction = EvalFunction {
    name: "if",
    arity: Arity::exactly(3),
    doc: "The second argument if the condition is true, else the third, also if it is null.",
    examples: &[
        ("if(1<2, \"yes\", \"no\")", "yes"),
        ("if(missing=1, \"yes\", \"no\")", "no"),
        ("if(port=21, \"ftp\", port)", "8883"),
    ],
    returns: Returns::Joined { from: 1, step: 1 },
    eval: |arguments| match arguments.truth(0) {
        Some(true) => arguments.value(1),
        _ => arguments.value(2),
    },
};

pub(super) const CASE: EvalFunction = EvalFunction {
    name: "case",
    arity: Arity::pairs(2),
    doc: "The value after the first condition that is true; null if none is.",
    examples: &[
        ("case(port=21, \"ftp\", port=8883, \"mqtt\")", "mqtt"),
        ("case(port=21, \"ftp\", true(), \"other\")", "other"),
        ("case(port=21, \"ftp\")", "null"),
        ("case(missing=1, \"a\", 1=1, \"b\")", "b"),
    ],
    returns: Returns::Joined { from: 1, step: 2 },
    eval: |arguments| {
        let mut conditions = (0..arguments.len()).step_by(2);
        let chosen = conditions.find(|at| arguments.truth(*at) == Some(true))?;
        arguments.value(chosen + 1)
    },
};

pub(super) const VALIDATE: EvalFunction = EvalFunction {
    name: "validate",
    arity: Arity::pairs(2),
    doc: "The value after the first condition that is false; null if all are true.",
    examples: &[
        ("validate(isint(port), \"not whole\", port<1024, \"not well known\")", "not well known"),
        ("validate(port>0, \"not a port\")", "null"),
    ],
    returns: Returns::Joined { from: 1, step: 2 },
    eval: |arguments| {
        let mut conditions = (0..arguments.len()).step_by(2);
        let chosen = conditions.find(|at| arguments.truth(*at) == Some(false))?;
        arguments.value(chosen + 1)
    },
};

pub(super) const COALESCE: EvalFunction = EvalFunction {
    name: "coalesce",
    arity: Arity::at_least(1),
    doc: "The first argument that is not null; an empty text is not null.",
    examples: &[
        ("coalesce(missing, thing, \"x\")", "pump-17"),
        ("coalesce(empty, \"x\")", ""),
        ("coalesce(missing, null())", "null"),
    ],
    returns: Returns::Joined { from: 0, step: 1 },
    eval: |arguments| arguments.values_from(0).flatten().next(),
};

pub(super) const NULLIF: EvalFunction = EvalFunction {
    name: "nullif",
    arity: Arity::exactly(2),
    doc: "Null if both arguments are equal, else the first.",
    examples: &[
        ("nullif(port, 8883)", "null"),
        ("nullif(port, 21)", "8883"),
        ("nullif(port, missing)", "8883"),
    ],
    returns: Returns::Joined { from: 0, step: 2 },
    eval: |arguments| {
        let value = arguments.value(0)?;
        match arguments.value(1) {
            Some(other) if equal(&value, &other) => None,
            _ => Some(value),
        }
    },
};

pub(super) const NULL: EvalFunction = EvalFunction {
    name: "null",
    arity: Arity::exactly(0),
    doc: "No value.",
    examples: &[("null()", "null")],
    returns: Returns::Always(Kind::Null),
    eval: |_| None,
};

pub(super) const TRUE: EvalFunction = EvalFunction {
    name: "true",
    arity: Arity::exactly(0),
    doc: "The condition that always holds.",
    examples: &[("tostring(true())", "True")],
    returns: Returns::Always(Kind::Bool),
    eval: |_| Some(Value::Bool(true)),
};

pub(super) const FALSE: EvalFunction = EvalFunction {
    name: "false",
    arity: Arity::exactly(0),
    doc: "The condition that never holds.",
    examples: &[("tostring(false())", "False")],
    returns: Returns::Always(Kind::Bool),
    eval: |_| Some(Value::Bool(false)),
};

pub(super) const ISNULL: EvalFunction = EvalFunction {
    name: "isnull",
    arity: Arity::exactly(1),
    doc: "Whether the argument has no value.",
    examples: &[
        ("tostring(isnull(missing))", "True"),
        ("tostring(isnull(empty))", "False"),
        ("tostring(isnull(\"missing\"))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| Some(Value::Bool(arguments.value(0).is_none())),
};

pub(super) const ISNOTNULL: EvalFunction = EvalFunction {
    name: "isnotnull",
    arity: Arity::exactly(1),
    doc: "Whether the argument has a value.",
    examples: &[("tostring(isnotnull(port))", "True"), ("tostring(isnotnull(1/0))", "False")],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| Some(Value::Bool(arguments.value(0).is_some())),
};

pub(super) const IN: EvalFunction = EvalFunction {
    name: "in",
    arity: Arity::at_least(2),
    doc: "Whether the first argument equals any of the others.",
    examples: &[
        ("tostring(in(port, 21, 8883))", "True"),
        ("tostring(port IN (\"21\", \"22\"))", "False"),
        ("tostring(ports IN (22))", "True"),
        ("if(missing IN (1), 1, 0)", "0"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0)?;
        let mut is_known = true;
        for other in arguments.values_from(1) {
            match other {
                Some(other) if equal(&value, &other) => return Some(Value::Bool(true)),
                Some(_) => {}
                None => is_known = false,
            }
        }
        is_known.then_some(Value::Bool(false))
    },
};

pub(super) const LIKE: EvalFunction = EvalFunction {
    name: "like",
    arity: Arity::exactly(2),
    doc: "Whether the whole text fits a pattern, with case: % is any run, _ any character, \\ escapes.",
    examples: &[
        ("tostring(like(thing, \"pump-%\"))", "True"),
        ("tostring(thing LIKE \"PUMP-__\")", "False"),
        ("tostring(like(\"50%\", \"50\\%\"))", "True"),
        ("tostring(like(\"a\", \"a_\"))", "False"),
    ],
    returns: Returns::Always(Kind::Bool),
    eval: |arguments| {
        let value = arguments.value(0)?;
        let pattern = arguments.text(1)?;
        Some(Value::Bool(value.any(|text| like(text, &pattern))))
    },
};

/// One part of a pattern of LIKE.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    Run,
    Any,
    Exactly(char),
}

/// Whether all of `text` fits `pattern`. Takes at most text length times pattern length steps.
fn like(text: &str, pattern: &str) -> bool {
    let mut pieces = Vec::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        pieces.push(match c {
            '%' => Piece::Run,
            '_' => Piece::Any,
            '\\' => Piece::Exactly(characters.next().unwrap_or('\\')),
            c => Piece::Exactly(c),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut piece) = (0, 0);
    // Where to go on when the last run has to take one character more.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pieces.get(piece) {
            Some(Piece::Run) => {
                retry = Some((piece, at));
                piece += 1;
            }
            Some(found) if *found == Piece::Any || *found == Piece::Exactly(text[at]) => {
                at += 1;
                piece += 1;
            }
            _ => {
                let Some((run, taken)) = retry else { return false };
                retry = Some((run, taken + 1));
                (piece, at) = (run + 1, taken + 1);
            }
        }
    }
    pieces.iter().skip(piece).all(|rest| *rest == Piece::Run)
}
