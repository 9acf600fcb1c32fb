//! The template of the first start.

use std::sync::Arc;

use picket_core::{Account, PolicyName};
use picket_policy::{Action, Authorizer, Decision, PolicyDocument, Subject, ThingFacts};
use picket_ports::registry::{DocumentKind, Policies};
use picket_stack::{Parameters, ResourceState};
use serde_json::{Value, json};

use crate::bench::{Bench, NOW};

const TEMPLATE: &str = include_str!("../../../../../templates/quickstart.yaml");
const TOKEN: &str = "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba";

fn parameters() -> Parameters {
    Parameters::new().with("HecUrl", "https://127.0.0.1:8088").with("HecToken", TOKEN)
}

async fn device_policy(bench: &Bench) -> Arc<str> {
    let name = PolicyName::new("picket-device").unwrap();
    bench.registry.policy(&name).await.unwrap().document()
}

#[tokio::test]
async fn a_first_start_makes_everything_and_a_second_changes_nothing() {
    let bench = Bench::start().await;
    let outcome = bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    assert_eq!(outcome.with_state(ResourceState::Created).count(), 11, "{outcome:?}");
    assert_eq!(outcome.outputs["FleetGroup"], "picket-fleet");
    assert_eq!(outcome.outputs["DevicePolicy"], "picket-device");
    assert_eq!(outcome.outputs["Index"], "iot");
    assert_eq!(bench.count().await, 11);
    let again = bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    assert_eq!(again.with_state(ResourceState::Unchanged).count(), 11, "{again:?}");
}

#[tokio::test]
async fn the_device_policy_keeps_its_variables() {
    let bench = Bench::start().await;
    bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    let document: Value = serde_json::from_str(&device_policy(&bench).await).unwrap();
    assert_eq!(
        document["Statement"][0]["Resource"],
        "arn:aws:iot:eu-west-1:111122223333:client/${iot:Connection.Thing.ThingName}"
    );
    assert_eq!(
        document["Statement"][1]["Resource"][0],
        "arn:aws:iot:eu-west-1:111122223333:topic/$aws/things/${iot:Connection.Thing.ThingName}\
         /defender/metrics/json"
    );
}

#[tokio::test]
async fn the_profile_exports_the_whole_catalogue_to_the_rule_that_feeds_the_stream() {
    let bench = Bench::start().await;
    bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    let profile = bench.body(DocumentKind::SecurityProfile, "picket-baseline").await;
    assert_eq!(profile["metricsExportConfig"]["mqttTopic"], "$aws/rules/picket_metrics_export");
    assert_eq!(
        profile["targets"],
        json!(["arn:aws:iot:eu-west-1:111122223333:all/registered-things"])
    );
    let retained = profile["additionalMetricsToRetainV2"].as_array().unwrap();
    assert_eq!(retained.len(), 18);
    assert!(retained.iter().all(|it| it["exportMetric"] == true));
    let ports = &profile["behaviors"][0];
    assert_eq!(ports["criteria"]["comparisonOperator"], "in-port-set");
    assert!(!ports["criteria"]["value"]["ports"].as_array().unwrap().contains(&json!(21)));
    assert_eq!(profile["behaviors"][1]["criteria"]["value"], json!({"count": 5_000_000}));
    let rule = bench.body(DocumentKind::TopicRule, "picket_metrics_export").await;
    assert_eq!(rule["sql"], "SELECT *");
    assert_eq!(rule["actions"][0]["firehose"]["deliveryStreamName"], "picket-to-siem");
}

#[tokio::test]
async fn alarms_of_the_baseline_go_to_a_topic_and_a_device_can_be_put_in_quarantine() {
    let bench = Bench::start().await;
    bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    let profile = bench.body(DocumentKind::SecurityProfile, "picket-baseline").await;
    assert_eq!(
        profile["alertTargets"]["SNS"]["alertTargetArn"],
        "arn:aws:sns:eu-west-1:111122223333:picket-alarms"
    );
    let topic = bench.body(DocumentKind::NotificationTopic, "picket-alarms").await;
    assert_eq!(topic, json!({"attributes": {}}));
    let action = bench.body(DocumentKind::MitigationAction, "picket-quarantine").await;
    let params = json!({"addThingsToThingGroupParams": {"thingGroupNames": ["picket-quarantine"]}});
    assert_eq!((&action["format"], &action["actionParams"]), (&json!("1"), &params));
    assert_eq!(action["actionId"].as_str().map(str::len), Some(36));
}

