use std::sync::Arc;

use futures::future::join_all;
use picket_core::{CertificateId, ThingName, Timestamp};
use picket_ports::directory::Directory as _;
use picket_ports::registry::{Certificate, CertificateMode, CertificateStatus, Thing, ThingFilter};
use serde_json::json;

use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal, thing};
use crate::{
    AttributeChange, ControlError, NewThing, ThingChange, ThingTypeProperties, TypeChange,
};

fn thing_with(name: &str, attributes: &str) -> NewThing {
    NewThing { attributes: pairs(attributes), ..thing(name) }
}

fn set(attributes: &str, is_merge: bool) -> ThingChange {
    let attributes = Some(AttributeChange { attributes: pairs(attributes), is_merge });
    ThingChange { attributes, ..ThingChange::default() }
}

async fn types(at: &TestPlane, names: &[&str]) {
    for name in names {
        at.plane.create_thing_type(name, ThingTypeProperties::default(), &[]).await.unwrap();
    }
}

#[tokio::test]
async fn a_created_thing_is_described_as_it_was_asked_for_and_known_at_the_door() {
    let at = TestPlane::new().await;
    types(&at, &["pump"]).await;
    at.plane.create_billing_group("ward", None, &[]).await.unwrap();
    let wanted = NewThing {
        type_name: Some("pump".into()),
        billing_group: Some("ward".into()),
        ..thing_with("pump-17", "site=west floor=3 gone=")
    };
    let created = at.plane.create_thing(wanted.clone()).await.unwrap();
    assert!(at.directory.is_registered("pump-17"));
    let described = at.plane.describe_thing("pump-17").await.unwrap();
    assert_eq!(described, created);
    assert_eq!(described.attributes, pairs::<Vec<_>>("floor=3 site=west"));
    assert_eq!((described.version, described.created), (1, START));
    // The same again changes nothing and returns the same.
    assert_eq!(at.plane.create_thing(wanted).await.unwrap(), created);
    at.end().await;
}

#[tokio::test]
async fn another_configuration_of_the_same_name_is_refused_with_the_things_id_and_arn() {
    let at = TestPlane::new().await;
    let first = at.plane.create_thing(thing_with("pump-17", "site=west")).await.unwrap();
    let refused = at.plane.create_thing(thing_with("pump-17", "site=east")).await.unwrap_err();
    let ControlError::AlreadyExists { id, arn, .. } = refused else { panic!("{refused}") };
    assert_eq!(id, first.id);
    assert_eq!(arn, "arn:aws:iot:us-east-1:000000000000:thing/pump-17");
    at.end().await;
}

#[tokio::test]
async fn what_a_thing_refers_to_must_be_there_and_in_use() {
    let at = TestPlane::new().await;
    types(&at, &["old"]).await;
    at.plane.deprecate_thing_type("old", false).await.unwrap();
    let of_type = |name: &str| NewThing { type_name: Some(name.into()), ..thing("pump-17") };
    let billed = NewThing { billing_group: Some("ward".into()), ..thing("pump-17") };
    let cases = [
        (of_type("none"), "NotFound: thing type none not found"),
        (of_type("old"), "Invalid: thing type old is deprecated"),
        (of_type("a b"), "Invalid: value `a b` at `thingTypeName` holds ' '"),
        (billed, "NotFound: billing group ward not found"),
    ];
    for (wanted, problem) in cases {
        let text = refusal(at.plane.create_thing(wanted).await);
        assert!(text.starts_with(problem), "{text}");
    }
    assert_eq!(at.registry.count_things().await.unwrap(), 0);
    at.end().await;
}

