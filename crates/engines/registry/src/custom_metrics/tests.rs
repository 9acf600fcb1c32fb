use std::time::{Duration, Instant};

use futures::future::join_all;
use picket_core::Clock as _;
use picket_ports::registry::{DocumentKind, Page};
use serde_json::{Value, json};

use super::NewCustomMetric;
use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal};
use crate::{ProfileContent, RegistryLimits};

fn new(name: &str, metric_type: &str) -> NewCustomMetric {
    NewCustomMetric {
        name: name.to_owned(),
        metric_type: metric_type.to_owned(),
        ..NewCustomMetric::default()
    }
}

fn with_token(token: &str, metric_type: &str) -> NewCustomMetric {
    NewCustomMetric { client_request_token: Some(token.to_owned()), ..new("m", metric_type) }
}

#[tokio::test]
async fn a_metric_is_described_as_it_was_made_and_renamed() {
    let at = TestPlane::new().await;
    let tags: Vec<_> = pairs("k=v");
    let named = NewCustomMetric { display_name: Some("Heat".to_owned()), ..new("m", "number") };
    let made = at.plane.create_custom_metric(named, &tags).await.unwrap();
    assert_eq!((made.created, made.modified, made.metric_type.as_str()), (START, START, "number"));
    assert_eq!(at.plane.custom_metric("m").await.unwrap(), made);
    let arn = at.plane.custom_metric_arn("m");
    assert_eq!(arn, "arn:aws:iot:us-east-1:000000000000:custommetric/m");
    assert_eq!(at.plane.resource_tags(&arn).await.unwrap(), tags);
    at.clock.advance(Duration::from_secs(60));
    let changed = at.plane.update_custom_metric("m", "Warmth").await.unwrap();
    assert_eq!((changed.created, changed.modified), (START, at.clock.now()));
    assert_eq!(changed.display_name.as_deref(), Some("Warmth"));
    let changed = at.plane.update_custom_metric("m", "").await.unwrap();
    assert_eq!((changed.display_name, changed.metric_type.as_str()), (None, "number"));
    at.plane.delete_custom_metric("m").await.unwrap();
    at.plane.delete_custom_metric("m").await.unwrap();
    assert_eq!(at.registry.tags(&arn).await.unwrap(), []);
    for text in [
        refusal(at.plane.custom_metric("m").await),
        refusal(at.plane.update_custom_metric("m", "n").await),
    ] {
        assert_eq!(text, "NotFound: custom metric m not found");
    }
    at.end().await;
}

#[tokio::test]
async fn only_the_same_request_with_the_same_token_finds_what_is_there() {
    let at = TestPlane::new().await;
    let made = at.plane.create_custom_metric(with_token("t", "number"), &[]).await.unwrap();
    let again = at.plane.create_custom_metric(with_token("t", "number"), &[]).await.unwrap();
    assert_eq!(again, made);
    for other in [with_token("u", "number"), with_token("t", "string-list"), new("m", "number")] {
        let text = refusal(at.plane.create_custom_metric(other, &[]).await);
        assert!(text.starts_with("AlreadyExists: custom metric m"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn types_and_names_that_are_none_are_refused() {
    let at = TestPlane::new().await;
    for metric_type in ["number", "number-list", "string-list", "ip-address-list"] {
        at.plane.create_custom_metric(new(metric_type, metric_type), &[]).await.unwrap();
    }
    for metric_type in ["", "numbers", "NUMBER"] {
        let text = refusal(at.plane.create_custom_metric(new("m", metric_type), &[]).await);
        assert!(text.starts_with("Invalid: metricType "), "{text}");
    }
    for name in ["aws:heat", "a b", "", &"x".repeat(129)] {
        let text = refusal(at.plane.create_custom_metric(new(name, "number"), &[]).await);
        assert!(text.starts_with("Invalid: ") && text.contains("metricName"), "{text}");
    }
    for display_name in ["a\nb", &"x".repeat(129)] {
        let display_name = Some(display_name.to_owned());
        let odd = NewCustomMetric { display_name, ..new("m", "number") };
        let text = refusal(at.plane.create_custom_metric(odd, &[]).await);
        assert!(text.starts_with("Invalid: ") && text.contains("displayName"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn there_is_no_hundred_and_first_metric_however_many_are_made_at_once() {
    let at = TestPlane::new().await;
    let names: Vec<String> = (0..120).map(|n| format!("m{n:03}")).collect();
    let made = names.iter().map(|it| at.plane.create_custom_metric(new(it, "number"), &[]));
    let ended = join_all(made).await;
    assert_eq!(ended.iter().filter(|it| it.is_ok()).count(), 100);
    let text = refusal(at.plane.create_custom_metric(new("more", "number"), &[]).await);
    assert_eq!(text, "LimitExceeded: there are 100 custom metrics; at most 100 are allowed");
    let plane = &at.plane;
    let read = |page: Page| async move { plane.list_custom_metrics(&page).await };
    let pages = all_pages(30, read).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 30, 10]);
    at.end().await;
}

#[tokio::test]
async fn a_metric_that_a_profile_uses_stays() {
    let at = TestPlane::new().await;
    at.plane.create_custom_metric(new("m", "number"), &[]).await.unwrap();
    let Value::Object(members) = json!({ "additionalMetricsToRetain": ["m"] }) else {
        panic!("an object")
    };
    for n in 0..7 {
        let content = ProfileContent::new(members.clone());
        at.plane.create_security_profile(&format!("p{n}"), content, &[]).await.unwrap();
    }
    let text = refusal(at.plane.delete_custom_metric("m").await);
    let users = "p0, p1, p2, p3, p4 and 2 more";
    let expected = "Invalid: Cannot delete custom metric m: it is used by security profile";
    assert_eq!(text, format!("{expected} {users}"));
    for n in 0..7 {
        at.plane.delete_security_profile(&format!("p{n}"), None).await.unwrap();
    }
    at.plane.delete_custom_metric("m").await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn ten_thousand_metrics_leave_everything_fast() {
    let limits = RegistryLimits { custom_metrics_max: 10_001, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    let create = |n: usize| {
        let (registry, name) = (at.registry.clone(), format!("m{n:05}"));
        async move {
            let body = r#"{"metricType":"number"}"#;
            let kind = DocumentKind::CustomMetric;
            registry.create_document(kind, &name, body, START).await.unwrap();
        }
    };
    join_all((0..10_000).map(create)).await;
    let began = Instant::now();
    let made = at.plane.create_custom_metric(new("the-last", "number"), &[]).await.unwrap();
    assert_eq!(at.plane.list_custom_metrics(&Page::first(25)).await.unwrap().rows.len(), 25);
    let Value::Object(members) = json!({ "additionalMetricsToRetain": [made.name, "m09999"] })
    else {
        panic!("an object")
    };
    let content = ProfileContent::new(members);
    at.plane.create_security_profile("p", content, &[]).await.unwrap();
    let text = refusal(at.plane.create_custom_metric(new("more", "number"), &[]).await);
    assert!(text.starts_with("LimitExceeded: there are 10001 custom metrics"), "{text}");
    // Some hundred times what it takes on an idle machine.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    at.end().await;
}
