//! Which documents are profiles, and what is said about those that are not.

use super::*;
use crate::dimension::{Dimension, DimensionOperator};
use crate::metrics::Kind;

const ROLE: &str = "arn:aws:iam::000000000000:role/x";

fn custom() -> Vec<CustomMetric> {
    vec![CustomMetric { name: "batteryPct".to_owned(), kind: Kind::Number }]
}

fn behavior(metric: &str, criteria: &str) -> String {
    format!(r#"{{"behaviors":[{{"name":"b","metric":"{metric}","criteria":{criteria}}}]}}"#)
}

fn dimensions() -> Vec<Dimension> {
    vec![Dimension { name: "auth".to_owned(), filters: vec!["auth/+".to_owned()] }]
}

fn read(name: &str, body: &str) -> Result<Profile, Vec<Problem>> {
    let (custom, dimensions) = (custom(), dimensions());
    let some = Vocabulary { custom: &custom, dimensions: &dimensions, ..Vocabulary::default() };
    parse(name, body, &some)
}

fn check_problem(body: &str, expected: &str) {
    let problems = read("p", body).unwrap_err();
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [expected], "{body}");
}

#[test]
fn the_documented_profile_is_read() {
    let body = format!(
        r#"{{"securityProfileDescription":"d","behaviors":[
        {{"name":"SentRate","metric":"aws:num-messages-sent","criteria":{{"comparisonOperator":
          "less-than-equals","value":{{"count":400}},"durationSeconds":600,
          "consecutiveDatapointsToAlarm":2,"consecutiveDatapointsToClear":3}},"exportMetric":true}},
        {{"name":"OnlyOurPorts","metric":"aws:listening-tcp-ports","suppressAlerts":true,
          "criteria":{{"comparisonOperator":"in-port-set","value":{{"ports":[8883,22]}}}}}}],
        "alertTargets":{{"SNS":{{"alertTargetArn":"arn:aws:sns:x:y:z","roleArn":"{ROLE}"}}}},
        "additionalMetricsToRetain":["aws:all-packets-in"],
        "additionalMetricsToRetainV2":[{{"metric":"aws:all-bytes-in","exportMetric":true}},
          {{"metric":"batteryPct"}}],
        "metricsExportConfig":{{"mqttTopic":"dd/export","roleArn":"{ROLE}"}},
        "tags":[],"targets":["arn:aws:iot:us-east-1:000000000000:thinggroup/fleet",
          "arn:aws:iot:eu-west-1:1:all/unregistered-things"]}}"#
    );
    let profile = read("cams", &body).unwrap();
    let first = &profile.behaviors[0];
    assert_eq!((first.windows, first.to_alarm, first.to_clear), (2, 2, 3));
    let Criteria::Static(test) = &profile.behaviors[1].criteria else { panic!("static") };
    assert_eq!(test.to_string(), "only among 22, 8883");
    assert!(profile.behaviors[1].suppress_alerts);
    assert_eq!(profile.targets, [Target::Group("fleet".to_owned()), Target::Unregistered]);
    let export = profile.export.unwrap();
    let names: Vec<_> = export.metrics.iter().map(|it| it.metric.name()).collect();
    assert_eq!(
        (&*export.topic, names),
        ("dd/export", vec!["aws:num-messages-sent", "aws:all-bytes-in"])
    );
}

