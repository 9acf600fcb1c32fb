//! Which documents are profiles, and what is said about those that are not.

use super::*;

const ROLE: &str = "arn:aws:iam::000000000000:role/x";

fn custom() -> Vec<CustomMetric> {
    vec![CustomMetric { name: "batteryPct".to_owned(), kind: Kind::Number }]
}

fn behavior(metric: &str, criteria: &str) -> String {
    format!(r#"{{"behaviors":[{{"name":"b","metric":"{metric}","criteria":{criteria}}}]}}"#)
}

fn check_problem(body: &str, expected: &str) {
    let problems = parse("p", body, &custom()).unwrap_err();
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
    let profile = parse("cams", &body, &custom()).unwrap();
    let first = &profile.behaviors[0];
    assert_eq!((first.windows, first.to_alarm, first.to_clear), (2, 2, 3));
    assert_eq!(profile.behaviors[1].test.to_string(), "only among 22, 8883");
    assert!(profile.behaviors[1].suppress_alerts);
    assert_eq!(profile.targets, [Target::Group("fleet".to_owned()), Target::Unregistered]);
    let export = profile.export.unwrap();
    let names: Vec<_> = export.metrics.iter().map(MetricRef::name).collect();
    assert_eq!(
        (&*export.topic, names),
        ("dd/export", vec!["aws:num-messages-sent", "aws:all-bytes-in"])
    );
}

#[test]
fn nothing_is_exported_unless_both_switches_are_on() {
    let config = format!(r#"{{"metricsExportConfig":{{"mqttTopic":"t","roleArn":"{ROLE}"}}}}"#);
    assert_eq!(parse("p", &config, &[]).unwrap().export, None);
    let marked =
        r#"{"additionalMetricsToRetainV2":[{"metric":"aws:all-bytes-in","exportMetric":true}]}"#;
    assert_eq!(parse("p", marked, &[]).unwrap().export, None);
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
        assert_eq!(
            parse("p", &behavior("batteryPct", &criteria), &custom()).is_ok(),
            ok,
            "{given}"
        );
    }
}

#[test]
fn what_comes_later_is_said_to_be_unsupported() {
    check_problem(
        &behavior("aws:all-bytes-in", r#"{"mlDetectionConfig":{"confidenceLevel":"HIGH"}}"#),
        "behaviors[0].criteria.mlDetectionConfig: ML Detect is not supported yet; use a static \
         threshold (`value`)",
    );
    check_problem(
        r#"{"additionalMetricsToRetainV2":[{"metric":"aws:num-messages-sent","metricDimension":{}}]}"#,
        "additionalMetricsToRetainV2[0].metricDimension: dimensions are not supported yet; leave it \
         out to count all topics",
    );
}

#[test]
fn a_behavior_with_other_criteria_is_another_one_and_muting_it_changes_nothing() {
    let id = |extra: &str, count: u32| {
        let body = format!(
            r#"{{"behaviors":[{{"name":"b","metric":"batteryPct"{extra},"criteria":
               {{"comparisonOperator":"less-than","value":{{"number":{count}}}}}}}]}}"#
        );
        parse("p", &body, &custom()).unwrap().behaviors[0].id
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