#[tokio::test]
async fn odd_names_and_attributes_are_refused_and_nothing_is_written() {
    let at = TestPlane::new().await;
    let long = "x".repeat(129);
    for name in ["", "a/b", "a b", "käse", "a\0", "a\u{202e}b", "a.b", "../a", "'; --", &long] {
        let text = refusal(at.plane.create_thing(thing(name)).await);
        assert!(text.starts_with("Invalid: value"), "{name:?}: {text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    for attributes in ["ä=1", "a=ö", "=1", "a=b;c", "a*=1"] {
        let text = refusal(at.plane.create_thing(thing_with("pump-17", attributes)).await);
        assert!(text.starts_with("Invalid: value"), "{attributes}: {text}");
    }
    let text = refusal(at.plane.create_thing(thing_with("pump-17", "a=1 b=2 c=3 d=4")).await);
    assert!(text.contains("a thing without a type can have at most 3 attributes"), "{text}");
    assert_eq!(at.registry.count_things().await.unwrap(), 0);
    at.end().await;
}

#[tokio::test]
async fn a_type_allows_fifty_attributes_and_cannot_be_taken_away_while_they_need_it() {
    let at = TestPlane::new().await;
    types(&at, &["pump"]).await;
    let attributes: String = (0..50).map(|n| format!("a{n}=1 ")).collect();
    let wanted = NewThing { type_name: Some("pump".into()), ..thing_with("pump-17", &attributes) };
    at.plane.create_thing(wanted).await.unwrap();
    let text = refusal(at.plane.update_thing("pump-17", &set("one-more=1", true)).await);
    assert!(text.contains("at most 50 attributes; this one would have 51"), "{text}");
    let untyped = ThingChange { type_name: TypeChange::Remove, ..ThingChange::default() };
    let text = refusal(at.plane.update_thing("pump-17", &untyped).await);
    assert!(text.contains("at most 3 attributes; this one would have 50"), "{text}");
    let both = ThingChange { type_name: TypeChange::Remove, ..set("a=1", false) };
    let thing = at.plane.update_thing("pump-17", &both).await.unwrap();
    assert_eq!((thing.type_name, thing.version), (None, 2));
    at.end().await;
}

#[tokio::test]
async fn updates_replace_or_merge_attributes_and_count_the_version() {
    let at = TestPlane::new().await;
    at.plane.create_thing(thing_with("pump-17", "a=1 b=2")).await.unwrap();
    let steps = [
        (set("c=3", true), "a=1 b=2 c=3"),
        (set("a= c=4", true), "b=2 c=4"),
        (set("d=5", false), "d=5"),
        (ThingChange::default(), "d=5"),
        (set("", false), ""),
    ];
    for (at_version, (change, expected)) in (2..).zip(steps) {
        let thing = at.plane.update_thing("pump-17", &change).await.unwrap();
        assert_eq!(thing.attributes, pairs::<Vec<_>>(expected));
        assert_eq!(thing.version, at_version);
    }
    at.end().await;
}

#[tokio::test]
async fn an_update_or_delete_of_another_version_is_refused() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    let change = ThingChange { expected_version: Some(2), ..set("a=1", false) };
    let text = refusal(at.plane.update_thing("pump-17", &change).await);
    assert_eq!(
        text,
        "VersionConflict: expected version 2 of thing pump-17, but it is at version 1"
    );
    let text = refusal(at.plane.delete_thing("pump-17", Some(7)).await);
    assert!(text.starts_with("VersionConflict: expected version 7"), "{text}");
    let change = ThingChange { expected_version: Some(1), ..change };
    at.plane.update_thing("pump-17", &change).await.unwrap();
    at.plane.delete_thing("pump-17", Some(2)).await.unwrap();
    let text = refusal(at.plane.update_thing("pump-17", &set("a=1", false)).await);
    assert_eq!(text, "NotFound: thing pump-17 not found");
    at.end().await;
}

