use std::time::Duration;

use futures::future::join_all;
use picket_core::Clock as _;
use picket_ports::registry::{DocumentKind, Page};
use serde_json::{Map, Value, json};

use super::{ClearedMember, ProfileChange, ProfileContent, ProfileFilter, ProfileMapping};
use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal};
use crate::{ControlError, NewCustomMetric, NewDimension, RegistryLimits};

fn content(members: Value) -> ProfileContent {
    let Value::Object(members) = members else { panic!("not an object: {members}") };
    ProfileContent::new(members)
}

fn behavior(name: &str, count: u64) -> Value {
    json!({
        "name": name,
        "metric": "aws:num-messages-sent",
        "criteria": {
            "comparisonOperator": "less-than-equals",
            "value": { "count": count },
            "durationSeconds": 300,
        },
    })
}

fn one_behavior() -> ProfileContent {
    content(json!({ "behaviors": [behavior("SentRate", 400)] }))
}

fn changed(members: Value) -> ProfileChange {
    ProfileChange { content: content(members), ..ProfileChange::default() }
}

/// A plane with profiles of one behaviour each.
async fn with_profiles(names: &[&str]) -> TestPlane {
    with_limits(RegistryLimits::default(), names).await
}

async fn with_limits(limits: RegistryLimits, names: &[&str]) -> TestPlane {
    let at = TestPlane::with(limits).await;
    for name in names {
        at.plane.create_security_profile(name, one_behavior(), &[]).await.unwrap();
    }
    at
}

fn group_arn(name: &str) -> String {
    format!("arn:aws:iot:us-east-1:000000000000:thinggroup/{name}")
}

const ALL: &str = "arn:aws:iot:us-east-1:000000000000:all/things";
const REGISTERED: &str = "arn:aws:iot:us-east-1:000000000000:all/registered-things";

#[tokio::test]
async fn a_profile_is_described_as_it_was_made_and_a_taken_name_is_refused() {
    let at = TestPlane::new().await;
    let tags: Vec<_> = pairs("team=cams");
    let made = at.plane.create_security_profile("p", one_behavior(), &tags).await.unwrap();
    assert_eq!((made.version, made.created, made.modified), (1, START, START));
    assert_eq!(at.plane.security_profile("p").await.unwrap(), made);
    assert_eq!(at.plane.resource_tags(&at.plane.security_profile_arn("p")).await.unwrap(), tags);
    let text = refusal(at.plane.create_security_profile("p", one_behavior(), &[]).await);
    assert!(text.starts_with("AlreadyExists: security profile p"), "{text}");
    assert_eq!(at.plane.resource_tags(&at.plane.security_profile_arn("p")).await.unwrap(), tags);
    let text = refusal(at.plane.security_profile("q").await);
    assert_eq!(text, "NotFound: security profile q not found");
    at.end().await;
}

#[tokio::test]
async fn the_document_is_of_aws_shape_with_targets_version_and_time_beside_it() {
    let at = with_profiles(&["p"]).await;
    at.plane.attach_security_profile("p", ALL).await.unwrap();
    let document = at.registry.document(DocumentKind::SecurityProfile, "p").await.unwrap();
    let body: Value = serde_json::from_str(&document.body).unwrap();
    let wanted = json!({
        "behaviors": [behavior("SentRate", 400)],
        "targets": [ALL],
        "version": 1,
        "modified_ms": START.as_millis(),
    });
    assert_eq!(body, wanted);
    let words = picket_profile::Vocabulary::default();
    assert_eq!(picket_profile::parse("p", &document.body, &words).unwrap().behaviors.len(), 1);
    at.end().await;
}

