use std::sync::Arc;

use futures::future::join_all;
use picket_core::PolicyName;
use picket_ports::directory::Directory as _;
use picket_ports::registry::{Page, Policy, PolicyTarget};
use serde_json::json;

use crate::test_plane::{START, TestPlane, all_pages, group, pairs, refusal};
use crate::{
    AttributeChange, ControlError, GroupChange, GroupListing, GroupMoves, NameOrArn, NewGroup,
};

fn name(name: &str) -> NameOrArn<'_> {
    NameOrArn::name(name)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn groups_of(at: &TestPlane, thing: &str) -> Vec<String> {
    at.plane.list_thing_groups_for_thing(thing, &Page::first(250)).await.unwrap().rows
}

async fn moved(at: &TestPlane, add: &[&str], remove: &[&str]) -> Result<(), ControlError> {
    let owned = |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    let (add, remove) = (owned(add), owned(remove));
    let moves = GroupMoves { add: &add, remove: &remove };
    at.plane.update_thing_groups_for_thing("pump-17", moves).await
}

#[tokio::test]
async fn a_group_is_described_with_its_ancestors_and_making_it_again_finds_it() {
    let at = TestPlane::new().await;
    at.groups(&["site", "site/floor"]).await;
    let wanted = NewGroup {
        description: some("Ward 3"),
        attributes: pairs("b=2 a=1 gone="),
        ..group("floor/ward")
    };
    let tags: Vec<_> = pairs("owner=me");
    let made = at.plane.create_thing_group(wanted.clone(), &tags).await.unwrap();
    let placed = at.plane.describe_thing_group("ward").await.unwrap();
    assert_eq!(placed.group, made);
    assert_eq!(made.attributes, pairs::<Vec<_>>("a=1 b=2"));
    let above: Vec<&str> = placed.ancestors.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(above, ["floor", "site"]);
    assert_eq!(at.plane.create_thing_group(wanted.clone(), &[]).await.unwrap(), made);
    assert_eq!(at.registry.tags(&at.plane.thing_group_arn("ward")).await.unwrap(), tags);
    let others = [
        NewGroup { parent: some("site"), ..wanted.clone() },
        NewGroup { parent: None, ..wanted.clone() },
        NewGroup { description: None, ..wanted.clone() },
        NewGroup { attributes: pairs("a=1"), ..wanted },
    ];
    for other in others {
        let refused = at.plane.create_thing_group(other, &[]).await.unwrap_err();
        let ControlError::AlreadyExists { id, .. } = refused else { panic!("{refused}") };
        assert_eq!(id, made.id);
    }
    at.end().await;
}

#[tokio::test]
async fn malformed_groups_and_places_that_do_not_exist_are_refused() {
    let at = TestPlane::new().await;
    let many: String = (0..51).map(|n| format!("a{n}=1 ")).collect();
    let cases = [
        (group("a b"), "thingGroupName"),
        (group("a b/c"), "parentGroupName"),
        (group("none/ward"), "parent thing group none does not exist"),
        (group("ward/ward"), "parent thing group ward does not exist"),
        (NewGroup { description: some("ä"), ..group("ward") }, "thingGroupDescription"),
        (NewGroup { attributes: pairs("a=ä"), ..group("ward") }, "attributes"),
        (NewGroup { attributes: pairs(&many), ..group("ward") }, "at most 50 attributes"),
    ];
    for (wanted, problem) in cases {
        let text = refusal(at.plane.create_thing_group(wanted, &[]).await);
        assert!(text.starts_with("Invalid: ") && text.contains(problem), "{text}");
    }
    let text = refusal(at.plane.describe_thing_group("ward").await);
    assert_eq!(text, "NotFound: thing group ward not found");
    at.end().await;
}

