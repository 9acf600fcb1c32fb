use std::sync::Arc;

use futures::future::join_all;
use picket_ports::registry::Page;

use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal, thing};
use crate::{NameOrArn, NewThing};

fn name(name: &str) -> NameOrArn<'_> {
    NameOrArn::name(name)
}

async fn billed(at: &TestPlane, thing: &str) -> Option<String> {
    at.plane.describe_thing(thing).await.unwrap().billing_group
}

#[tokio::test]
async fn a_billing_group_is_described_as_it_was_made_and_making_it_again_finds_it() {
    let at = TestPlane::new().await;
    let tags: Vec<_> = pairs("cost=42");
    let made = at.plane.create_billing_group("ward", Some("Ward 3"), &tags).await.unwrap();
    assert_eq!((made.version, made.created), (1, START));
    assert_eq!(at.plane.describe_billing_group("ward").await.unwrap(), made);
    let again = at.plane.create_billing_group("ward", Some("Ward 3"), &[]).await.unwrap();
    assert_eq!(again, made);
    assert_eq!(at.registry.tags(&at.plane.billing_group_arn("ward")).await.unwrap(), tags);
    let text = refusal(at.plane.create_billing_group("ward", None, &[]).await);
    assert!(text.starts_with("AlreadyExists: billing group ward"), "{text}");
    for (name, description) in [("a/b", None), ("", None), ("b", Some("tab\t"))] {
        let text = refusal(at.plane.create_billing_group(name, description, &[]).await);
        assert!(text.starts_with("Invalid: value"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn updates_count_the_version_and_keep_what_they_do_not_name() {
    let at = TestPlane::new().await;
    at.plane.create_billing_group("ward", Some("old"), &[]).await.unwrap();
    let steps =
        [(Some("new"), Some(1), Some("new")), (None, None, Some("new")), (Some(""), Some(3), None)];
    for (version, (description, expected, result)) in (2..).zip(steps) {
        let group = at.plane.update_billing_group("ward", description, expected).await.unwrap();
        assert_eq!((group.version, group.description.as_deref()), (version, result));
    }
    let text = refusal(at.plane.update_billing_group("ward", None, Some(1)).await);
    assert!(text.starts_with("VersionConflict: expected version 1"), "{text}");
    let text = refusal(at.plane.update_billing_group("none", None, None).await);
    assert_eq!(text, "NotFound: billing group none not found");
    at.end().await;
}

#[tokio::test]
async fn a_thing_is_in_one_billing_group_at_most() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    for group in ["ward", "icu"] {
        at.plane.create_billing_group(group, None, &[]).await.unwrap();
    }
    let arn = at.plane.billing_group_arn("ward");
    let by_arn = NameOrArn { name: None, arn: Some(&arn) };
    at.plane.add_thing_to_billing_group(name("pump-17"), by_arn).await.unwrap();
    at.plane.add_thing_to_billing_group(name("pump-17"), name("ward")).await.unwrap();
    assert_eq!(at.plane.describe_thing("pump-17").await.unwrap().version, 2);
    at.plane.add_thing_to_billing_group(name("pump-17"), name("icu")).await.unwrap();
    assert_eq!(billed(&at, "pump-17").await.as_deref(), Some("icu"));
    // It is not in this one any more, so nothing changes.
    at.plane.remove_thing_from_billing_group(name("pump-17"), name("ward")).await.unwrap();
    assert_eq!(billed(&at, "pump-17").await.as_deref(), Some("icu"));
    at.plane.remove_thing_from_billing_group(name("pump-17"), name("icu")).await.unwrap();
    assert_eq!(billed(&at, "pump-17").await, None);
    let cases = [
        refusal(at.plane.add_thing_to_billing_group(name("pump-17"), name("none")).await),
        refusal(at.plane.add_thing_to_billing_group(name("none"), name("ward")).await),
        refusal(at.plane.remove_thing_from_billing_group(name("pump-17"), name("none")).await),
        refusal(at.plane.remove_thing_from_billing_group(name("none"), name("ward")).await),
    ];
    assert!(cases.iter().all(|text| text.starts_with("NotFound: ")), "{cases:?}");
    let nobody = NameOrArn::default();
    let text = refusal(at.plane.add_thing_to_billing_group(nobody, name("ward")).await);
    assert_eq!(text, "Invalid: either `thingName` or `thingArn` is required");
    at.end().await;
}

#[tokio::test]
async fn deleting_a_billing_group_releases_its_things() {
    let at = TestPlane::new().await;
    at.plane.create_billing_group("ward", None, &pairs::<Vec<_>>("a=1")).await.unwrap();
    let create = |n: u32| {
        let name = format!("t{n:03}");
        at.plane.create_thing(NewThing { billing_group: Some("ward".into()), ..thing(&name) })
    };
    assert!(join_all((0..300).map(create)).await.iter().all(Result::is_ok));
    let text = refusal(at.plane.delete_billing_group("ward", Some(2)).await);
    assert!(text.starts_with("VersionConflict"), "{text}");
    at.plane.delete_billing_group("ward", Some(1)).await.unwrap();
    assert_eq!(billed(&at, "t000").await, None);
    assert_eq!(billed(&at, "t299").await, None);
    let text = refusal(at.plane.list_things_in_billing_group("ward", &Page::first(1)).await);
    assert_eq!(text, "NotFound: billing group ward not found");
    assert_eq!(at.registry.tags(&at.plane.billing_group_arn("ward")).await.unwrap(), []);
    at.plane.delete_billing_group("ward", None).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn no_thing_is_left_in_a_billing_group_that_is_deleted_at_the_same_time() {
    let at = TestPlane::new().await;
    for round in 0..20 {
        let group = format!("group-{round}");
        at.plane.create_billing_group(&group, None, &[]).await.unwrap();
        let create = |n: u32| {
            let name = format!("t-{round}-{n}");
            let billing_group = Some(group.clone());
            at.plane.create_thing(NewThing { billing_group, ..thing(&name) })
        };
        let all = join_all((0..8).map(create));
        let (created, deleted) =
            futures::future::join(all, at.plane.delete_billing_group(&group, None)).await;
        deleted.unwrap();
        for thing in created.into_iter().flatten() {
            assert_eq!(billed(&at, thing.name.as_str()).await, None);
        }
    }
    at.end().await;
}

#[tokio::test]
async fn billing_groups_and_their_things_are_listed_in_pages() {
    let at = TestPlane::new().await;
    for group in ["ward-1", "ward-2", "icu"] {
        at.plane.create_billing_group(group, None, &[]).await.unwrap();
    }
    let plane = Arc::clone(&at.plane);
    let pages = all_pages(2, |page| {
        let plane = Arc::clone(&plane);
        async move { plane.list_billing_groups(None, &page).await }
    })
    .await;
    let names: Vec<&str> = pages.iter().flatten().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["icu", "ward-1", "ward-2"]);
    let wards = at.plane.list_billing_groups(Some("ward"), &Page::first(9)).await.unwrap();
    assert_eq!(wards.rows.len(), 2);
    for thing in ["a", "b", "c"] {
        at.things(&[thing]).await;
        at.plane.add_thing_to_billing_group(name(thing), name("icu")).await.unwrap();
    }
    let pages = all_pages(2, |page| {
        let plane = Arc::clone(&plane);
        async move { plane.list_things_in_billing_group("icu", &page).await }
    })
    .await;
    let names: Vec<&str> = pages.iter().flatten().map(|name| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    at.end().await;
}
