//! A behaviour that what was seen complies with, before it is tried.

use picket_core::MetricValue;
use picket_ports::metric_history::Series;
use picket_profile::{Operator, Period, metrics};
use serde_json::{Value, json};

use super::blocks::blocks_of;
use super::seen::Seen;

/// Blocks of an address set at most.
const BLOCKS_MAX: usize = 20;
/// Datapoints without which nothing is said.
const DATAPOINTS_MIN: u64 = 12;

/// A behaviour in the making.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) series: Series,
    pub(super) devices: u64,
    pub(super) datapoints: u64,
    pub(super) because: String,
    pub(super) operator: Operator,
    pub(super) threshold: MetricValue,
    /// Violating datapoints in a row that raise the alarm.
    pub(super) to_alarm: u8,
    /// For a threshold that some values are above: the one that none is above, and why.
    pub(super) safe: Option<(MetricValue, String)>,
}

impl Proposal {
    /// What can be proposed for a series; `None` where too little was seen, or things too different.
    pub(super) fn of(series: Series, seen: &Seen) -> Option<Self> {
        if seen.datapoints < DATAPOINTS_MIN {
            return None;
        }
        let (operator, threshold, because, safe) =
            set(seen).or_else(|| amount(&series.metric, seen))?;
        let Seen { devices, datapoints, .. } = *seen;
        Some(Self { series, devices, datapoints, because, operator, threshold, to_alarm: 1, safe })
    }

    /// The behaviour in AWS's shape.
    pub(super) fn behavior(&self, name: &str, to_alarm: u8) -> Value {
        let mut criteria = json!({
            "comparisonOperator": self.operator.as_str(),
            "value": self.threshold,
            "consecutiveDatapointsToAlarm": to_alarm,
            "consecutiveDatapointsToClear": 1,
        });
        let metric = &self.series.metric;
        let built_in = metrics::index_of(metric).and_then(|index| metrics::ALL.get(index));
        if built_in.is_some_and(|metric| metric.period() == Period::Required) {
            criteria["durationSeconds"] = json!(300);
        }
        let mut behavior = json!({ "name": name, "metric": metric, "criteria": criteria });
        if let Some((dimension, operator)) = &self.series.dimension {
            behavior["metricDimension"] =
                json!({ "dimensionName": dimension, "operator": operator });
        }
        behavior
    }

    /// Decides on the threshold: the usual one if it raises no alarm with `run` datapoints in a row, else
    /// the one that nothing is above.
    pub(super) fn settle(&mut self, run: Option<u8>) {
        match (run, self.safe.take()) {
            (Some(run), _) => {
                self.to_alarm = run;
                if run > 1 {
                    let text = format!("; no device was above it {run} times in a row");
                    self.because.push_str(&text);
                }
            }
            (None, Some((threshold, because))) => {
                self.threshold = threshold;
                self.because = because;
            }
            (None, None) => {}
        }
    }

    /// Elements of its threshold, of which a profile may have so many.
    pub(super) const fn elements(&self) -> usize {
        match &self.threshold {
            MetricValue::Count(_) | MetricValue::Number(_) => 0,
            MetricValue::Cidrs(items) | MetricValue::Strings(items) => items.len(),
            MetricValue::Ports(ports) => ports.len(),
            MetricValue::Numbers(numbers) => numbers.len(),
        }
    }

    /// A name for it: that of the metric.
    pub(super) fn name(&self) -> String {
        let metric = self.series.metric.trim_start_matches("aws:").replace(':', "-");
        let name = match &self.series.dimension {
            Some((dimension, operator)) => format!("{metric}-{operator}-{dimension}"),
            None => metric,
        };
        name.chars().take(120).collect()
    }
}

type Found = (Operator, MetricValue, String, Option<(MetricValue, String)>);

/// `1 port`, `2 ports`.
fn counted(count: u64, kind: &str) -> String {
    match (count, kind) {
        (1, kind) => format!("1 {kind}"),
        (count, "address") => format!("{count} addresses"),
        (count, kind) => format!("{count} {kind}s"),
    }
}

