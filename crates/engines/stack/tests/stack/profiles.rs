//! Security profiles, dimensions and custom metrics.

use picket_ports::registry::{DocumentKind, Documents, Tags};
use picket_stack::ResourceState;
use serde_json::json;

use crate::bench::{Bench, NOW, states};

const SET: &str = "
Resources:
  Profile:
    Type: AWS::IoT::SecurityProfile
    Properties:
      SecurityProfileName: p
      Behaviors:
        - Name: Sent
          Metric: aws:num-messages-sent
          MetricDimension: {DimensionName: topics, Operator: NOT_IN}
          Criteria: {ComparisonOperator: less-than, Value: {Count: '400'}, DurationSeconds: 300}
      AdditionalMetricsToRetainV2:
        - Metric: !Ref Metric
      TargetArns:
        - arn:aws:iot:eu-west-1:111122223333:all/things
        - arn:aws:iot:eu-west-1:111122223333:all/registered-things
      Tags: [{Key: team, Value: cams}]
  Dimension:
    Type: AWS::IoT::Dimension
    Properties: {Name: topics, Type: TOPIC_FILTER, StringValues: ['dt/#'], Tags: [{Key: a, Value: b}]}
  Metric:
    Type: AWS::IoT::CustomMetric
    Properties: {MetricName: heat, MetricType: number, DisplayName: Heat}
Outputs:
  Dimension: {Value: !GetAtt Dimension.Arn}
  Metric: {Value: !GetAtt Metric.MetricArn}
";

#[tokio::test]
async fn a_profile_may_name_what_its_template_makes_wherever_it_stands() {
    let bench = Bench::start().await;
    let outcome = bench.apply(SET).await.unwrap();
    assert_eq!(outcome.with_state(ResourceState::Created).count(), 3);
    let account = "arn:aws:iot:eu-west-1:111122223333";
    assert_eq!(outcome.outputs["Dimension"], format!("{account}:dimension/topics"));
    assert_eq!(outcome.outputs["Metric"], format!("{account}:custommetric/heat"));
    let dimension = bench.body(DocumentKind::Dimension, "topics").await;
    assert_eq!(dimension, json!({ "type": "TOPIC_FILTER", "stringValues": ["dt/#"] }));
    let metric = bench.body(DocumentKind::CustomMetric, "heat").await;
    assert_eq!(metric, json!({ "metricType": "number", "displayName": "Heat" }));
    let profile = bench.body(DocumentKind::SecurityProfile, "p").await;
    assert_eq!(profile["behaviors"][0]["criteria"]["value"], json!({ "count": 400 }));
    assert!(profile.get("tags").is_none());
    let tags = async |resource: &str| bench.registry.tags(&format!("{account}:{resource}")).await;
    assert_eq!(tags("securityprofile/p").await.unwrap(), [("team".into(), "cams".into())]);
    assert_eq!(tags("dimension/topics").await.unwrap(), [("a".into(), "b".into())]);
}

#[tokio::test]
async fn a_profile_may_name_what_is_stored_already() {
    let bench = Bench::start().await;
    let kind = DocumentKind::CustomMetric;
    let body = r#"{"metricType":"number"}"#;
    bench.registry.create_document(kind, "heat", body, NOW).await.unwrap();
    let template = "Resources: {P: {Type: AWS::IoT::SecurityProfile, Properties: {SecurityProfileName: \
                    p, AdditionalMetricsToRetainV2: [{Metric: heat}]}}}";
    bench.apply(template).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_profile_names_its_place_in_the_template() {
    let bench = Bench::start().await;
    let problems = bench
        .problems(
            "
Resources:
  Profile:
    Type: AWS::IoT::SecurityProfile
    Properties:
      SecurityProfileName: p
      Behaviors:
        - Name: Sent
          Metric: aws:num-mesages-sent
          Criteria: {ComparisonOperator: less-than, Value: {Count: 1}, DurationSeconds: 300}
        - Name: Ports
          Metric: aws:listening-tcp-ports
          Criteria: {ComparisonOperator: in-port-set, Value: {Ports: [1, 70000]}}
      TargetArns: [everything]
",
        )
        .await;
    assert_eq!(
        problems,
        [
            "Resources.Profile.Properties.Behaviors[0].Metric: `aws:num-mesages-sent` is no metric \
             here; did you mean `aws:num-messages-sent`?",
            "Resources.Profile.Properties.Behaviors[1].Criteria.Value.Ports[1]: 70000 is no port from 0 \
             to 65535",
            "Resources.Profile.Properties.TargetArns[0]: must be the ARN of a thing group or of \
             all/things, all/registered-things or all/unregistered-things",
        ]
    );
    assert_eq!(bench.count().await, 0);
}

#[tokio::test]
async fn dimensions_and_metrics_that_are_none_are_refused() {
    let bench = Bench::start().await;
    let problems = bench
        .problems(
            "
Resources:
  D: {Type: AWS::IoT::Dimension, Properties: {Name: d, Type: TOPIC_FILTER, StringValues: ['a+']}}
  M: {Type: AWS::IoT::CustomMetric, Properties: {MetricName: 'aws:m', MetricType: number}}
  N: {Type: AWS::IoT::CustomMetric, Properties: {MetricName: n, MetricType: numbers}}
",
        )
        .await;
    assert!(problems[0].starts_with("Resources.D.Properties.StringValues: "), "{problems:?}");
    assert!(problems[1].starts_with("Resources.M.Properties.MetricName: "), "{problems:?}");
    assert!(problems[2].contains("did you mean `number`?"), "{problems:?}");
}

#[tokio::test]
async fn what_the_control_plane_notes_beside_a_profile_is_no_change_of_it() {
    let bench = Bench::start().await;
    bench.apply(SET).await.unwrap();
    let kind = DocumentKind::SecurityProfile;
    let mut body = bench.body(kind, "p").await;
    body["version"] = json!(3);
    body["modified_ms"] = json!(7);
    body["targets"].as_array_mut().unwrap().reverse();
    bench.registry.replace_document(kind, "p", &body.to_string(), None, NOW).await.unwrap();
    let outcome = bench.apply(SET).await.unwrap();
    assert_eq!(states(&outcome)["Profile"], ResourceState::Unchanged);
    body["targets"] = json!([]);
    bench.registry.replace_document(kind, "p", &body.to_string(), None, NOW).await.unwrap();
    let outcome = bench.apply(SET).await.unwrap();
    assert_eq!(states(&outcome)["Profile"], ResourceState::KeptAsIs);
}