#[test]
fn nothing_is_exported_unless_both_switches_are_on() {
    let config = format!(r#"{{"metricsExportConfig":{{"mqttTopic":"t","roleArn":"{ROLE}"}}}}"#);
    assert_eq!(read("p", &config).unwrap().export, None);
    let marked =
        r#"{"additionalMetricsToRetainV2":[{"metric":"aws:all-bytes-in","exportMetric":true}]}"#;
    assert_eq!(read("p", marked).unwrap().export, None);
}

#[test]
fn unknown_names_come_with_the_nearest_one() {
    check_problem(
        r#"{"behaviours":[]}"#,
        "behaviours: `behaviours` is no member here; did you mean `behaviors`?",
    );
    check_problem(
        &behavior(
            "aws:num-disconects",
            r#"{"comparisonOperator":"less-than","value":{"count":1}}"#,
        ),
        "behaviors[0].metric: `aws:num-disconects` is no metric here; did you mean \
         `aws:num-disconnects`?",
    );
    check_problem(
        &behavior("aws:message-byte-size", r#"{"comparisonOperator":"less","value":{"count":1}}"#),
        "behaviors[0].criteria.comparisonOperator: `less` is no operator here; did you mean \
         `less-than`?",
    );
}

#[test]
fn criteria_must_fit_the_metric() {
    check_problem(
        &behavior(
            "aws:listening-tcp-ports",
            r#"{"comparisonOperator":"less-than","value":{"count":1}}"#,
        ),
        "behaviors[0].criteria.comparisonOperator: `less-than` does not fit metric \
         aws:listening-tcp-ports; it takes in-port-set, not-in-port-set",
    );
    check_problem(
        &behavior("aws:all-bytes-in", r#"{"comparisonOperator":"less-than","value":{"count":1}}"#),
        "behaviors[0].criteria.durationSeconds: is missing; it may be 300, 600, 900, 1800 or 3600",
    );
    check_problem(
        &behavior(
            "aws:all-bytes-in",
            r#"{"comparisonOperator":"less-than","value":{"count":1},"durationSeconds":301}"#,
        ),
        "behaviors[0].criteria.durationSeconds: 301 is not one of 300, 600, 900, 1800 and 3600",
    );
    check_problem(
        &behavior(
            "aws:listening-tcp-ports",
            r#"{"comparisonOperator":"in-port-set","value":{"ports":[1]},"durationSeconds":300}"#,
        ),
        "behaviors[0].criteria.durationSeconds: does not go with metric aws:listening-tcp-ports",
    );
    check_problem(
        &behavior(
            "aws:message-byte-size",
            r#"{"comparisonOperator":"less-than","value":{"ports":[1]}}"#,
        ),
        "behaviors[0].criteria.value: metric aws:message-byte-size takes `count`, not `ports`",
    );
    check_problem(
        &behavior(
            "aws:message-byte-size",
            r#"{"comparisonOperator":"less-than","value":{"count":1,"number":1}}"#,
        ),
        "behaviors[0].criteria.value: must have exactly one member, not 2",
    );
    check_problem(
        &behavior(
            "aws:disconnect-duration",
            r#"{"comparisonOperator":"greater-than","value":{"count":1}}"#,
        ),
        "behaviors[0].criteria.comparisonOperator: `greater-than` does not fit metric \
         aws:disconnect-duration; it takes less-than, less-than-equals",
    );
    check_problem(
        &behavior(
            "aws:source-ip-address",
            r#"{"comparisonOperator":"in-cidr-set","value":{"cidrs":["10.0.0.0/8","10.0.0.0/40"]}}"#,
        ),
        "behaviors[0].criteria.value.cidrs[1]: \"10.0.0.0/40\" is no IP address or block",
    );
}

#[test]
fn counts_in_a_row_are_from_one_to_ten() {
    for (given, ok) in [("0", false), ("1", true), ("10", true), ("11", false)] {
        let criteria = format!(
            r#"{{"comparisonOperator":"less-than","value":{{"count":1}},"consecutiveDatapointsToAlarm":{given}}}"#
        );
        assert_eq!(read("p", &behavior("batteryPct", &criteria)).is_ok(), ok, "{given}");
    }
}

#[test]
fn what_comes_later_is_said_to_be_unsupported() {
    check_problem(
        &behavior("aws:all-bytes-in", r#"{"mlDetectionConfig":{"confidenceLevel":"HIGH"}}"#),
        "behaviors[0].criteria.mlDetectionConfig: ML Detect is not supported yet; use a static \
         threshold (`value`) or a percentile (`statisticalThreshold`)",
    );
}

#[test]
fn a_percentile_takes_a_metric_that_has_one_a_duration_and_no_value() {
    let criteria = |rest: &str| format!(r#"{{"comparisonOperator":"less-than"{rest}}}"#);
    let p90 = r#","statisticalThreshold":{"statistic":"p90"}"#;
    for metric in ["aws:message-byte-size", "aws:num-established-tcp-connections", "batteryPct"] {
        let body = behavior(metric, &criteria(&format!(r#"{p90},"durationSeconds":900"#)));
        let behavior = read("p", &body).unwrap().behaviors.remove(0);
        assert!(behavior.is_statistical());
        assert_eq!(behavior.windows, 3);
        check_problem(
            &self::behavior(metric, &criteria(p90)),
            "behaviors[0].criteria.durationSeconds: is missing; it may be 300, 600, 900, 1800 or \
             3600",
        );
    }
    check_problem(
        &behavior("aws:disconnect-duration", &criteria(p90)),
        "behaviors[0].criteria.statisticalThreshold: does not go with metric \
         aws:disconnect-duration",
    );
    check_problem(
        &behavior(
            "batteryPct",
            &criteria(&format!(r#"{p90},"durationSeconds":300,"value":{{"count":1}}"#)),
        ),
        "behaviors[0].criteria.statisticalThreshold: does not go with `value`; give one of the two",
    );
    check_problem(
        &behavior(
            "batteryPct",
            &criteria(r#","statisticalThreshold":{"statistic":"p95"},"durationSeconds":300"#),
        ),
        "behaviors[0].criteria.statisticalThreshold.statistic: `p95` is not one of p0, p0.1, \
         p0.01, p1, p10, p50, p90, p99, p99.9, p99.99, p100",
    );
}

#[test]
fn a_dimension_must_exist_and_fit_the_metric() {
    let with = |metric: &str, dimension: &str| {
        format!(
            r#"{{"additionalMetricsToRetainV2":[{{"metric":"{metric}","metricDimension":{dimension}}}]}}"#
        )
    };
    let body = with("aws:num-messages-sent", r#"{"dimensionName":"auth","operator":"NOT_IN"}"#);
    let profile = read("p", &body).unwrap();
    let dimension = profile.retained[0].dimension.as_ref().unwrap();
    assert_eq!(dimension.operator, DimensionOperator::NotIn);
    check_problem(
        &with("aws:num-messages-sent", r#"{"dimensionName":"auht"}"#),
        "additionalMetricsToRetainV2[0].metricDimension.dimensionName: `auht` is no dimension here; \
         did you mean `auth`?",
    );
    for metric in ["aws:num-disconnects", "aws:all-bytes-in", "batteryPct"] {
        let expected = format!(
            "additionalMetricsToRetainV2[0].metricDimension: does not go with metric {metric}"
        );
        check_problem(&with(metric, r#"{"dimensionName":"auth"}"#), &expected);
    }
}

#[test]
fn the_thresholds_of_a_profile_hold_a_thousand_elements_together() {
    let body = |count: usize| {
        let list = |from: usize| {
            let ports: Vec<_> = (from..from + count).map(|it| it.to_string()).collect();
            ports.join(",")
        };
        let behavior = |name: &str, from| {
            format!(
                r#"{{"name":"{name}","metric":"aws:listening-tcp-ports","criteria":
                   {{"comparisonOperator":"in-port-set","value":{{"ports":[{}]}}}}}}"#,
                list(from)
            )
        };
        format!(r#"{{"behaviors":[{},{}]}}"#, behavior("a", 0), behavior("b", 1000))
    };
    assert!(read("p", &body(500)).is_ok());
    check_problem(
        &body(501),
        "behaviors: have 1002 ports, blocks, numbers and texts in all thresholds together; at most \
         1000 are allowed",
    );
    let more = Vocabulary { elements_max: 2000, ..Vocabulary::default() };
    assert!(parse("p", &body(501), &more).is_ok());
}

#[test]
fn a_behavior_is_shown_with_its_defaults_and_without_what_is_off() {
    let body = behavior(
        "aws:num-messages-sent",
        r#"{"comparisonOperator":"less-than","value":{"count":"5"},"durationSeconds":"300"}"#,
    );
    let shown = read("p", &body).unwrap().behaviors[0].definition.clone();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let expected = serde_json::json!({"name":"b","metric":"aws:num-messages-sent","criteria":{
        "comparisonOperator":"less-than","value":{"count":5},"durationSeconds":300,
        "consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}});
    assert_eq!(shown, expected);
}

#[test]
fn dimensions_hold_one_to_a_hundred_filters() {
    let body = |filters: &str| format!(r#"{{"type":"TOPIC_FILTER","stringValues":[{filters}]}}"#);
    let read = parse_dimension("d", &body(r#""a/+","b/${iot:ClientId}/#""#)).unwrap();
    assert_eq!(read.filters.len(), 2);
    let many = vec![r#""a""#; 101].join(",");
    for bad in [body(""), body(&many), body(r#""a#""#), body("1"), "[]".to_owned()] {
        assert_eq!(parse_dimension("d", &bad).unwrap_err().len(), 1, "{bad}");
    }
    assert!(parse_dimension("a b", &body(r#""a""#)).is_err());
}

#[test]
fn a_behavior_with_other_criteria_is_another_one_and_muting_it_changes_nothing() {
    let id = |extra: &str, count: u32| {
        let body = format!(
            r#"{{"behaviors":[{{"name":"b","metric":"batteryPct"{extra},"criteria":
               {{"comparisonOperator":"less-than","value":{{"number":{count}}}}}}}]}}"#
        );
        read("p", &body).unwrap().behaviors[0].id
    };
    assert_eq!(id("", 1), id(r#","suppressAlerts":true,"exportMetric":true"#, 1));
    assert_ne!(id("", 1), id("", 2));
}

#[test]
fn custom_metrics_declare_one_of_four_types() {
    let metric = parse_custom_metric("m", r#"{"metricType":"ip-address-list"}"#).unwrap();
    assert_eq!(metric.kind, Kind::Cidrs);
    let problems = parse_custom_metric("aws:m", r#"{"metricType":"numbers"}"#).unwrap_err();
    assert_eq!(problems.len(), 2);
}
