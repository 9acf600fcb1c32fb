//! The sentence with which an alarm explains itself.
//!
//! Parts of it come from devices and from profiles: control characters are replaced and every part is
//! shortened, so that the sentence can be shown anywhere.

use picket_core::{MetricValue, Timestamp};
use picket_profile::{Behavior, Criteria, Measured, Operator, Test, amount};

use super::Datapoint;

/// Characters of a sentence.
const SENTENCE_MAX: usize = 500;
/// Characters of what was expected, and of what came.
const EXPECTED_MAX: usize = 130;
const CAME_MAX: usize = 110;
/// Characters of the name of a dimension.
const DIMENSION_MAX: usize = 40;
const KIB: f64 = 1024.0;

/// What was expected, what came, over how many datapoints, and since when.
pub(super) fn sentence(point: &Datapoint<'_>, since: Timestamp) -> String {
    let behavior = point.behavior;
    let metric = clean(behavior.metric.name(), SENTENCE_MAX);
    let topics = topics(behavior);
    let expected = clean(&expected(point), EXPECTED_MAX);
    let came = Some(clean(&came(behavior, &point.measured), CAME_MAX));
    let came =
        came.filter(|it| !it.trim().is_empty()).unwrap_or_else(|| "an empty text".to_owned());
    let run = match behavior.to_alarm {
        1 => String::new(),
        n => format!(" ({n} datapoints in a row)"),
    };
    let text = format!(
        "expected {metric}{topics} to be {expected}, but got {came}{run}; in alarm since {since}"
    );
    clean(&text, SENTENCE_MAX)
}

fn topics(behavior: &Behavior) -> String {
    match &behavior.dimension {
        None => String::new(),
        Some(it) => {
            let name = clean(&it.dimension.name, DIMENSION_MAX);
            format!(" ({} {name})", it.operator.as_str())
        }
    }
}

fn expected(point: &Datapoint<'_>) -> String {
    let unit = unit(point.behavior);
    match &point.behavior.criteria {
        Criteria::Static(Test::Count(operator, limit)) => {
            format!("{} {}", bound(*operator), quantity(*limit as f64, unit))
        }
        Criteria::Static(Test::Number(operator, limit)) => {
            format!("{} {}", bound(*operator), quantity(*limit, unit))
        }
        Criteria::Static(test) => test.to_string(),
        Criteria::Statistical { operator, statistic } => {
            let (bound, statistic) = (bound(*operator), statistic.as_str());
            match point.percentile {
                None => format!("{bound} {statistic} of the profile's devices"),
                Some(it) => format!(
                    "{bound} {statistic} of {}, which is {}",
                    quantity(it.devices as f64, "devices"),
                    quantity(it.threshold, unit)
                ),
            }
        }
    }
}

/// The part of the value that is not as expected.
fn came(behavior: &Behavior, measured: &Measured) -> String {
    let unit = unit(behavior);
    match &behavior.criteria {
        Criteria::Static(test) => match test.shown(measured) {
            MetricValue::Count(count) => quantity(count as f64, unit),
            MetricValue::Number(number) => quantity(number, unit),
            _ => test.offending(measured),
        },
        Criteria::Statistical { .. } => {
            amount(measured).map_or_else(|| "nothing".to_owned(), |it| quantity(it, unit))
        }
    }
}

fn unit(behavior: &Behavior) -> &'static str {
    behavior.metric.built_in().map_or("", |metric| metric.unit())
}

const fn bound(operator: Operator) -> &'static str {
    match operator {
        Operator::LessThan => "less than",
        Operator::LessThanEquals => "at most",
        Operator::GreaterThan => "more than",
        _ => "at least",
    }
}

/// A number with its unit, and large ones once more for reading.
fn quantity(number: f64, unit: &str) -> String {
    let unit = if number == 1.0 { unit.strip_suffix('s').unwrap_or(unit) } else { unit };
    match unit {
        "" => format!("{number}"),
        "bytes" if number >= 10.0 * KIB => format!("{number} bytes ({})", size(number)),
        "seconds" if number >= 120.0 => format!("{number} seconds ({})", time(number)),
        unit => format!("{number} {unit}"),
    }
}

fn size(bytes: f64) -> String {
    const UNITS: &[&str] = &["KiB", "MiB", "GiB", "TiB"];
    let mut scaled = bytes / KIB;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for larger in units {
        if scaled < KIB {
            break;
        }
        (scaled, unit) = (scaled / KIB, larger);
    }
    format!("{scaled:.1} {unit}")
}

fn time(seconds: f64) -> String {
    let (number, unit) = match seconds {
        _ if seconds < 7200.0 => (seconds / 60.0, "min"),
        _ if seconds < 172_800.0 => (seconds / 3600.0, "h"),
        _ => (seconds / 86_400.0, "days"),
    };
    format!("{} {unit}", (number * 10.0).round() / 10.0)
}

