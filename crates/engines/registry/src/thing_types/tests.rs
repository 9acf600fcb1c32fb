use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use picket_ports::registry::Page;

use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal, thing};
use crate::{
    NewThing, PropagatedFrom, PropagatingAttribute, RegistryLimits, ThingChange, ThingTypeChange,
    ThingTypeProperties, TypeChange,
};

fn properties(description: &str, searchable: &[&str]) -> ThingTypeProperties {
    ThingTypeProperties {
        description: Some(description.to_owned()),
        searchable_attributes: searchable.iter().map(ToString::to_string).collect(),
        propagating_attributes: Vec::new(),
    }
}

fn propagating(key: &str, from: PropagatedFrom) -> ThingTypeProperties {
    let attribute = PropagatingAttribute { user_property: key.to_owned(), from };
    ThingTypeProperties { propagating_attributes: vec![attribute], ..properties("", &[]) }
}

#[tokio::test]
async fn a_type_is_described_as_it_was_made_and_making_it_again_finds_it() {
    let at = TestPlane::new().await;
    let tags: Vec<_> = pairs("owner=ward");
    let made =
        at.plane.create_thing_type("pump", properties("Pumps", &["a", "b"]), &tags).await.unwrap();
    assert_eq!((made.created, made.deprecated), (START, None));
    assert_eq!(at.plane.describe_thing_type("pump").await.unwrap(), made);
    let again =
        at.plane.create_thing_type("pump", properties("Pumps", &["b", "a"]), &[]).await.unwrap();
    assert_eq!(again, made);
    assert_eq!(at.registry.tags(&at.plane.thing_type_arn("pump")).await.unwrap(), tags);
    let text = refusal(at.plane.create_thing_type("pump", properties("Pumps", &[]), &[]).await);
    assert!(text.starts_with("AlreadyExists: thing type pump already exists"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn properties_that_break_a_rule_are_refused_and_nothing_is_written() {
    let at = TestPlane::new().await;
    let thing_attribute = |name: &str| PropagatedFrom::ThingAttribute(name.to_owned());
    let connection = |name: &str| PropagatedFrom::Connection(name.to_owned());
    let many = PropagatingAttribute { user_property: "k".into(), from: thing_attribute("a") };
    let many = ThingTypeProperties {
        propagating_attributes: vec![many; 21],
        ..ThingTypeProperties::default()
    };
    let cases = [
        (properties("Käse", &[]), "thingTypeDescription"),
        (properties(&"x".repeat(2029), &[]), "thingTypeDescription"),
        (properties("", &["a", "b", "c", "d"]), "at most 3"),
        (properties("", &["a b"]), "searchableAttributes"),
        (many, "at most 20"),
        (propagating("a b", thing_attribute("a")), "userPropertyKey"),
        (propagating("k", thing_attribute("a b")), "thingAttribute"),
        (propagating("k", connection("iot:SourceIp")), "iot:ClientId"),
    ];
    for (properties, problem) in cases {
        let text = refusal(at.plane.create_thing_type("pump", properties, &[]).await);
        assert!(text.starts_with("Invalid: ") && text.contains(problem), "{text}");
    }
    let twice: Vec<_> = pairs("a=1 a=2");
    let text = refusal(at.plane.create_thing_type("pump", properties("", &[]), &twice).await);
    assert_eq!(text, "Invalid: tag `a` is given twice");
    let text = refusal(at.plane.create_thing_type("a/b", properties("", &[]), &[]).await);
    assert!(text.contains("thingTypeName"), "{text}");
    assert_eq!(at.plane.list_thing_types(None, &Page::first(9)).await.unwrap().rows, []);
    at.end().await;
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let at = TestPlane::new().await;
    at.plane.create_thing_type("pump", properties("Pumps", &["a"]), &[]).await.unwrap();
    let change = ThingTypeChange {
        searchable_attributes: Some(vec!["b".into()]),
        ..ThingTypeChange::default()
    };
    let changed = at.plane.update_thing_type("pump", change.clone()).await.unwrap();
    assert_eq!(changed.properties, properties("Pumps", &["b"]));
    let change = ThingTypeChange { description: Some("Käse".into()), ..change };
    let text = refusal(at.plane.update_thing_type("pump", change.clone()).await);
    assert!(text.starts_with("Invalid"), "{text}");
    assert_eq!(at.plane.describe_thing_type("pump").await.unwrap(), changed);
    let text = refusal(at.plane.update_thing_type("none", change).await);
    assert_eq!(text, "NotFound: thing type none not found");
    at.end().await;
}

#[tokio::test]
async fn a_type_goes_five_minutes_after_it_was_deprecated_and_only_when_no_thing_is_of_it() {
    let at = TestPlane::new().await;
    at.plane.create_thing_type("pump", properties("", &[]), &pairs::<Vec<_>>("a=1")).await.unwrap();
    let wanted = NewThing { type_name: Some("pump".into()), ..thing("pump-17") };
    at.plane.create_thing(wanted).await.unwrap();
    let text = refusal(at.plane.delete_thing_type("pump").await);
    assert!(text.contains("must be deprecated for 5 minutes first"), "{text}");

    at.plane.deprecate_thing_type("pump", false).await.unwrap();
    at.clock.advance(Duration::from_secs(299));
    // Deprecating it again does not begin the time anew.
    let again = at.plane.deprecate_thing_type("pump", false).await.unwrap();
    assert_eq!(again.deprecated, Some(START));
    let text = refusal(at.plane.delete_thing_type("pump").await);
    assert!(text.contains("it was deprecated 299 s ago"), "{text}");
    at.clock.advance(Duration::from_secs(1));
    let text = refusal(at.plane.delete_thing_type("pump").await);
    assert!(text.contains("there are still things associated with it"), "{text}");

    let untyped = ThingChange { type_name: TypeChange::Remove, ..ThingChange::default() };
    at.plane.update_thing("pump-17", &untyped).await.unwrap();
    at.plane.delete_thing_type("pump").await.unwrap();
    for text in [
        refusal(at.plane.describe_thing_type("pump").await),
        refusal(at.plane.delete_thing_type("pump").await),
        refusal(at.plane.deprecate_thing_type("pump", true).await),
    ] {
        assert_eq!(text, "NotFound: thing type pump not found");
    }
    assert_eq!(at.registry.tags(&at.plane.thing_type_arn("pump")).await.unwrap(), []);
    at.end().await;
}

#[tokio::test]
async fn a_type_that_is_deprecated_no_more_takes_things_again() {
    let at = TestPlane::new().await;
    at.plane.create_thing_type("pump", properties("", &[]), &[]).await.unwrap();
    at.plane.deprecate_thing_type("pump", false).await.unwrap();
    let undone = at.plane.deprecate_thing_type("pump", true).await.unwrap();
    assert_eq!(undone.deprecated, None);
    at.plane.deprecate_thing_type("pump", true).await.unwrap();
    let wanted = NewThing { type_name: Some("pump".into()), ..thing("pump-17") };
    at.plane.create_thing(wanted).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn no_thing_is_left_with_a_type_that_is_deleted_at_the_same_time() {
    let limits = RegistryLimits { thing_type_deletion_minutes: 0, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    for round in 0..20 {
        let type_name = format!("type-{round}");
        at.plane.create_thing_type(&type_name, properties("", &[]), &[]).await.unwrap();
        let create = |n: u32| {
            let name = format!("t-{round}-{n}");
            let wanted = NewThing { type_name: Some(type_name.clone()), ..thing(&name) };
            at.plane.create_thing(wanted)
        };
        let delete = async {
            at.plane.deprecate_thing_type(&type_name, false).await.unwrap();
            at.plane.delete_thing_type(&type_name).await
        };
        let (created, deleted) = futures::future::join(join_all((0..8).map(create)), delete).await;
        let is_used = created.iter().any(Result::is_ok);
        assert!(is_used != deleted.is_ok(), "used: {is_used}, deleted: {deleted:?}");
    }
    at.end().await;
}

#[tokio::test]
async fn of_many_who_create_the_same_type_one_does_and_all_get_it() {
    let at = TestPlane::new().await;
    let create = |n: u32| at.plane.create_thing_type("pump", properties(&n.to_string(), &[]), &[]);
    let all = join_all((0..32).map(|n| create(n / 16))).await;
    let made: Vec<_> = all.iter().flatten().collect();
    assert_eq!(made.len(), 16);
    assert!(made.iter().all(|it| it.id == made[0].id));
    at.end().await;
}

#[tokio::test]
async fn types_are_listed_in_pages_by_name_and_by_the_beginning_of_it() {
    let at = TestPlane::new().await;
    for name in ["pump", "pump-xl", "camera", "valve"] {
        at.plane.create_thing_type(name, properties("", &[]), &[]).await.unwrap();
    }
    let list = async |prefix: Option<&'static str>| {
        let plane = Arc::clone(&at.plane);
        let pages = all_pages(2, |page| {
            let plane = Arc::clone(&plane);
            async move { plane.list_thing_types(prefix, &page).await }
        })
        .await;
        let names: Vec<Vec<String>> = pages
            .into_iter()
            .map(|page| page.into_iter().map(|thing_type| thing_type.name).collect())
            .collect();
        names
    };
    assert_eq!(list(None).await, [["camera", "pump"], ["pump-xl", "valve"]]);
    assert_eq!(list(Some("pump")).await, [["pump", "pump-xl"]]);
    assert_eq!(list(Some("none")).await, [Vec::<String>::new()]);
    at.end().await;
}

#[tokio::test]
async fn events_of_types_are_published_when_they_are_switched_on() {
    let limits = RegistryLimits { thing_type_deletion_minutes: 0, ..RegistryLimits::default() };
    let mut at = TestPlane::with(limits).await;
    at.switch_on(&["THING_TYPE"]).await;
    let from = PropagatedFrom::Connection("iot:ClientId".into());
    at.plane.create_thing_type("pump", propagating("id", from), &[]).await.unwrap();
    at.plane.deprecate_thing_type("pump", false).await.unwrap();
    at.plane.deprecate_thing_type("pump", false).await.unwrap();
    at.plane.delete_thing_type("pump").await.unwrap();
    let published = at.published();
    let seen: Vec<_> = published
        .iter()
        .map(|(topic, event)| (topic.as_str(), event["isDeprecated"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            ("$aws/events/thingType/pump/created", false),
            ("$aws/events/thingType/pump/updated", true),
            ("$aws/events/thingType/pump/deleted", true),
        ]
    );
    let propagated = &published[0].1["propagatingAttributes"][0];
    assert_eq!(propagated["userPropertyKey"], "id");
    assert_eq!(propagated["connectionAttribute"], "iot:ClientId");
    at.end().await;
}
