//! Values of a multivalue: counting, taking, joining.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Arity, EvalFunction, Returns};
use crate::eval::{Arguments, position};
use crate::value::{Kind, Value};

/// Most values that a function makes.
pub(super) const VALUES_MAX: usize = 100_000;

/// The values of the argument at `index`.
pub(super) fn items<'a>(arguments: &Arguments<'a>, index: usize) -> Option<Vec<Cow<'a, str>>> {
    arguments.value(index).map(Value::into_items)
}

pub(super) const MVCOUNT: EvalFunction = EvalFunction {
    name: "mvcount",
    arity: Arity::exactly(1),
    doc: "How many values there are; null if none.",
    examples: &[("mvcount(ports)", "2"), ("mvcount(port)", "1"), ("mvcount(missing)", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(position(items(arguments, 0)?.len())),
};

pub(super) const MVINDEX: EvalFunction = EvalFunction {
    name: "mvindex",
    arity: Arity::between(2, 3),
    doc: "The value at a place counted from 0, or from the end if negative; or those from one to another.",
    examples: &[
        ("mvindex(ports, 0)", "21"),
        ("mvindex(ports, -1)", "22"),
        ("mvindex(ports, 2)", "null"),
        ("mvindex(split(\"a,b,c\", \",\"), 1, 2)", "b|c"),
        ("mvindex(split(\"a,b,c\", \",\"), -2, -1)", "b|c"),
        ("mvindex(split(\"a,b,c\", \",\"), 1, 9)", "null"),
        ("mvindex(port, 0)", "8883"),
    ],
    returns: Returns::Counted(|count| if count == 2 { Kind::Text } else { Kind::Multi }),
    eval: |arguments| {
        let mut items = items(arguments, 0)?;
        let length = i64::try_from(items.len()).ok()?;
        let place = |index: usize| {
            let at = arguments.whole(index)?;
            usize::try_from(if at < 0 { length.checked_add(at)? } else { at }).ok()
        };
        let start = place(1)?;
        let end = if arguments.len() == 2 { start } else { place(2)? };
        if start > end || end >= items.len() {
            return None;
        }
        items.truncate(end + 1);
        Value::from_items(items.split_off(start))
    },
};

pub(super) const MVAPPEND: EvalFunction = EvalFunction {
    name: "mvappend",
    arity: Arity::at_least(1),
    doc: "All values of all arguments.",
    examples: &[
        ("mvappend(ports, \"80\", missing)", "21|22|80"),
        ("mvappend(missing, port)", "8883"),
        ("mvappend(missing, null())", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let values = arguments.values_from(0).flatten();
        Value::from_items(values.flat_map(Value::into_items).take(VALUES_MAX).collect())
    },
};

pub(super) const MVDEDUP: EvalFunction = EvalFunction {
    name: "mvdedup",
    arity: Arity::exactly(1),
    doc: "The values without repetitions, in the order they come first.",
    examples: &[("mvdedup(split(\"b,a,b,A\", \",\"))", "b|a|A"), ("mvdedup(missing)", "null")],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let mut items = items(arguments, 0)?;
        let mut seen = HashSet::new();
        items.retain(|item| seen.insert(item.clone()));
        Value::from_items(items)
    },
};

pub(super) const MVSORT: EvalFunction = EvalFunction {
    name: "mvsort",
    arity: Arity::exactly(1),
    doc: "The values in text order.",
    examples: &[("mvsort(split(\"b,10,9,a\", \",\"))", "10|9|a|b")],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let mut items = items(arguments, 0)?;
        items.sort();
        Value::from_items(items)
    },
};

pub(super) const MVREVERSE: EvalFunction = EvalFunction {
    name: "mvreverse",
    arity: Arity::exactly(1),
    doc: "The values from last to first.",
    examples: &[("mvreverse(ports)", "22|21")],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let mut items = items(arguments, 0)?;
        items.reverse();
        Value::from_items(items)
    },
};

pub(super) const MVJOIN: EvalFunction = EvalFunction {
    name: "mvjoin",
    arity: Arity::exactly(2),
    doc: "The values as one text with a delimiter between.",
    examples: &[("mvjoin(ports, \", \")", "21, 22"), ("mvjoin(port, \",\")", "8883")],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| Some(Value::text_of(items(arguments, 0)?.join(&*arguments.text(1)?))),
};

