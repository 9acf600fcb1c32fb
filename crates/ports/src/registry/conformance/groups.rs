//! Groups as rows, and the tree they make.

use super::{
    Fresh, any_cursor_gives_a_page, group, must_be_in_use, must_be_missing, must_conflict,
    must_exist_already, policy, policy_name, walk_every_way,
};
use crate::registry::{GroupFilter, Page, PolicyTarget, Registry, ThingGroup};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    a_group_needs_its_parent_and_a_free_name(open().await).await;
    a_group_changes_by_versions(open().await).await;
    a_group_with_children_is_not_removed(open().await).await;
    removing_a_group_detaches_its_policies(open().await).await;
    groups_are_listed_by_name_and_filtered(open().await).await;
    a_line_leads_from_a_group_to_its_root(open().await).await;
}

async fn plant(registry: &dyn Registry) {
    for (name, parent) in [
        ("root", None),
        ("north", Some("root")),
        ("south", Some("root")),
        ("north-1", Some("north")),
        ("north-2", Some("north")),
        ("a-deep", Some("north-2")),
        ("other", None),
    ] {
        registry.create_group(&group(name, parent)).await.unwrap();
    }
}

async fn a_group_needs_its_parent_and_a_free_name(registry: Fresh) {
    must_be_missing(registry.create_group(&group("child", Some("parent"))).await, "thing group");
    must_be_missing(registry.group("child").await, "thing group");
    registry.create_group(&group("parent", None)).await.unwrap();
    let child = ThingGroup {
        description: Some("it's\nhere".into()),
        attributes: vec![("k".into(), "v".into())],
        ..group("child", Some("parent"))
    };
    registry.create_group(&child).await.unwrap();
    assert_eq!(registry.group("child").await.unwrap(), child);
    must_exist_already(registry.create_group(&group("child", None)).await, "thing group");
    assert_eq!(registry.group("child").await.unwrap(), child);
}

async fn a_group_changes_by_versions(registry: Fresh) {
    let change = |description: &str, version| ThingGroup {
        description: Some(description.into()),
        version,
        ..group("g", None)
    };
    must_be_missing(registry.replace_group(&change("none", 2)).await, "thing group");
    registry.create_group(&group("g", None)).await.unwrap();
    registry.replace_group(&change("first", 2)).await.unwrap();
    must_conflict(registry.replace_group(&change("second", 2)).await, (1, 2));
    assert_eq!(registry.group("g").await.unwrap(), change("first", 2));
    must_conflict(registry.delete_group("g", Some(3)).await, (3, 2));
    registry.delete_group("g", Some(2)).await.unwrap();
    must_be_missing(registry.delete_group("g", None).await, "thing group");
}

async fn a_group_with_children_is_not_removed(registry: Fresh) {
    plant(&*registry).await;
    must_be_in_use(registry.delete_group("north", None).await, "a child group");
    for name in ["a-deep", "north-2", "north-1", "north"] {
        registry.delete_group(name, None).await.unwrap();
    }
    must_be_in_use(registry.delete_group("root", None).await, "a child group");
}

async fn removing_a_group_detaches_its_policies(registry: Fresh) {
    registry.create_group(&group("g", None)).await.unwrap();
    registry.create_policy(&policy("p")).await.unwrap();
    let target = PolicyTarget::Group("g".into());
    registry.attach_policy(&policy_name("p"), &target).await.unwrap();
    registry.delete_group("g", None).await.unwrap();
    let page = Page::first(9);
    assert!(registry.targets_of(&policy_name("p"), &page).await.unwrap().rows.is_empty());
    registry.create_group(&group("g", None)).await.unwrap();
    assert!(registry.policies_of(&target, &page).await.unwrap().rows.is_empty());
}

async fn groups_are_listed_by_name_and_filtered(registry: Fresh) {
    plant(&*registry).await;
    let text = |text: &str| Some(text.to_owned());
    let filter =
        |name_prefix, parent, is_recursive| GroupFilter { name_prefix, parent, is_recursive };
    let cases: [(GroupFilter, &[&str]); 9] = [
        (
            GroupFilter::default(),
            &["a-deep", "north", "north-1", "north-2", "other", "root", "south"],
        ),
        (filter(text("north"), None, false), &["north", "north-1", "north-2"]),
        (filter(text("north_"), None, true), &[]),
        (filter(None, text("root"), false), &["north", "south"]),
        (filter(None, text("root"), true), &["a-deep", "north", "north-1", "north-2", "south"]),
        (filter(text("n"), text("root"), true), &["north", "north-1", "north-2"]),
        (filter(text("s"), text("root"), false), &["south"]),
        (filter(None, text("other"), true), &[]),
        (filter(None, text("' OR 1=1 --"), true), &[]),
    ];
    for (filter, wanted) in cases {
        let list = async |page| registry.groups(&filter, &page).await.unwrap();
        let names: Vec<_> = walk_every_way(list).await.into_iter().map(|it| it.name).collect();
        assert_eq!(names, wanted, "{filter:?}");
        any_cursor_gives_a_page(list).await;
    }
}

async fn a_line_leads_from_a_group_to_its_root(registry: Fresh) {
    plant(&*registry).await;
    let line = registry.group_line("a-deep").await.unwrap();
    let names: Vec<_> = line.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["a-deep", "north-2", "north", "root"]);
    assert_eq!(registry.group_line("other").await.unwrap(), [group("other", None)]);
    must_be_missing(registry.group_line("nowhere").await, "thing group");
}