fn of(seen: &Seen) -> String {
    format!("{} of {}", counted(seen.datapoints, "datapoint"), counted(seen.devices, "device"))
}

/// In-set of everything that was seen.
fn set(seen: &Seen) -> Option<Found> {
    let all = |kind: &str, count: usize| {
        let were = if count == 1 { "was" } else { "were" };
        format!("{} {were} seen in {}, no others", counted(count as u64, kind), of(seen))
    };
    if let Some(ports) = seen.ports.elements() {
        let because = all("port", ports.len());
        let ports = MetricValue::Ports(ports.iter().copied().collect());
        return Some((Operator::InPortSet, ports, because, None));
    }
    if let Some(texts) = seen.texts.elements() {
        let because = all("text", texts.len());
        let texts = MetricValue::Strings(texts.iter().cloned().collect());
        return Some((Operator::InSet, texts, because, None));
    }
    if let Some(numbers) = seen.numbers.elements() {
        let because = all("number", numbers.len());
        let mut numbers: Vec<f64> = numbers.iter().map(|bits| f64::from_bits(*bits)).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        return Some((Operator::InSet, MetricValue::Numbers(numbers), because, None));
    }
    if seen.addresses.is_empty() || seen.too_many_addresses {
        return None;
    }
    let mut addresses: Vec<_> = seen.addresses.iter().copied().collect();
    addresses.sort_unstable();
    let blocks = blocks_of(&addresses, BLOCKS_MAX)?;
    let because = format!("{}; these blocks hold them", all("address", addresses.len()));
    let blocks = MetricValue::Cidrs(blocks.iter().map(ToString::to_string).collect());
    Some((Operator::InCidrSet, blocks, because, None))
}

/// At most what nearly all devices had, and some more.
fn amount(metric: &str, seen: &Seen) -> Option<Found> {
    let amounts = &seen.amounts;
    if amounts.count() == 0 {
        return None;
    }
    let is_custom = metrics::index_of(metric).is_none();
    let value = |threshold: f64| match is_custom {
        true => MetricValue::Number(threshold),
        false => MetricValue::Count(threshold.max(0.0) as u64),
    };
    // A percentile says something when at least ten values lie above it.
    let (permille, name) = match amounts.count() {
        10_000.. => (999, "99.9 %"),
        1000.. => (990, "99 %"),
        _ => (1000, "all"),
    };
    let (all, max) = (of(seen), amounts.max);
    let above = |amount: f64, factor: f64, least: f64| match is_custom {
        true if amount > 0.0 => two_digits(amount * factor),
        true => amount,
        false => two_digits((amount * factor).max(amount + least)).ceil(),
    };
    let safe = above(max, 1.1, 1.0);
    let above_all =
        format!("all of {all} were at most {max}; the threshold is somewhat above that");
    if amounts.negative || permille == 1000 {
        return Some((Operator::LessThanEquals, value(safe), above_all, None));
    }
    let usual = amounts.at_most(permille);
    let threshold = above(usual, 1.25, 2.0);
    let because = format!(
        "{name} of {all} were at most {usual}, the largest was {max}; the threshold is 25 % above the \
         {name}"
    );
    let safe = (threshold < max).then(|| (value(safe), above_all));
    Some((Operator::LessThanEquals, value(threshold), because, safe))
}

/// Up to the next number that has two digits beside zeros. Numbers above zero only.
fn two_digits(number: f64) -> f64 {
    let power = number.log10().floor() - 1.0;
    if power > 0.0 {
        let scale = 10_f64.powf(power);
        (number / scale).ceil() * scale
    } else {
        let scale = 10_f64.powf(-power);
        (number * scale).ceil() / scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_have_two_digits_and_are_never_below() {
        for (number, expected) in [
            (1.0, 1.0),
            (1.23, 1.3),
            (0.0561, 0.057),
            (99.5, 100.0),
            (101.0, 110.0),
            (1250.0, 1300.0),
        ] {
            assert_eq!(two_digits(number), expected, "{number}");
        }
        for number in (1..100_000).map(|n| f64::from(n) * 3.7) {
            assert!(two_digits(number) >= number, "{number}");
        }
    }
}
