use std::time::Duration;

use futures::future::join_all;
use picket_core::Clock as _;
use picket_ports::registry::Page;
use serde_json::{Value, json};

use super::NewDimension;
use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal};
use crate::{ProfileContent, RegistryLimits};

fn new(name: &str, values: &[&str]) -> NewDimension {
    NewDimension::topic_filter(name, values.iter().map(ToString::to_string).collect())
}

fn with_token(token: &str, values: &[&str]) -> NewDimension {
    NewDimension { client_request_token: Some(token.to_owned()), ..new("d", values) }
}

#[tokio::test]
async fn a_dimension_is_described_as_it_was_made_and_updated() {
    let at = TestPlane::new().await;
    let tags: Vec<_> = pairs("k=v");
    let made = at.plane.create_dimension(new("d", &["a/+", "b/#"]), &tags).await.unwrap();
    assert_eq!((made.created, made.modified, made.values.len()), (START, START, 2));
    assert_eq!(at.plane.dimension("d").await.unwrap(), made);
    let arn = at.plane.dimension_arn("d");
    assert_eq!(arn, "arn:aws:iot:us-east-1:000000000000:dimension/d");
    assert_eq!(at.plane.resource_tags(&arn).await.unwrap(), tags);
    at.clock.advance(Duration::from_secs(60));
    let changed = at.plane.update_dimension("d", vec!["c".to_owned()]).await.unwrap();
    assert_eq!((changed.created, changed.modified), (START, at.clock.now()));
    assert_eq!(changed.values, ["c"]);
    assert_eq!(at.plane.dimension("d").await.unwrap(), changed);
    at.plane.delete_dimension("d").await.unwrap();
    at.plane.delete_dimension("d").await.unwrap();
    assert_eq!(at.registry.tags(&arn).await.unwrap(), []);
    for text in [
        refusal(at.plane.dimension("d").await),
        refusal(at.plane.update_dimension("d", vec!["c".to_owned()]).await),
    ] {
        assert_eq!(text, "NotFound: dimension d not found");
    }
    at.end().await;
}

#[tokio::test]
async fn only_the_same_request_with_the_same_token_finds_what_is_there() {
    let at = TestPlane::new().await;
    let made = at.plane.create_dimension(with_token("t", &["a"]), &[]).await.unwrap();
    assert_eq!(at.plane.create_dimension(with_token("t", &["a"]), &[]).await.unwrap(), made);
    for other in [with_token("u", &["a"]), with_token("t", &["b"]), new("d", &["a"])] {
        let text = refusal(at.plane.create_dimension(other, &[]).await);
        assert!(text.starts_with("AlreadyExists: dimension d"), "{text}");
    }
    for token in ["", "a b", &"x".repeat(65)] {
        let text = refusal(at.plane.create_dimension(with_token(token, &["a"]), &[]).await);
        assert!(text.starts_with("Invalid: ") && text.contains("clientRequestToken"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn filters_that_mqtt_would_refuse_and_too_many_are_refused() {
    let at = TestPlane::new().await;
    let many: Vec<String> = (0..101).map(|n| format!("t{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(257);
    for values in
        [&[][..], &[""], &["a+"], &["#/a"], &["ok", "${iot:Other}"], &[long.as_str()], &many]
    {
        let text = refusal(at.plane.create_dimension(new("d", values), &[]).await);
        assert!(text.starts_with("Invalid: stringValues"), "{text}");
    }
    let other = NewDimension { dimension_type: "OTHER".to_owned(), ..new("d", &["a"]) };
    let text = refusal(at.plane.create_dimension(other, &[]).await);
    assert!(text.starts_with("Invalid: type "), "{text}");
    let text = refusal(at.plane.create_dimension(new("a b", &["a"]), &[]).await);
    assert!(text.starts_with("Invalid: "), "{text}");
    at.plane.create_dimension(new("d", &["a"]), &[]).await.unwrap();
    let text = refusal(at.plane.update_dimension("d", Vec::new()).await);
    assert!(text.starts_with("Invalid: stringValues"), "{text}");
    assert_eq!(at.plane.dimension("d").await.unwrap().values, ["a"]);
    at.end().await;
}

#[tokio::test]
async fn there_is_no_eleventh_dimension_however_many_are_made_at_once() {
    let at = TestPlane::new().await;
    let names: Vec<String> = (0..16).map(|n| format!("d{n}")).collect();
    let ended =
        join_all(names.iter().map(|it| at.plane.create_dimension(new(it, &["a"]), &[]))).await;
    assert_eq!(ended.iter().filter(|it| it.is_ok()).count(), 10);
    let text = refusal(at.plane.create_dimension(new("d99", &["a"]), &[]).await);
    assert_eq!(text, "LimitExceeded: there are 10 dimensions; at most 10 are allowed");
    let plane = &at.plane;
    let read = |page: Page| async move { plane.list_dimensions(&page).await };
    let pages = all_pages(4, read).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
    assert!(pages.concat().is_sorted());
    at.end().await;
}

#[tokio::test]
async fn a_dimension_that_a_profile_uses_stays() {
    let limits = RegistryLimits { dimensions_max: 1, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    at.plane.create_dimension(new("d", &["a"]), &[]).await.unwrap();
    let Value::Object(members) = json!({ "additionalMetricsToRetainV2": [
        { "metric": "aws:num-messages-sent", "metricDimension": { "dimensionName": "d" } },
    ]}) else {
        panic!("an object")
    };
    let content = ProfileContent::new(members);
    at.plane.create_security_profile("p", content, &[]).await.unwrap();
    let text = refusal(at.plane.delete_dimension("d").await);
    let expected = "Invalid: Cannot delete dimension d: it is used by security profile p";
    assert_eq!(text, expected);
    at.plane.delete_security_profile("p", None).await.unwrap();
    at.plane.delete_dimension("d").await.unwrap();
    at.end().await;
}