pub(super) const MVZIP: EvalFunction = EvalFunction {
    name: "mvzip",
    arity: Arity::between(2, 3),
    doc: "The values of two fields in pairs, with a delimiter between, as many as the shorter has.",
    examples: &[
        ("mvzip(ports, split(\"ftp,ssh,x\", \",\"))", "21,ftp|22,ssh"),
        ("mvzip(ports, ports, \":\")", "21:21|22:22"),
        ("mvzip(ports, missing)", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let (left, right) = (items(arguments, 0)?, items(arguments, 1)?);
        let delimiter = match arguments.len() {
            2 => Cow::Borrowed(","),
            _ => arguments.text(2)?,
        };
        let pairs = left.iter().zip(&right);
        Value::from_items(pairs.map(|(a, b)| format!("{a}{delimiter}{b}").into()).collect())
    },
};

pub(super) const MVFIND: EvalFunction = EvalFunction {
    name: "mvfind",
    arity: Arity::exactly(2),
    doc: "The place, from 0, of the first value that a regular expression matches.",
    examples: &[("mvfind(ports, \"^22$\")", "1"), ("mvfind(ports, \"^80$\")", "null")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| {
        let pattern = arguments.pattern(1)?;
        items(arguments, 0)?.iter().position(|item| pattern.is_match(item)).map(position)
    },
};

pub(super) const MVFILTER: EvalFunction = EvalFunction {
    name: "mvfilter",
    arity: Arity::exactly(1),
    doc: "The values of a field for which a condition on that field is true.",
    examples: &[
        ("mvfilter(ports > 21)", "22"),
        ("mvfilter(match(ports, \"^2\"))", "21|22"),
        ("mvfilter(ports = 80)", "null"),
        ("mvfilter(missing = 80)", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let column = arguments.column(0)?;
        let mut items = arguments.cell(column);
        items.retain(|item| {
            arguments.value_with(0, column, item).and_then(|kept| kept.truth()) == Some(true)
        });
        Value::from_items(items)
    },
};

pub(super) const MVMAP: EvalFunction = EvalFunction {
    name: "mvmap",
    arity: Arity::exactly(2),
    doc: "What an expression gives for each value of a field; no value where it gives null.",
    examples: &[
        ("mvmap(ports, ports + 1)", "22|23"),
        ("mvmap(ports, \"tcp/\" . ports)", "tcp/21|tcp/22"),
        ("mvmap(ports, if(ports=21, null(), ports))", "22"),
        ("mvmap(missing, missing . \"x\")", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let column = arguments.column(0)?;
        let mapped = arguments.cell(column).into_iter().flat_map(|item| {
            let value = arguments.value_with(1, column, &item);
            value.map(Value::into_items).unwrap_or_default()
        });
        Value::from_items(mapped.take(VALUES_MAX).collect())
    },
};

pub(super) const MVRANGE: EvalFunction = EvalFunction {
    name: "mvrange",
    arity: Arity::between(2, 3),
    doc: "Numbers from one to below another, by steps of 1, a number or a span of time.",
    examples: &[
        ("mvrange(1, 4)", "1|2|3"),
        ("mvrange(10, 0, -5)", "10|5"),
        ("mvrange(0, 172800, \"1d\")", "0|86400"),
        ("mvrange(1, 1)", "null"),
        ("mvrange(1, 5, 0)", "null"),
    ],
    returns: Returns::Always(Kind::Multi),
    eval: |arguments| {
        let (start, end) = (arguments.number(0)?, arguments.number(1)?);
        let step = match arguments.value(2) {
            None if arguments.len() == 2 => 1.0,
            None => return None,
            Some(step) => match step.number() {
                Some(step) => step,
                None => crate::time::Span::parse(&step.text()).ok()?.seconds(),
            },
        };
        if step == 0.0 {
            return None;
        }
        let numbers = (0..VALUES_MAX).map(|index| start + step * f64::from(index as u32));
        let inside = numbers.take_while(|n| if step > 0.0 { *n < end } else { *n > end });
        Value::from_items(inside.map(|n| Value::Number(n).into_text()).collect())
    },
};