#[tokio::test]
async fn the_stream_and_the_token_fit_each_other() {
    let bench = Bench::start().await;
    bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    let stream = bench.body(DocumentKind::DeliveryStream, "picket-to-siem").await;
    let splunk = &stream["SplunkDestinationConfiguration"];
    assert_eq!(splunk["HECEndpoint"], "https://127.0.0.1:8088");
    assert_eq!(splunk["HECToken"], TOKEN);
    assert_eq!(
        splunk["ProcessingConfiguration"]["Processors"][0]["Parameters"][0]["ParameterValue"],
        "arn:aws:lambda:eu-west-1:111122223333:function:picket-device-defender-transform"
    );
    let token = bench.body(DocumentKind::HecToken, "picket").await;
    assert_eq!(token["token"], TOKEN);
    assert_eq!((&token["index"], &token["useACK"]), (&json!("iot"), &json!(true)));
    assert_eq!(bench.body(DocumentKind::Index, "iot").await["retentionDays"], Value::Null);
}

/// What the device policy allows a client that connects as `client_id` with the certificate of thing
/// `pump-17`.
fn authorizer(document: &str, client_id: &str) -> Authorizer {
    let document = Arc::new(PolicyDocument::parse(document).unwrap());
    let is_attached = client_id == "pump-17";
    let facts = ThingFacts { name: client_id.to_owned(), ..ThingFacts::default() };
    let subject = Subject {
        client_id: Some(client_id.to_owned()),
        thing: Some(facts).filter(|_| is_attached),
        is_attached,
        ..Subject::default()
    };
    let account = Account { region: "eu-west-1".to_owned(), id: "111122223333".to_owned() };
    Authorizer::compile(&account, &[document], &subject)
}

#[tokio::test]
async fn a_device_may_do_what_it_needs_and_nothing_else() {
    let bench = Bench::start().await;
    bench.provisioner.apply(TEMPLATE, &parameters(), NOW).await.unwrap();
    let document = device_policy(&bench).await;
    let own = authorizer(&document, "pump-17");
    let allowed = |rights: &Authorizer, action, resource: &str| {
        matches!(rights.decide(action, resource), Decision::Allowed(_))
    };
    let reports = "topic/$aws/things/pump-17/defender/metrics/json";
    for (action, resource) in [
        (Action::Connect, "client/pump-17"),
        (Action::Publish, reports),
        (Action::Publish, "topic/$aws/things/pump-17/defender/metrics/cbor"),
        (Action::Publish, "topic/things/pump-17/telemetry"),
        (Action::RetainPublish, "topic/things/pump-17/state"),
        (Action::Subscribe, "topicfilter/$aws/things/pump-17/defender/metrics/json/+"),
        (Action::Subscribe, "topicfilter/$aws/things/pump-17/defender/metrics/cbor/accepted"),
        (Action::Subscribe, "topicfilter/things/pump-17/commands/#"),
        (Action::Receive, "topic/$aws/things/pump-17/defender/metrics/json/rejected"),
        (Action::Receive, "topic/things/pump-17/commands/a"),
    ] {
        assert!(allowed(&own, action, resource), "{action:?} {resource}");
    }
    for (action, resource) in [
        (Action::Connect, "client/pump-18"),
        (Action::Publish, "topic/$aws/things/pump-18/defender/metrics/json"),
        (Action::Publish, "topic/things/pump-18/telemetry"),
        (Action::Publish, "topic/$aws/rules/picket_metrics_export"),
        (Action::Publish, "topic/picket/anything"),
        (Action::RetainPublish, reports),
        (Action::Subscribe, "topicfilter/#"),
        (Action::Subscribe, "topicfilter/things/+/telemetry"),
        (Action::Receive, "topic/things/pump-18/telemetry"),
    ] {
        assert!(!allowed(&own, action, resource), "{action:?} {resource}");
    }
    let other = authorizer(&document, "pump-18");
    assert!(!allowed(&other, Action::Connect, "client/pump-18"));
    assert!(!allowed(&other, Action::Connect, "client/pump-17"));
}