#[tokio::test]
async fn a_thing_keeps_a_deprecated_type_but_none_gets_one() {
    let at = TestPlane::new().await;
    types(&at, &["old", "new"]).await;
    let wanted = NewThing { type_name: Some("old".into()), ..thing("pump-17") };
    at.plane.create_thing(wanted).await.unwrap();
    at.things(&["pump-18"]).await;
    at.plane.deprecate_thing_type("old", false).await.unwrap();
    let to = |name: &str| ThingChange {
        type_name: TypeChange::Set(name.into()),
        ..ThingChange::default()
    };
    at.plane.update_thing("pump-17", &to("old")).await.unwrap();
    let text = refusal(at.plane.update_thing("pump-18", &to("old")).await);
    assert!(text.starts_with("Invalid: thing type old is deprecated"), "{text}");
    let text = refusal(at.plane.update_thing("pump-18", &to("none")).await);
    assert_eq!(text, "NotFound: thing type none not found");
    let moved = at.plane.update_thing("pump-17", &to("new")).await.unwrap();
    assert_eq!(moved.type_name.as_deref(), Some("new"));
    at.end().await;
}

#[tokio::test]
async fn a_thing_with_a_certificate_stays_and_one_that_is_not_there_counts_as_deleted() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    at.plane.create_thing_group(crate::test_plane::group("ward"), &[]).await.unwrap();
    let id = CertificateId::new("ab".repeat(32)).unwrap();
    let certificate = Certificate {
        id: id.clone(),
        pem: String::new(),
        status: CertificateStatus::Active,
        ca: None,
        mode: CertificateMode::Default,
        not_before: START,
        not_after: Timestamp::from_millis(START.as_millis() + 1),
        created: START,
        modified: START,
        version: 1,
    };
    at.registry.create_certificate(&certificate).await.unwrap();
    let name = ThingName::new("pump-17").unwrap();
    at.registry.attach_thing(&name, &id, false).await.unwrap();
    let text = refusal(at.plane.delete_thing("pump-17", None).await);
    assert_eq!(
        text,
        "Invalid: Cannot delete. Thing pump-17 is still attached to one or more principals"
    );
    at.registry.detach_thing(&name, &id).await.unwrap();
    at.plane.delete_thing("pump-17", None).await.unwrap();
    assert!(!at.directory.is_registered("pump-17"));
    at.plane.delete_thing("pump-17", None).await.unwrap();
    at.plane.delete_thing("never-there", Some(3)).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn of_many_who_create_the_same_thing_one_does_and_all_get_it() {
    let at = TestPlane::new().await;
    let all = join_all((0..64).map(|_| at.plane.create_thing(thing_with("pump-17", "a=1")))).await;
    let first = all.first().unwrap().as_ref().unwrap().clone();
    assert!(all.iter().all(|thing| thing.as_ref().unwrap() == &first));
    // With different configurations exactly one gets the name.
    let each = |n: u32| at.plane.create_thing(thing_with("pump-18", &format!("a={n}")));
    let all = join_all((0..64).map(each)).await;
    let created: Vec<&Thing> = all.iter().flatten().collect();
    let [winner] = created.as_slice() else { panic!("{created:?}") };
    for refused in all.iter().filter_map(|result| result.as_ref().err()) {
        let ControlError::AlreadyExists { id, .. } = refused else { panic!("{refused}") };
        assert_eq!(id, &winner.id);
    }
    assert_eq!(at.plane.describe_thing("pump-18").await.unwrap(), **winner);
    at.end().await;
}

#[tokio::test]
async fn many_merges_at_once_are_all_made() {
    let at = TestPlane::new().await;
    types(&at, &["pump"]).await;
    let wanted = NewThing { type_name: Some("pump".into()), ..thing("pump-17") };
    at.plane.create_thing(wanted).await.unwrap();
    let changes: Vec<_> = (0..48).map(|n| set(&format!("a{n}=1"), true)).collect();
    let all = join_all(changes.iter().map(|change| at.plane.update_thing("pump-17", change))).await;
    assert!(all.iter().all(Result::is_ok));
    let thing = at.plane.describe_thing("pump-17").await.unwrap();
    assert_eq!((thing.attributes.len(), thing.version), (48, 49));
    // Of those who expect the same version one is served.
    let expecting = ThingChange { expected_version: Some(49), ..ThingChange::default() };
    let all = join_all((0..8).map(|_| at.plane.update_thing("pump-17", &expecting))).await;
    assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 1);
    at.end().await;
}