/// `text` without control characters and without those that turn the direction of writing, shortened.
fn clean(text: &str, chars_max: usize) -> String {
    let harmless = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => '\u{fffd}',
        c => c,
    };
    let mut chars = text.chars().map(harmless);
    let mut short: String = chars.by_ref().take(chars_max).collect();
    if chars.next().is_some() {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use picket_profile::{Profile, Vocabulary, parse, parse_custom_metric, parse_dimension};
    use proptest::prelude::*;

    use super::super::Percentile;
    use super::*;

    fn profile(metric: &str, criteria: &str, rest: &str) -> Profile {
        let telemetry = r#"{"type":"TOPIC_FILTER","stringValues":["a/+"]}"#;
        let dimensions = [parse_dimension("telemetry", telemetry).unwrap()];
        let custom = [("temp", "number"), ("modules", "string-list")].map(|(name, kind)| {
            parse_custom_metric(name, &format!(r#"{{"metricType":"{kind}"}}"#)).unwrap()
        });
        let vocabulary =
            Vocabulary { custom: &custom, dimensions: &dimensions, ..Vocabulary::default() };
        let body = format!(
            r#"{{"behaviors":[{{"name":"b","metric":"{metric}","criteria":{{{criteria}}}{rest}}}]}}"#
        );
        parse("p", &body, &vocabulary).unwrap()
    }

    fn explain(profile: &Profile, measured: Measured, percentile: Option<Percentile>) -> String {
        let at = Timestamp::from_millis(1_795_000_000_000);
        let behavior = &profile.behaviors[0];
        let trace = (0, 1);
        let point = Datapoint { thing: "cam", profile, behavior, measured, at, trace, percentile };
        sentence(&point, at)
    }

    fn check(profile: &Profile, measured: Measured, expected: &str) {
        let text = explain(profile, measured, None);
        assert_eq!(text, format!("expected {expected}; in alarm since 2026-11-18T11:06:40.000Z"));
    }

    #[test]
    fn a_list_names_what_does_not_belong() {
        let ports = r#""comparisonOperator":"in-port-set","value":{"ports":[22,8883]}"#;
        check(
            &profile("aws:listening-tcp-ports", ports, ""),
            Measured::ports(vec![22, 21]),
            "aws:listening-tcp-ports to be only among 22, 8883, but got 21",
        );
        let modules = r#""comparisonOperator":"not-in-set","value":{"strings":["telnetd"]}"#;
        check(
            &profile("modules", modules, ""),
            Measured::Texts(vec!["net".to_owned(), "telnetd".to_owned()]),
            "modules to be none of telnetd, but got telnetd",
        );
    }

    #[test]
    fn numbers_have_their_unit_and_large_ones_are_readable() {
        let bytes = r#""comparisonOperator":"less-than-equals","value":{"count":5000000},
            "durationSeconds":300,"consecutiveDatapointsToAlarm":3"#;
        check(
            &profile("aws:all-bytes-out", bytes, ""),
            Measured::Count(48_211_093),
            "aws:all-bytes-out to be at most 5000000 bytes (4.8 MiB), but got 48211093 bytes \
             (46.0 MiB) (3 datapoints in a row)",
        );
        let sent =
            r#""comparisonOperator":"greater-than","value":{"count":1},"durationSeconds":300"#;
        let dimension = r#","metricDimension":{"dimensionName":"telemetry","operator":"NOT_IN"}"#;
        check(
            &profile("aws:num-messages-sent", sent, dimension),
            Measured::Count(0),
            "aws:num-messages-sent (NOT_IN telemetry) to be more than 1 message, but got 0 messages",
        );
        let offline = r#""comparisonOperator":"less-than","value":{"count":7200}"#;
        check(
            &profile("aws:disconnect-duration", offline, ""),
            Measured::Count(10_000),
            "aws:disconnect-duration to be less than 7200 seconds (2 h), but got 10000 seconds \
             (2.8 h)",
        );
        let warm = r#""comparisonOperator":"less-than","value":{"number":70.5}"#;
        check(
            &profile("temp", warm, ""),
            Measured::Number(71.25),
            "temp to be less than 70.5, but got 71.25",
        );
    }

    #[test]
    fn a_percentile_is_named_with_its_threshold_and_the_number_of_devices() {
        let criteria = r#""comparisonOperator":"less-than-equals","durationSeconds":300,
            "statisticalThreshold":{"statistic":"p90"}"#;
        let profile = profile("aws:num-messages-sent", criteria, "");
        let percentile = Some(Percentile { threshold: 40.0, devices: 120 });
        let text = explain(&profile, Measured::Count(913), percentile);
        let expected = "expected aws:num-messages-sent to be at most p90 of 120 devices, which is \
                        40 messages, but got 913 messages; in alarm since 2026-11-18T11:06:40.000Z";
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn no_device_can_make_a_sentence_long_or_write_control_characters(
            texts in proptest::collection::vec(any::<String>(), 1..40),
            long in any::<char>(),
        ) {
            let modules = r#""comparisonOperator":"in-set","value":{"strings":["net"]},
                "consecutiveDatapointsToAlarm":10"#;
            let profile = profile("modules", modules, "");
            let long: String = std::iter::repeat_n(long, 5000).collect();
            for texts in [texts, vec![long]] {
                let text = explain(&profile, Measured::Texts(texts), None);
                prop_assert!(text.chars().count() <= 500, "{}", text);
                prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
                prop_assert!(text.ends_with("in alarm since 2026-11-18T11:06:40.000Z"), "{}", text);
            }
        }
    }
}