#[tokio::test]
async fn a_document_that_a_template_made_is_at_version_one_and_can_be_changed() {
    let at = TestPlane::new().await;
    let body = json!({ "behaviors": [], "targets": [REGISTERED, ALL], "tags": [] }).to_string();
    let kind = DocumentKind::SecurityProfile;
    at.registry.create_document(kind, "p", &body, START).await.unwrap();
    let read = at.plane.security_profile("p").await.unwrap();
    assert_eq!((read.version, read.modified), (1, START));
    assert_eq!(read.targets, [REGISTERED, ALL]);
    at.clock.advance(Duration::from_secs(60));
    at.plane.detach_security_profile("p", REGISTERED).await.unwrap();
    let read = at.plane.security_profile("p").await.unwrap();
    assert_eq!((read.version, read.modified, read.targets), (1, START, vec![ALL.to_owned()]));
    let change = changed(json!({ "securityProfileDescription": "d" }));
    assert_eq!(at.plane.update_security_profile("p", change).await.unwrap().version, 2);
    at.end().await;
}

#[tokio::test]
async fn an_update_replaces_whole_members_and_leaves_the_others() {
    let at = TestPlane::new().await;
    let first = content(json!({
        "securityProfileDescription": "Cameras",
        "behaviors": [behavior("A", 1), behavior("B", 2)],
        "additionalMetricsToRetain": ["aws:all-bytes-in"],
        "additionalMetricsToRetainV2": [{ "metric": "aws:all-bytes-out", "exportMetric": true }],
        "metricsExportConfig": { "mqttTopic": "dd/export", "roleArn": "arn:aws:iam::0:role/export" },
    }));
    at.plane.create_security_profile("p", first, &[]).await.unwrap();
    at.plane.attach_security_profile("p", ALL).await.unwrap();
    at.clock.advance(Duration::from_secs(60));
    let change = changed(json!({ "behaviors": [behavior("C", 3)] }));
    let after = at.plane.update_security_profile("p", change).await.unwrap();
    assert_eq!((after.version, after.created, after.modified), (2, START, at.clock.now()));
    let members = after.content.members();
    assert_eq!(members["behaviors"], json!([behavior("C", 3)]));
    assert_eq!(members["securityProfileDescription"], "Cameras");
    assert_eq!(members.len(), 5);
    let cleared = vec![ClearedMember::AdditionalMetrics, ClearedMember::Export];
    let change = ProfileChange { cleared, ..ProfileChange::default() };
    let after = at.plane.update_security_profile("p", change).await.unwrap();
    let names: Vec<&String> = after.content.members().keys().collect();
    assert_eq!(names, ["securityProfileDescription", "behaviors"]);
    let cleared = vec![ClearedMember::Behaviors, ClearedMember::AlertTargets];
    let change = ProfileChange { cleared, ..ProfileChange::default() };
    let after = at.plane.update_security_profile("p", change).await.unwrap();
    assert_eq!((after.version, after.content.members().len()), (4, 1));
    assert_eq!(after.content.shown()["behaviors"], json!([]));
    assert_eq!(after.targets, [ALL]);
    assert_eq!(at.plane.security_profile("p").await.unwrap(), after);
    at.end().await;
}

#[tokio::test]
async fn what_is_given_and_cleared_at_once_is_refused() {
    let at = with_profiles(&["p"]).await;
    let given = [
        (ClearedMember::Behaviors, json!({ "behaviors": [] })),
        (ClearedMember::AlertTargets, json!({ "alertTargets": {} })),
        (ClearedMember::AdditionalMetrics, json!({ "additionalMetricsToRetain": [] })),
        (ClearedMember::AdditionalMetrics, json!({ "additionalMetricsToRetainV2": [] })),
        (ClearedMember::Export, json!({ "metricsExportConfig": {} })),
    ];
    for (member, members) in given {
        let change = ProfileChange { cleared: vec![member], ..changed(members) };
        let text = refusal(at.plane.update_security_profile("p", change).await);
        assert!(text.starts_with("Invalid: `") && text.contains(member.flag()), "{text}");
    }
    assert_eq!(at.plane.security_profile("p").await.unwrap().version, 1);
    at.end().await;
}