#[tokio::test]
async fn a_hierarchy_is_seven_levels_deep_and_a_group_has_a_hundred_children() {
    let at = TestPlane::new().await;
    at.groups(&["l1", "l1/l2", "l2/l3", "l3/l4", "l4/l5", "l5/l6", "l6/l7"]).await;
    let text = refusal(at.plane.create_thing_group(group("l7/l8"), &[]).await);
    assert!(text.contains("at level 8 of its hierarchy; at most 7"), "{text}");
    // However many come at once.
    let names: Vec<String> = (0..110).map(|n| format!("l1/child-{n}")).collect();
    let all =
        join_all(names.iter().map(|name| at.plane.create_thing_group(group(name), &[]))).await;
    assert_eq!(all.iter().filter(|made| made.is_ok()).count(), 99);
    let refused = all.into_iter().find(Result::is_err).unwrap();
    let text = refusal(refused);
    assert!(text.contains("thing group l1 has 100 child groups, which is the most"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn updates_count_the_version_and_keep_what_they_do_not_name() {
    let at = TestPlane::new().await;
    let wanted = NewGroup { description: some("old"), attributes: pairs("a=1"), ..group("ward") };
    at.plane.create_thing_group(wanted, &[]).await.unwrap();
    let attributes =
        |text: &str, is_merge: bool| Some(AttributeChange { attributes: pairs(text), is_merge });
    let change = GroupChange { attributes: attributes("b=2", true), ..GroupChange::default() };
    let changed = at.plane.update_thing_group("ward", &change).await.unwrap();
    assert_eq!((changed.version, changed.description.as_deref()), (2, Some("old")));
    assert_eq!(changed.attributes, pairs::<Vec<_>>("a=1 b=2"));
    let change = GroupChange {
        description: some(""),
        attributes: attributes("", false),
        expected_version: Some(2),
    };
    let changed = at.plane.update_thing_group("ward", &change).await.unwrap();
    assert_eq!((changed.version, changed.description), (3, None));
    assert!(changed.attributes.is_empty());
    let text = refusal(at.plane.update_thing_group("ward", &change).await);
    assert_eq!(
        text,
        "VersionConflict: expected version 2 of thing group ward, but it is at version 3"
    );
    let text = refusal(at.plane.update_thing_group("none", &change).await);
    assert_eq!(text, "NotFound: thing group none not found");
    at.end().await;
}

#[tokio::test]
async fn only_child_groups_hold_a_group_and_one_that_is_not_there_counts_as_deleted() {
    let at = TestPlane::new().await;
    at.groups(&["site", "site/ward"]).await;
    at.things(&["pump-17"]).await;
    at.plane.add_thing_to_thing_group(name("pump-17"), name("ward")).await.unwrap();
    let policy = PolicyName::new("device").unwrap();
    at.registry.create_policy(&Policy::new(policy.clone(), "{}", START)).await.unwrap();
    let target = PolicyTarget::Group("ward".into());
    at.registry.attach_policy(&policy, &target).await.unwrap();
    let text = refusal(at.plane.delete_thing_group("site", None).await);
    assert_eq!(
        text,
        "Invalid: Cannot delete thing group : site when there are still child groups attached to it."
    );
    let text = refusal(at.plane.delete_thing_group("ward", Some(9)).await);
    assert!(text.starts_with("VersionConflict"), "{text}");
    at.plane.delete_thing_group("ward", Some(1)).await.unwrap();
    assert!(groups_of(&at, "pump-17").await.is_empty());
    assert!(at.directory.groups_of("pump-17").is_empty());
    let attached = at.registry.targets_of(&policy, &Page::first(9)).await.unwrap();
    assert!(attached.rows.is_empty());
    at.plane.delete_thing_group("site", None).await.unwrap();
    at.plane.delete_thing_group("site", None).await.unwrap();
    at.plane.delete_thing_group("never-there", Some(3)).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn a_thing_joins_and_leaves_by_name_or_arn_and_the_door_knows_at_once() {
    let at = TestPlane::new().await;
    at.groups(&["site", "site/ward"]).await;
    at.things(&["pump-17"]).await;
    let (thing, ward) =
        ("arn:aws:iot:us-east-1:000000000000:thing/pump-17", at.plane.thing_group_arn("ward"));
    let thing = NameOrArn { name: None, arn: Some(thing) };
    let ward = NameOrArn { name: None, arn: Some(&ward) };
    at.plane.add_thing_to_thing_group(thing, ward).await.unwrap();
    at.plane.add_thing_to_thing_group(name("pump-17"), name("ward")).await.unwrap();
    assert_eq!(at.directory.groups_of("pump-17"), ["site", "ward"]);
    at.plane.remove_thing_from_thing_group(thing, ward).await.unwrap();
    at.plane.remove_thing_from_thing_group(thing, ward).await.unwrap();
    assert!(at.directory.groups_of("pump-17").is_empty());
    let cases = [
        refusal(at.plane.add_thing_to_thing_group(name("none"), name("ward")).await),
        refusal(at.plane.add_thing_to_thing_group(name("pump-17"), name("none")).await),
        refusal(at.plane.remove_thing_from_thing_group(name("none"), name("ward")).await),
        refusal(at.plane.remove_thing_from_thing_group(name("pump-17"), name("none")).await),
        refusal(moved(&at, &["none"], &[]).await),
        refusal(moved(&at, &[], &["none"]).await),
    ];
    assert!(cases.iter().all(|text| text.starts_with("NotFound: ")), "{cases:?}");
    at.end().await;
}

#[tokio::test]
async fn a_thing_is_in_ten_groups_at_most_and_in_one_of_each_hierarchy() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    let names: Vec<String> = (0..11).map(|n| format!("g{n:02}")).collect();
    at.groups(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let all =
        names.iter().map(|group| at.plane.add_thing_to_thing_group(name("pump-17"), name(group)));
    let all = join_all(all).await;
    assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 10);
    let text = refusal(all.into_iter().find(Result::is_err).unwrap());
    assert!(text.contains("would be in 11 thing groups; at most 10"), "{text}");

    at.groups(&["g00/below", "below/deeper", "g10/other"]).await;
    for group in ["below", "deeper"] {
        moved(&at, &[], &["g10", "g09"]).await.unwrap();
        let text = refusal(at.plane.add_thing_to_thing_group(name("pump-17"), name(group)).await);
        assert!(text.contains("which are in the same hierarchy"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn moves_are_checked_whole_before_anything_is_written() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    at.groups(&["a", "a/a1", "a/a2", "b", "c"]).await;
    moved(&at, &["a1", "b"], &[]).await.unwrap();
    let refused = [
        (moved(&at, &["c", "a2"], &["b"]).await, "same hierarchy"),
        (moved(&at, &["a2", "a"], &["a1"]).await, "same hierarchy"),
        (moved(&at, &["c"], &["b", "c"]).await, "in both"),
        (moved(&at, &["c", "a b"], &["b"]).await, "thingGroupsToAdd"),
        (moved(&at, &["c", "none"], &["b"]).await, "not found"),
        (moved(&at, &["c"; 101], &[]).await, "at most 100"),
    ];
    for (result, problem) in refused {
        let text = refusal(result);
        assert!(text.contains(problem), "{text}");
        assert_eq!(groups_of(&at, "pump-17").await, ["a1", "b"]);
    }
    // What is left first makes room for what is joined.
    moved(&at, &["a2", "c"], &["a1", "b"]).await.unwrap();
    assert_eq!(groups_of(&at, "pump-17").await, ["a2", "c"]);
    moved(&at, &[], &[]).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn groups_are_listed_by_parent_prefix_and_level() {
    let at = TestPlane::new().await;
    at.groups(&["site-b", "site-a", "site-a/floor-2", "site-a/floor-1", "floor-1/ward"]).await;
    let list = async |listing: GroupListing| {
        let plane = Arc::clone(&at.plane);
        let pages = all_pages(2, |page| {
            let (plane, listing) = (Arc::clone(&plane), listing.clone());
            async move { plane.list_thing_groups(&listing, &page).await }
        })
        .await;
        assert!(pages.iter().all(|page| page.len() <= 2));
        pages.into_iter().flatten().map(|group| group.name).collect::<Vec<_>>().join(" ")
    };
    let listing = |parent: Option<&str>, prefix: Option<&str>, is_recursive: Option<bool>| {
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        GroupListing { name_prefix: owned(prefix), parent: owned(parent), is_recursive }
    };
    let cases = [
        (listing(None, None, None), "floor-1 floor-2 site-a site-b ward"),
        (listing(None, None, Some(true)), "floor-1 floor-2 site-a site-b ward"),
        (listing(None, None, Some(false)), "site-a site-b"),
        (listing(Some("site-a"), None, None), "floor-1 floor-2"),
        (listing(Some("site-a"), None, Some(false)), "floor-1 floor-2"),
        (listing(Some("site-a"), None, Some(true)), "floor-1 floor-2 ward"),
        (listing(Some("site-a"), Some("w"), Some(true)), "ward"),
        (listing(None, Some("site"), None), "site-a site-b"),
        (listing(Some("ward"), None, Some(true)), ""),
    ];
    for (wanted, expected) in cases {
        assert_eq!(list(wanted.clone()).await, expected, "{wanted:?}");
    }
    let page = Page::first(1);
    let text = refusal(at.plane.list_thing_groups(&listing(Some("x"), None, None), &page).await);
    assert_eq!(text, "NotFound: thing group x not found");
    at.end().await;
}

#[tokio::test]
async fn members_are_listed_with_and_without_those_of_descendants() {
    let at = TestPlane::new().await;
    at.groups(&["site", "site/ward"]).await;
    at.things(&["a", "b", "c"]).await;
    for (thing, group) in [("a", "site"), ("b", "ward"), ("c", "ward")] {
        at.plane.add_thing_to_thing_group(name(thing), name(group)).await.unwrap();
    }
    for (is_recursive, expected) in [(false, "a"), (true, "a b c")] {
        let plane = Arc::clone(&at.plane);
        let pages = all_pages(2, |page| {
            let plane = Arc::clone(&plane);
            async move { plane.list_things_in_thing_group("site", is_recursive, &page).await }
        })
        .await;
        let names: Vec<_> = pages.iter().flatten().map(|name| name.as_str()).collect();
        assert_eq!(names.join(" "), expected);
    }
    let page = Page::first(9);
    let text = refusal(at.plane.list_things_in_thing_group("none", false, &page).await);
    assert_eq!(text, "NotFound: thing group none not found");
    let text = refusal(at.plane.list_thing_groups_for_thing("none", &page).await);
    assert_eq!(text, "NotFound: thing none not found");
    at.end().await;
}

#[tokio::test]
async fn no_thing_joins_a_group_that_is_made_anew_in_a_hierarchy_it_is_in() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    at.groups(&["a", "b", "b/moving"]).await;
    at.plane.add_thing_to_thing_group(name("pump-17"), name("a")).await.unwrap();
    for round in 0..20 {
        let (from, to) = if round % 2 == 0 { ("b", "a") } else { ("a", "b") };
        let make_anew = async {
            at.plane.delete_thing_group("moving", None).await.unwrap();
            at.groups(&[&format!("{to}/moving")]).await;
        };
        let join = at.plane.add_thing_to_thing_group(name("pump-17"), name("moving"));
        let (result, ()) = futures::future::join(join, make_anew).await;
        let joined = groups_of(&at, "pump-17").await;
        assert!(!(to == "a" && joined.len() > 1), "from {from}: {result:?}, in {joined:?}");
        at.plane.remove_thing_from_thing_group(name("pump-17"), name("moving")).await.unwrap();
    }
    at.end().await;
}

#[tokio::test]
async fn events_of_groups_are_published_when_they_are_switched_on() {
    let mut at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    at.groups(&["site"]).await;
    at.switch_on(&["THING_GROUP", "THING_GROUP_HIERARCHY", "THING_GROUP_MEMBERSHIP"]).await;
    at.groups(&["site/ward"]).await;
    for _ in 0..2 {
        at.plane.add_thing_to_thing_group(name("pump-17"), name("ward")).await.unwrap();
    }
    at.plane.update_thing_group("ward", &GroupChange::default()).await.unwrap();
    at.plane.delete_thing("pump-17", None).await.unwrap();
    at.plane.delete_thing_group("ward", None).await.unwrap();
    let published = at.published();
    let topics: Vec<&str> = published.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(
        topics,
        [
            "$aws/events/thingGroup/ward/created",
            "$aws/events/thingGroupHierarchy/thingGroup/site/childThingGroup/ward/added",
            "$aws/events/thingGroupMembership/thingGroup/ward/thing/pump-17/added",
            "$aws/events/thingGroup/ward/updated",
            "$aws/events/thingGroupMembership/thingGroup/ward/thing/pump-17/removed",
            "$aws/events/thingGroupHierarchy/thingGroup/site/childThingGroup/ward/removed",
            "$aws/events/thingGroup/ward/deleted",
        ]
    );
    let site = at.plane.describe_thing_group("site").await.unwrap().group;
    let arn = at.plane.thing_group_arn("site");
    assert_eq!(published[3].1["versionNumber"], 2);
    assert_eq!(published[0].1["parentGroupId"], site.id);
    let root_to_parent = json!([{ "groupArn": arn, "groupId": site.id }]);
    assert_eq!(published[0].1["rootToParentThingGroups"], root_to_parent);
    assert_eq!(published[2].1["membershipId"], published[4].1["membershipId"]);
    at.end().await;
}

#[tokio::test]
async fn merges_by_many_at_once_are_all_made_and_nobody_is_told_of_versions() {
    let at = TestPlane::new().await;
    at.groups(&["ward"]).await;
    at.things(&["pump-17"]).await;
    let merge = async |n: usize| {
        let attributes = AttributeChange { attributes: pairs(&format!("a{n}=1")), is_merge: true };
        let change = GroupChange { attributes: Some(attributes), ..GroupChange::default() };
        at.plane.update_thing_group("ward", &change).await.unwrap()
    };
    join_all((0..50).map(merge)).await;
    let ward = at.plane.describe_thing_group("ward").await.unwrap().group;
    assert_eq!((ward.attributes.len(), ward.version), (50, 51));
    at.end().await;
}