#[tokio::test]
async fn lists_are_paged_in_name_order_and_filters_are_all_to_hold() {
    let at = TestPlane::new().await;
    types(&at, &["pump"]).await;
    let new = |n: u32| NewThing {
        type_name: n.is_multiple_of(2).then(|| "pump".to_owned()),
        ..thing_with(&format!("t{n:03}"), &format!("site=west{} n={n}", n % 3))
    };
    join_all((0..60).map(|n| at.plane.create_thing(new(n)))).await;
    let count = async |filter: ThingFilter| {
        let plane = Arc::clone(&at.plane);
        let pages = all_pages(7, |page| {
            let (plane, filter) = (Arc::clone(&plane), filter.clone());
            async move { plane.list_things(&filter, &page).await }
        })
        .await;
        let names: Vec<_> = pages.iter().flatten().map(|thing| thing.name.clone()).collect();
        assert!(names.is_sorted());
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == 7));
        names.len()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(count(ThingFilter::default()).await, 60);
    let of_type = ThingFilter { type_name: some("pump"), ..ThingFilter::default() };
    assert_eq!(count(of_type.clone()).await, 30);
    let site = ThingFilter { attribute_name: some("site"), ..of_type };
    assert_eq!(count(site.clone()).await, 30);
    let west = ThingFilter { attribute_value: some("west1"), ..site };
    assert_eq!(count(west.clone()).await, 10);
    let prefix = ThingFilter { attribute_value: some("west"), ..west.clone() };
    assert_eq!(count(prefix.clone()).await, 0);
    assert_eq!(count(ThingFilter { value_is_prefix: true, ..prefix }).await, 30);
    let nobody = ThingFilter { type_name: some("none"), ..ThingFilter::default() };
    assert_eq!(count(nobody).await, 0);
    let odd = ThingFilter { attribute_value: some("a%'\""), ..west };
    let page = picket_ports::registry::Page::first(1);
    let text = refusal(at.plane.list_things(&odd, &page).await);
    assert!(text.starts_with("Invalid: value"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn events_of_things_are_published_when_they_are_switched_on() {
    let mut at = TestPlane::new().await;
    types(&at, &["pump"]).await;
    at.things(&["silent"]).await;
    assert_eq!(at.published(), []);
    at.switch_on(&["THING", "THING_TYPE_ASSOCIATION"]).await;
    let wanted = NewThing { type_name: Some("pump".into()), ..thing_with("pump-17", "a=1") };
    let created = at.plane.create_thing(wanted.clone()).await.unwrap();
    at.plane.create_thing(wanted).await.unwrap();
    let untyped = ThingChange { type_name: TypeChange::Remove, ..ThingChange::default() };
    at.plane.update_thing("pump-17", &untyped).await.unwrap();
    at.plane.delete_thing("pump-17", None).await.unwrap();
    let published = at.published();
    let topics: Vec<&str> = published.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(
        topics,
        [
            "$aws/events/thing/pump-17/created",
            "$aws/events/thingTypeAssociation/thing/pump-17/thingType/pump/added",
            "$aws/events/thing/pump-17/updated",
            "$aws/events/thingTypeAssociation/thing/pump-17/thingType/pump/removed",
            "$aws/events/thing/pump-17/deleted",
        ]
    );
    assert_eq!(
        published[0].1,
        json!({
            "eventType": "THING_EVENT", "timestamp": START.as_millis(), "operation": "CREATED",
            "accountId": "000000000000", "thingId": created.id, "thingName": "pump-17",
            "versionNumber": 1, "thingTypeName": "pump", "attributes": { "a": "1" },
        })
    );
    assert_eq!(published[3].1["operation"], "REMOVED");
    assert_eq!(published[4].1["versionNumber"], 2);
    at.end().await;
}