#[tokio::test]
async fn of_two_updates_that_expect_the_same_version_one_wins() {
    let at = with_profiles(&["p"]).await;
    for round in 1..=8 {
        let update = |n: u64| {
            let members = json!({ "behaviors": [behavior("SentRate", n)] });
            let change = ProfileChange { expected_version: Some(round), ..changed(members) };
            at.plane.update_security_profile("p", change)
        };
        let ended = join_all((0..16).map(update)).await;
        let (won, lost): (Vec<_>, Vec<_>) = ended.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 15));
        for error in lost {
            let text = refusal(error);
            let at =
                format!("expected version {round} of security profile p, but it is at version");
            assert!(text.starts_with("VersionConflict: ") && text.contains(&at), "{text}");
        }
    }
    let text = refusal(at.plane.delete_security_profile("p", Some(1)).await);
    assert!(text.starts_with("VersionConflict: "), "{text}");
    at.plane.delete_security_profile("p", Some(9)).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn a_deleted_profile_leaves_no_tags_and_deleting_it_again_is_fine() {
    let at = TestPlane::new().await;
    let tags: Vec<_> = pairs("k=v");
    at.plane.create_security_profile("p", one_behavior(), &tags).await.unwrap();
    at.plane.attach_security_profile("p", ALL).await.unwrap();
    at.plane.delete_security_profile("p", None).await.unwrap();
    at.plane.delete_security_profile("p", None).await.unwrap();
    at.plane.delete_security_profile("p", Some(7)).await.unwrap();
    assert_eq!(at.registry.tags(&at.plane.security_profile_arn("p")).await.unwrap(), []);
    let again = at.plane.create_security_profile("p", one_behavior(), &[]).await.unwrap();
    assert_eq!((again.version, again.targets), (1, Vec::new()));
    at.end().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_in_aws_words_and_nothing_is_written() {
    let at = TestPlane::new().await;
    let mut count = behavior("Count", 1);
    count["criteria"]["consecutiveDatapointsToAlarm"] = json!(20);
    let mut metric = behavior("Metric", 1);
    metric["metric"] = json!("aws:num-mesages-sent");
    let bad = content(json!({
        "securityProfileDescription": "Käse",
        "behaviors": [count, metric],
        "targets": [ALL],
        "alertTargets": { "SNS": { "alertTargetArn": "arn:aws:sns:us-east-1:0:t", "roleArn": "r" } },
    }));
    let text = refusal(at.plane.create_security_profile("p", bad.clone(), &[]).await);
    for part in [
        "Behavior Count is malformed. consecutiveDatapointsToAlarm 20 should be in range[1,10]",
        "Behavior Metric is malformed. metric `aws:num-mesages-sent` is no metric here; did you mean \
         `aws:num-messages-sent`?",
        "securityProfileDescription holds 'ä'",
        "targets is no part of what a profile says",
        "alertTargets.SNS.roleArn must have 20 to 2048 characters",
    ] {
        assert!(text.starts_with("Invalid: ") && text.contains(part), "{part}: {text}");
    }
    let problems = at.plane.security_profile_problems("p", &bad).await.unwrap();
    assert!(problems.iter().any(|it| it.path == "behaviors[1].metric"), "{problems:?}");
    for name in ["", "a b", "a/b", &"x".repeat(129)] {
        let text = refusal(at.plane.create_security_profile(name, one_behavior(), &[]).await);
        assert!(text.starts_with("Invalid: ") && text.contains("securityProfileName"), "{text}");
    }
    assert_eq!(at.plane.security_profiles().await.unwrap(), []);
    at.end().await;
}

#[tokio::test]
async fn an_update_that_breaks_a_rule_changes_nothing() {
    let at = with_profiles(&["p"]).await;
    let before = at.plane.security_profile("p").await.unwrap();
    let change = changed(json!({ "behaviors": [{ "name": "x" }] }));
    let text = refusal(at.plane.update_security_profile("p", change).await);
    assert!(text.starts_with("Invalid: Behavior x is malformed. "), "{text}");
    assert_eq!(at.plane.security_profile("p").await.unwrap(), before);
    let text = refusal(at.plane.update_security_profile("q", changed(json!({}))).await);
    assert!(text.starts_with("NotFound: "), "{text}");
    at.end().await;
}

#[tokio::test]
async fn validation_tells_each_problem_and_changes_nothing() {
    let at = TestPlane::new().await;
    assert!(at.plane.validate_behaviors(vec![behavior("A", 1)]).await.unwrap().is_empty());
    let texts = at.plane.validate_behaviors(vec![json!({ "name": "A" }), json!(1)]).await.unwrap();
    assert!(texts[0].starts_with("Behavior A is malformed. "), "{texts:?}");
    assert!(texts.last().unwrap().starts_with("Behavior behaviors[1] is malformed."), "{texts:?}");
    let many = vec![behavior("A", 1); 101];
    assert_eq!(at.plane.validate_behaviors(many).await.unwrap().len(), 1);
    at.end().await;
}

#[tokio::test]
async fn thresholds_of_a_profile_hold_as_many_elements_as_are_allowed() {
    let limits = RegistryLimits { elements_per_profile_max: 5, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    let ports = |count: u16| {
        content(json!({ "behaviors": [{
            "name": "Ports",
            "metric": "aws:listening-tcp-ports",
            "criteria": {
                "comparisonOperator": "in-port-set",
                "value": { "ports": (0..count).collect::<Vec<_>>() },
            },
        }]}))
    };
    at.plane.create_security_profile("five", ports(5), &[]).await.unwrap();
    let text = refusal(at.plane.create_security_profile("six", ports(6), &[]).await);
    assert!(text.starts_with("Invalid: ") && text.contains("at most 5"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn profiles_are_attached_to_targets_and_detached_from_them() {
    let at = with_profiles(&["p"]).await;
    at.groups(&["ward"]).await;
    for _ in 0..2 {
        at.plane.attach_security_profile("p", &group_arn("ward")).await.unwrap();
        at.plane.attach_security_profile("p", ALL).await.unwrap();
    }
    let read = at.plane.security_profile("p").await.unwrap();
    assert_eq!((read.version, read.targets), (1, vec![ALL.to_owned(), group_arn("ward")]));
    for _ in 0..2 {
        at.plane.detach_security_profile("p", &group_arn("ward")).await.unwrap();
    }
    assert_eq!(at.plane.security_profile("p").await.unwrap().targets, [ALL]);
    at.end().await;
}

#[tokio::test]
async fn what_is_no_target_or_is_not_there_is_refused() {
    let at = with_profiles(&["p"]).await;
    let account = "arn:aws:iot:us-east-1:000000000000";
    for odd in [
        "",
        "things",
        &format!("{account}:all/other"),
        &format!("{account}:thing/t"),
        &format!("{account}:thinggroup/"),
        &format!("{account}:thinggroup/a b"),
        "arn:aws:iot:eu-west-1:1:all/things",
    ] {
        let text = refusal(at.plane.attach_security_profile("p", odd).await);
        assert!(text.starts_with("Invalid: ") && text.contains("TargetArn"), "{odd}: {text}");
        let text = refusal(at.plane.detach_security_profile("p", odd).await);
        assert!(text.starts_with("Invalid: "), "{odd}: {text}");
    }
    let text = refusal(at.plane.attach_security_profile("p", &group_arn("none")).await);
    assert_eq!(text, "NotFound: thing group none not found");
    for text in [
        refusal(at.plane.attach_security_profile("q", ALL).await),
        refusal(at.plane.detach_security_profile("q", ALL).await),
        refusal(at.plane.targets_of_security_profile("q", &Page::first(9)).await),
    ] {
        assert_eq!(text, "NotFound: security profile q not found");
    }
    at.end().await;
}

#[tokio::test]
async fn a_target_takes_five_profiles_however_many_attach_at_once() {
    let names: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let at = with_profiles(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let ended = join_all(names.iter().map(|it| at.plane.attach_security_profile(it, ALL))).await;
    assert_eq!(ended.iter().filter(|it| it.is_ok()).count(), 5);
    for error in ended.into_iter().filter(Result::is_err) {
        let text = refusal(error);
        assert!(text.starts_with("LimitExceeded: 5 security profiles are attached"), "{text}");
    }
    // Those that are attached stay so, and another target has room of its own.
    at.plane.attach_security_profile("p11", REGISTERED).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn a_profile_takes_as_many_targets_as_are_allowed() {
    let limits = RegistryLimits { targets_per_profile_max: 1, ..RegistryLimits::default() };
    let at = with_limits(limits, &["p"]).await;
    at.plane.attach_security_profile("p", ALL).await.unwrap();
    at.plane.attach_security_profile("p", ALL).await.unwrap();
    let text = refusal(at.plane.attach_security_profile("p", REGISTERED).await);
    assert!(text.starts_with("LimitExceeded: security profile p has 1 targets"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn a_group_that_is_deleted_is_watched_no_more_and_nor_is_the_next_of_its_name() {
    let at = with_profiles(&["p", "q"]).await;
    at.groups(&["ward"]).await;
    at.plane.attach_security_profile("p", &group_arn("ward")).await.unwrap();
    at.plane.attach_security_profile("p", ALL).await.unwrap();
    at.plane.delete_thing_group("ward", None).await.unwrap();
    assert_eq!(at.plane.security_profile("p").await.unwrap().targets, [ALL]);
    at.groups(&["ward"]).await;
    let page = Page::first(9);
    let found = at.plane.security_profiles_for_target(&group_arn("ward"), true, &page).await;
    assert_eq!(found.unwrap().rows, []);
    at.end().await;
}

#[tokio::test]
async fn groups_go_and_profiles_come_at_once_and_no_profile_watches_a_group_that_is_gone() {
    let at = with_profiles(&["p0", "p1", "p2", "p3"]).await;
    for _ in 0..8 {
        at.groups(&["ward"]).await;
        let arn = group_arn("ward");
        let names = ["p0", "p1", "p2", "p3"];
        let attach = join_all(names.iter().map(|it| at.plane.attach_security_profile(it, &arn)));
        let (_, deleted) = tokio::join!(attach, at.plane.delete_thing_group("ward", None));
        deleted.unwrap();
        for profile in at.plane.security_profiles().await.unwrap() {
            assert!(profile.targets.is_empty(), "{profile:?}");
        }
    }
    at.end().await;
}

#[tokio::test]
async fn profiles_are_listed_by_name_dimension_or_metric() {
    let at = with_profiles(&["b", "a", "c"]).await;
    let filters = vec!["dt/#".to_owned()];
    at.plane.create_dimension(NewDimension::topic_filter("topics", filters), &[]).await.unwrap();
    let metric = NewCustomMetric {
        name: "heat".to_owned(),
        metric_type: "number".to_owned(),
        ..NewCustomMetric::default()
    };
    at.plane.create_custom_metric(metric, &[]).await.unwrap();
    let retained = json!({ "additionalMetricsToRetainV2": [
        { "metric": "aws:num-messages-sent", "metricDimension": { "dimensionName": "topics" } },
    ]});
    at.plane.update_security_profile("b", changed(retained)).await.unwrap();
    let older = json!({ "additionalMetricsToRetain": ["heat"] });
    at.plane.update_security_profile("c", changed(older)).await.unwrap();
    let listed = async |dimension: Option<&str>, metric: Option<&str>| {
        let filter = ProfileFilter {
            dimension: dimension.map(str::to_owned),
            metric: metric.map(str::to_owned),
        };
        let plane = &at.plane;
        let read = |page: Page| {
            let filter = filter.clone();
            async move { plane.list_security_profiles(&filter, &page).await }
        };
        all_pages(2, read).await.concat().join(" ")
    };
    assert_eq!(listed(None, None).await, "a b c");
    assert_eq!(listed(Some("topics"), None).await, "b");
    assert_eq!(listed(None, Some("heat")).await, "c");
    assert_eq!(listed(None, Some("aws:num-messages-sent")).await, "a b c");
    let refused = async |dimension: Option<&str>, metric: Option<&str>, expected: &str| {
        let filter = ProfileFilter {
            dimension: dimension.map(str::to_owned),
            metric: metric.map(str::to_owned),
        };
        let text = refusal(at.plane.list_security_profiles(&filter, &Page::first(9)).await);
        assert!(text.starts_with(expected), "{text}");
    };
    refused(Some("topics"), Some("heat"), "Invalid: ").await;
    refused(Some("none"), None, "NotFound: dimension none").await;
    refused(None, Some("none"), "NotFound: custom metric none").await;
    refused(Some("a b"), None, "Invalid: ").await;
    at.end().await;
}

#[tokio::test]
async fn profiles_of_a_target_are_listed_with_those_of_the_groups_in_it_if_asked() {
    let at = with_profiles(&["a", "b"]).await;
    at.groups(&["site", "site/ward", "ward/room", "other"]).await;
    for (profile, group) in
        [("a", "site"), ("b", "ward"), ("a", "room"), ("b", "room"), ("a", "other")]
    {
        at.plane.attach_security_profile(profile, &group_arn(group)).await.unwrap();
    }
    let listed = async |arn: &str, is_recursive: bool| {
        let plane = &at.plane;
        let read = |page: Page| {
            let arn = arn.to_owned();
            async move { plane.security_profiles_for_target(&arn, is_recursive, &page).await }
        };
        let short = |it: ProfileMapping| {
            let (_, target) = it.target_arn.rsplit_once('/').unwrap();
            format!("{}-{target}", it.profile)
        };
        all_pages(1, read).await.concat().into_iter().map(short).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(listed(&group_arn("site"), false).await, "a-site");
    assert_eq!(listed(&group_arn("site"), true).await, "a-room a-site b-room b-ward");
    assert_eq!(listed(ALL, true).await, "");
    let page = Page::first(9);
    let text =
        refusal(at.plane.security_profiles_for_target(&group_arn("none"), false, &page).await);
    assert_eq!(text, "NotFound: thing group none not found");
    let text = refusal(at.plane.security_profiles_for_target("x", false, &page).await);
    assert!(text.starts_with("Invalid: "), "{text}");
    let targets = at.plane.targets_of_security_profile("a", &Page::first(2)).await.unwrap();
    assert_eq!(targets.rows, [group_arn("other"), group_arn("room")]);
    assert_eq!(targets.next, Some(group_arn("room")));
    at.end().await;
}

#[tokio::test]
async fn a_stored_profile_that_is_no_object_is_an_internal_error() {
    let at = TestPlane::new().await;
    for (name, body) in [("a", "[]"), ("b", "x"), ("c", r#"{"targets":[1]}"#)] {
        at.registry
            .create_document(DocumentKind::SecurityProfile, name, body, START)
            .await
            .unwrap();
        let error = at.plane.security_profile(name).await.unwrap_err();
        assert!(matches!(error, ControlError::Internal(_)), "{error}");
    }
    at.end().await;
}

#[test]
fn nulls_are_as_good_as_absent_and_defaults_are_shown() {
    let given = json!({
        "behaviors": [{ "name": "a", "metricDimension": null, "criteria": { "value": null } }],
        "alertTargets": null,
    });
    let given = content(given);
    assert_eq!(
        Value::Object(given.members().clone()),
        json!({ "behaviors": [{ "name": "a", "criteria": {} }] })
    );
    let shown = json!({ "behaviors": [{ "name": "a", "criteria": {
        "consecutiveDatapointsToAlarm": 1,
        "consecutiveDatapointsToClear": 1,
    }}]});
    assert_eq!(Value::Object(given.shown()), shown);
    assert_eq!(Value::Object(content(json!({})).shown()), json!({ "behaviors": [] }));
    let body =
        Map::from_iter([("tags".to_owned(), json!([])), ("behaviors".to_owned(), json!([]))]);
    assert_eq!(ProfileContent::of_request(body).members().len(), 1);
}
