//! The criteria of a behaviour: operator, threshold, time and counts (spec device-defender §3.1, §3.2).

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::reader::{Reader, join, kind, unknown, whole};
use crate::evaluate::{Operator, Test};
use crate::metrics::{Kind, Period};

const MEMBERS: &[&str] = &[
    "comparisonOperator",
    "value",
    "durationSeconds",
    "consecutiveDatapointsToAlarm",
    "consecutiveDatapointsToClear",
    "statisticalThreshold",
    "mlDetectionConfig",
];
const VALUE_MEMBERS: &[&str] = &["count", "cidrs", "ports", "number", "numbers", "strings"];
const DURATIONS: &[u64] = &[300, 600, 900, 1800, 3600];
/// Elements of one threshold; AWS allows as many in a whole profile.
const ELEMENTS_MAX: usize = 1000;

/// What the metric of a behaviour allows.
pub(super) struct Allowed<'a> {
    pub(super) metric: &'a str,
    pub(super) kind: Kind,
    pub(super) period: Period,
    pub(super) operator: &'a dyn Fn(Operator) -> bool,
}

pub(super) struct Criteria {
    pub(super) test: Test,
    pub(super) windows: u16,
    pub(super) to_alarm: u8,
    pub(super) to_clear: u8,
}

pub(super) fn read(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    allowed: &Allowed<'_>,
) -> Option<Criteria> {
    let members = reader.object(path, value, MEMBERS)?;
    for (name, what) in
        [("statisticalThreshold", "a statistical threshold"), ("mlDetectionConfig", "ML Detect")]
    {
        if members.contains_key(name) {
            let problem = format!("{what} is not supported yet; use a static threshold (`value`)");
            reader.problem(&join(path, name), problem);
            return None;
        }
    }
    let to_alarm = consecutive(reader, path, members, "consecutiveDatapointsToAlarm");
    let to_clear = consecutive(reader, path, members, "consecutiveDatapointsToClear");
    let windows = windows(reader, path, members, allowed);
    let operator = operator(reader, path, members, allowed);
    let Some(value) = members.get("value") else {
        reader.problem(&join(path, "value"), "is missing");
        return None;
    };
    let test = threshold(reader, &join(path, "value"), value, (operator?, allowed))?;
    Some(Criteria { test, windows, to_alarm, to_clear })
}

fn consecutive(reader: &mut Reader, path: &str, members: &Map<String, Value>, name: &str) -> u8 {
    let number = reader.whole(path, members, name).unwrap_or(1);
    match u8::try_from(number) {
        Ok(number @ 1..=10) => number,
        _ => {
            reader.problem(&join(path, name), format!("{number} should be in range[1,10]"));
            1
        }
    }
}

fn windows(
    reader: &mut Reader,
    path: &str,
    members: &Map<String, Value>,
    allowed: &Allowed<'_>,
) -> u16 {
    let at = join(path, "durationSeconds");
    let seconds = reader.whole(path, members, "durationSeconds");
    match (seconds, allowed.period) {
        (Some(_), Period::Forbidden) => {
            reader.problem(&at, format!("does not go with metric {}", allowed.metric));
        }
        (None, Period::Required) if !members.contains_key("durationSeconds") => {
            reader.problem(&at, "is missing; it may be 300, 600, 900, 1800 or 3600");
        }
        (Some(seconds), _) if !DURATIONS.contains(&seconds) => {
            reader.problem(&at, format!("{seconds} is not one of 300, 600, 900, 1800 and 3600"));
        }
        _ => {}
    }
    seconds.and_then(|seconds| u16::try_from(seconds / 300).ok()).unwrap_or(1).max(1)
}

