//! The criteria of a behaviour: operator, threshold, time and counts (spec device-defender §3.1, §3.2).

use serde_json::{Map, Value, json};

use super::behavior::Criteria;
use super::reader::{Reader, join, unknown};
use super::threshold::{plain, threshold};
use crate::evaluate::Operator;
use crate::metrics::{Kind, Period};
use crate::statistic::Statistic;

const MEMBERS: &[&str] = &[
    "comparisonOperator",
    "value",
    "durationSeconds",
    "consecutiveDatapointsToAlarm",
    "consecutiveDatapointsToClear",
    "statisticalThreshold",
    "mlDetectionConfig",
];
/// What `durationSeconds` may be.
pub const DURATIONS: &[u64] = &[300, 600, 900, 1800, 3600];

/// What the metric of a behaviour allows.
pub(super) struct Allowed<'a> {
    pub(super) metric: &'a str,
    pub(super) kind: Kind,
    pub(super) period: Period,
    pub(super) statistical: bool,
    pub(super) operator: &'a dyn Fn(Operator) -> bool,
    pub(super) elements_max: usize,
}

/// The criteria as they were read.
pub(super) struct Read {
    pub(super) criteria: Criteria,
    pub(super) windows: u16,
    pub(super) to_alarm: u8,
    pub(super) to_clear: u8,
    /// As AWS shows them.
    pub(super) shown: Map<String, Value>,
}

pub(super) fn read(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    allowed: &Allowed<'_>,
) -> Option<Read> {
    let members = reader.object(path, value, MEMBERS)?;
    if members.contains_key("mlDetectionConfig") {
        let problem = "ML Detect is not supported yet; use a static threshold (`value`) or a percentile \
             (`statisticalThreshold`)";
        reader.problem(&join(path, "mlDetectionConfig"), problem);
        return None;
    }
    let to_alarm = consecutive(reader, path, members, "consecutiveDatapointsToAlarm");
    let to_clear = consecutive(reader, path, members, "consecutiveDatapointsToClear");
    let is_statistical = members.contains_key("statisticalThreshold");
    // A percentile is always over a period, also of what has none otherwise.
    let period =
        if is_statistical && allowed.statistical { Period::Required } else { allowed.period };
    let (seconds, windows) = windows(reader, path, members, (allowed.metric, period));
    let operator = operator(reader, path, members, allowed);
    let mut shown = Map::new();
    let criteria = match (members.get("value"), members.get("statisticalThreshold")) {
        (None, None) => {
            reader.problem(&join(path, "value"), "is missing");
            None
        }
        (Some(_), Some(_)) => {
            let problem = "does not go with `value`; give one of the two";
            reader.problem(&join(path, "statisticalThreshold"), problem);
            None
        }
        (Some(value), None) => {
            shown.insert("value".to_owned(), plain(value));
            let test = threshold(reader, &join(path, "value"), value, (operator?, allowed));
            test.map(Criteria::Static)
        }
        (None, Some(value)) => {
            let statistic = statistic(reader, &join(path, "statisticalThreshold"), value, allowed)?;
            let shown_as = json!({ "statistic": statistic.as_str() });
            shown.insert("statisticalThreshold".to_owned(), shown_as);
            Some(Criteria::Statistical { operator: operator?, statistic })
        }
    }?;
    shown.insert("comparisonOperator".to_owned(), operator?.as_str().into());
    shown.insert("consecutiveDatapointsToAlarm".to_owned(), to_alarm.into());
    shown.insert("consecutiveDatapointsToClear".to_owned(), to_clear.into());
    if let Some(seconds) = seconds {
        shown.insert("durationSeconds".to_owned(), seconds.into());
    }
    Some(Read { criteria, windows, to_alarm, to_clear, shown })
}

fn statistic(
    reader: &mut Reader,
    path: &str,
    value: &Value,
    allowed: &Allowed<'_>,
) -> Option<Statistic> {
    let members = reader.object(path, value, &["statistic"])?;
    if !allowed.statistical {
        reader.problem(path, format!("does not go with metric {}", allowed.metric));
        return None;
    }
    let text = reader.required_text(path, members, "statistic")?;
    let statistic = Statistic::parse(text);
    if statistic.is_none() {
        let known: Vec<_> = Statistic::ALL.iter().map(|it| it.as_str()).collect();
        let shown: String = text.chars().take(64).collect();
        let problem = format!("`{shown}` is not one of {}", known.join(", "));
        reader.problem(&join(path, "statistic"), problem);
    }
    statistic
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
    (metric, period): (&str, Period),
) -> (Option<u64>, u16) {
    let at = join(path, "durationSeconds");
    let seconds = reader.whole(path, members, "durationSeconds");
    match (seconds, period) {
        (Some(_), Period::Forbidden) => {
            reader.problem(&at, format!("does not go with metric {metric}"));
        }
        (None, Period::Required) if !members.contains_key("durationSeconds") => {
            reader.problem(&at, "is missing; it may be 300, 600, 900, 1800 or 3600");
        }
        (Some(seconds), _) if !DURATIONS.contains(&seconds) => {
            reader.problem(&at, format!("{seconds} is not one of 300, 600, 900, 1800 and 3600"));
        }
        _ => {}
    }
    let windows = seconds.and_then(|it| u16::try_from(it / 300).ok()).unwrap_or(1).max(1);
    (seconds, windows)
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
