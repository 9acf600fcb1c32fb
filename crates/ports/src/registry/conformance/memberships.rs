//! Who is in which group.

use super::{Fresh, any_cursor_gives_a_page, group, must_be_missing, name, thing, walk_every_way};
use crate::registry::Registry;

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    a_membership_needs_both_and_can_be_made_and_ended_twice(open().await).await;
    removing_a_group_ends_its_memberships(open().await).await;
    members_are_listed_by_name_each_once(open().await).await;
}

async fn members(registry: &dyn Registry, group: &str, is_recursive: bool) -> Vec<String> {
    let list = async |page| registry.things_in_group(group, is_recursive, &page).await.unwrap();
    any_cursor_gives_a_page(list).await;
    walk_every_way(list).await.iter().map(ToString::to_string).collect()
}

async fn a_membership_needs_both_and_can_be_made_and_ended_twice(registry: Fresh) {
    registry.create_group(&group("g", None)).await.unwrap();
    registry.create_thing(&thing("t")).await.unwrap();
    must_be_missing(registry.add_to_group(&name("t"), "nowhere").await, "thing group");
    must_be_missing(registry.add_to_group(&name("nobody"), "g").await, "thing");
    for _ in 0..2 {
        registry.add_to_group(&name("t"), "g").await.unwrap();
        assert_eq!(members(&*registry, "g", false).await, ["t"]);
    }
    for _ in 0..2 {
        registry.remove_from_group(&name("t"), "g").await.unwrap();
        assert!(members(&*registry, "g", false).await.is_empty());
    }
    registry.remove_from_group(&name("nobody"), "nowhere").await.unwrap();
}

async fn removing_a_group_ends_its_memberships(registry: Fresh) {
    registry.create_thing(&thing("t")).await.unwrap();
    for name_of_group in ["b", "a"] {
        registry.create_group(&group(name_of_group, None)).await.unwrap();
        registry.add_to_group(&name("t"), name_of_group).await.unwrap();
    }
    assert_eq!(registry.groups_of_thing(&name("t")).await.unwrap(), ["a", "b"]);
    registry.delete_group("a", None).await.unwrap();
    assert_eq!(registry.groups_of_thing(&name("t")).await.unwrap(), ["b"]);
    registry.create_group(&group("a", None)).await.unwrap();
    assert!(members(&*registry, "a", false).await.is_empty());
    assert!(registry.groups_of_thing(&name("nobody")).await.unwrap().is_empty());
}

async fn members_are_listed_by_name_each_once(registry: Fresh) {
    for (name, parent) in
        [("top", None), ("left", Some("top")), ("right", Some("top")), ("leaf", Some("left"))]
    {
        registry.create_group(&group(name, parent)).await.unwrap();
    }
    for (text, groups) in [
        ("t3", ["top", "leaf"].as_slice()),
        ("t1", &["leaf"]),
        ("t5", &["right", "left", "leaf"]),
        ("T4", &["right"]),
        ("t2", &["left"]),
        ("outside", &[]),
    ] {
        registry.create_thing(&thing(text)).await.unwrap();
        for group in groups {
            registry.add_to_group(&name(text), group).await.unwrap();
        }
    }
    assert_eq!(members(&*registry, "top", false).await, ["t3"]);
    assert_eq!(members(&*registry, "top", true).await, ["T4", "t1", "t2", "t3", "t5"]);
    assert_eq!(members(&*registry, "left", true).await, ["t1", "t2", "t3", "t5"]);
    assert_eq!(members(&*registry, "leaf", true).await, ["t1", "t3", "t5"]);
    assert!(members(&*registry, "' OR 1=1 --", true).await.is_empty());
}