fn operator(
    reader: &mut Reader,
    path: &str,
    members: &Map<String, Value>,
    allowed: &Allowed<'_>,
) -> Option<Operator> {
    let at = join(path, "comparisonOperator");
    let text = reader.required_text(path, members, "comparisonOperator")?;
    let Some(operator) = Operator::parse(text) else {
        let known = Operator::ALL.iter().map(|operator| operator.as_str());
        reader.problem(&at, unknown("operator", known, text));
        return None;
    };
    if !(allowed.operator)(operator) {
        let fitting: Vec<_> = Operator::ALL
            .iter()
            .filter(|it| (allowed.operator)(**it))
            .map(|it| it.as_str())
            .collect();
        let metric = allowed.metric;
        let problem =
            format!("`{text}` does not fit metric {metric}; it takes {}", fitting.join(", "));
        reader.problem(&at, problem);
        return None;
    }
    Some(operator)
}

fn threshold(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    (operator, allowed): (Operator, &Allowed<'_>),
) -> Option<Test> {
    let members = reader.object(path, value, VALUE_MEMBERS)?;
    let mut given = members.iter();
    let (Some((name, value)), None) = (given.next(), given.next()) else {
        reader.problem(path, format!("must have exactly one member, not {}", members.len()));
        return None;
    };
    let at = join(path, name);
    match (name.as_str(), allowed.kind) {
        ("count", Kind::Count) => {
            let count = required(reader, &at, whole(value), "must be a whole number of at least 0");
            count.map(|it| Test::Count(operator, it))
        }
        // AWS's own samples write a custom number's threshold either way.
        ("number" | "count", Kind::Number) => {
            let number = required(reader, &at, number(value), "must be a number");
            number.map(|it| Test::Number(operator, it))
        }
        ("cidrs", Kind::Cidrs) => elements(reader, &at, value, block, "is no IP address or block")
            .map(|it| Test::Blocks(operator, it)),
        ("ports", Kind::Ports) => {
            let mut ports = elements(reader, &at, value, port, "is no port from 0 to 65535")?;
            ports.sort_unstable();
            Some(Test::Ports(operator, ports))
        }
        ("numbers", Kind::Numbers) => elements(reader, &at, value, number, "is no number")
            .map(|it| Test::Numbers(operator, it)),
        ("strings", Kind::Strings) => {
            let text = |it: &Value| it.as_str().map(str::to_owned);
            elements(reader, &at, value, text, "is no text").map(|it| Test::Texts(operator, it))
        }
        _ => {
            let wanted = match allowed.kind {
                Kind::Count => "count",
                Kind::Cidrs => "cidrs",
                Kind::Ports => "ports",
                Kind::Number => "number",
                Kind::Numbers => "numbers",
                Kind::Strings => "strings",
            };
            let problem = format!("metric {} takes `{wanted}`, not `{name}`", allowed.metric);
            reader.problem(path, problem);
            None
        }
    }
}

fn required<T>(reader: &mut Reader, path: &str, value: Option<T>, problem: &str) -> Option<T> {
    if value.is_none() {
        reader.problem(path, problem);
    }
    value
}

fn elements<T>(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    read: impl Fn(&Value) -> Option<T>,
    problem: &str,
) -> Option<Vec<T>> {
    let Some(items) = value.as_array() else {
        reader.problem(path, format!("must be a list, not {}", kind(value)));
        return None;
    };
    if items.len() > ELEMENTS_MAX {
        reader.problem(path, format!("has {} elements; at most 1000 are allowed", items.len()));
        return None;
    }
    let mut read_items = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match read(item) {
            Some(item) => read_items.push(item),
            None => {
                let shown: String = item.to_string().chars().take(64).collect();
                reader.problem(&format!("{path}[{index}]"), format!("{shown} {problem}"));
            }
        }
    }
    (read_items.len() == items.len()).then_some(read_items)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|it: &f64| it.is_finite()),
        _ => None,
    }
}

fn port(value: &Value) -> Option<u16> {
    whole(value).and_then(|number| u16::try_from(number).ok())
}

/// A block, or an address, which is the block of itself.
fn block(value: &Value) -> Option<IpNet> {
    let text = value.as_str()?;
    text.parse().ok().or_else(|| text.parse().ok().map(|ip: std::net::IpAddr| IpNet::from(ip)))
}
