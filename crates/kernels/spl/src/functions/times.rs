//! Points in time, as seconds since 1970.

use super::{Arity, EvalFunction, Returns};
use crate::time::{parse_spec, strftime, strptime};
use crate::value::{Kind, Value, number};
use picket_core::Timestamp;

/// Computed instants are printed with six decimals.
fn instant<'a>(seconds: f64) -> Value<'a> {
    Value::text_of(format!("{seconds:.6}"))
}

pub(super) const NOW: EvalFunction = EvalFunction {
    name: "now",
    arity: Arity::exactly(0),
    doc: "The time at which the search started or was scheduled.",
    examples: &[("now()", "1704826000")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(Value::Number(arguments.cx().now.as_seconds_f64().floor())),
};

pub(super) const TIME: EvalFunction = EvalFunction {
    name: "time",
    arity: Arity::exactly(0),
    doc: "The time at which the search started, with its fraction.",
    examples: &[("time()", "1704826000.25")],
    returns: Returns::Always(Kind::Number),
    eval: |arguments| Some(Value::Number(arguments.cx().now.as_seconds_f64())),
};

pub(super) const RELATIVE_TIME: EvalFunction = EvalFunction {
    name: "relative_time",
    arity: Arity::exactly(2),
    doc: "A time moved and snapped as by a relative time such as -1d@d.",
    examples: &[
        ("relative_time(1704826000, \"-1d@d\")", "1704672000.000000"),
        ("relative_time(_time, \"@h\")", "1704823200.000000"),
        ("relative_time(missing, \"-1d\")", "null"),
        ("relative_time(1704826000, thing)", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let seconds = arguments.number(0)?;
        let spec = parse_spec(&arguments.text(1)?).ok()?;
        let millis = number::whole((seconds * 1000.0).round())?;
        let at = spec.resolve_in(Timestamp::from_millis(millis), &arguments.cx().zone);
        Some(instant(at.as_seconds_f64()))
    },
};

pub(super) const STRFTIME: EvalFunction = EvalFunction {
    name: "strftime",
    arity: Arity::exactly(2),
    doc: "A time printed by a format such as %Y-%m-%d %H:%M:%S.",
    examples: &[
        ("strftime(1704826000, \"%Y-%m-%dT%H:%M:%S\")", "2024-01-09T18:46:40"),
        ("strftime(_time, \"%H:%M:%S.%3N\")", "18:46:40.000"),
        ("strftime(thing, \"%Y\")", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let text = strftime(arguments.number(0)?, &arguments.text(1)?, &arguments.cx().zone)?;
        Some(Value::text_of(text))
    },
};

pub(super) const STRPTIME: EvalFunction = EvalFunction {
    name: "strptime",
    arity: Arity::exactly(2),
    doc: "The time that a text names by a format; null if it does not fit.",
    examples: &[
        ("strptime(\"2024-01-09 18:46:40\", \"%Y-%m-%d %H:%M:%S\")", "1704826000.000000"),
        ("strptime(\"2024-01-09\", \"%Y-%m-%d\")", "1704758400.000000"),
        ("strptime(\"yesterday\", \"%Y-%m-%d\")", "null"),
    ],
    returns: Returns::Always(Kind::Text),
    eval: |arguments| {
        let cx = arguments.cx();
        strptime(&arguments.text(0)?, &arguments.text(1)?, &cx.zone, cx.now).map(instant)
    },
};
