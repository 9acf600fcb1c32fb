//! Things as rows: uniqueness, versions, references.

use super::{
    Fresh, at, certificate, group, must_be_in_use, must_be_missing, must_conflict,
    must_exist_already, name, thing,
};
use crate::registry::{Page, Thing};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    a_thing_can_be_created_once(open().await).await;
    a_thing_keeps_all_it_was_given(open().await).await;
    of_two_that_change_a_thing_at_once_one_is_refused(open().await).await;
    a_thing_made_again_is_another_one(open().await).await;
    a_thing_with_a_certificate_is_not_removed(open().await).await;
    removing_a_thing_ends_its_memberships(open().await).await;
    of_many_that_create_one_name_one_succeeds(open().await).await;
}

async fn a_thing_can_be_created_once(registry: Fresh) {
    assert_eq!(registry.count_things().await.unwrap(), 0);
    registry.create_thing(&thing("once")).await.unwrap();
    let another = Thing { id: "another".into(), ..thing("once") };
    must_exist_already(registry.create_thing(&another).await, "thing");
    assert_eq!(registry.thing(&name("once")).await.unwrap(), thing("once"));
    assert_eq!(registry.count_things().await.unwrap(), 1);
    must_be_missing(registry.thing(&name("never")).await, "thing");
    must_be_missing(registry.thing(&name("ONCE")).await, "thing");
}

async fn a_thing_keeps_all_it_was_given(registry: Fresh) {
    let full = Thing {
        type_name: Some("pump".into()),
        billing_group: Some("north 'n' south".into()),
        attributes: vec![("a".into(), String::new()), ("site".into(), "ü\"\\'\n".into())],
        version: 7,
        ..thing("full")
    };
    registry.create_thing(&full).await.unwrap();
    assert_eq!(registry.thing(&full.name).await.unwrap(), full);
    let changed = Thing { type_name: None, attributes: Vec::new(), version: 8, ..full };
    registry.replace_thing(&changed).await.unwrap();
    assert_eq!(registry.thing(&changed.name).await.unwrap(), changed);
}

async fn of_two_that_change_a_thing_at_once_one_is_refused(registry: Fresh) {
    must_be_missing(registry.replace_thing(&Thing { version: 2, ..thing("t") }).await, "thing");
    registry.create_thing(&thing("t")).await.unwrap();
    let change = |site: &str, version| {
        let attributes = vec![("site".to_owned(), site.to_owned())];
        Thing { attributes, version, ..thing("t") }
    };
    registry.replace_thing(&change("first", 2)).await.unwrap();
    must_conflict(registry.replace_thing(&change("second", 2)).await, (1, 2));
    must_conflict(registry.replace_thing(&change("third", 9)).await, (8, 2));
    assert_eq!(registry.thing(&name("t")).await.unwrap(), change("first", 2));
    must_conflict(registry.delete_thing(&name("t"), Some(1)).await, (1, 2));
    registry.delete_thing(&name("t"), Some(2)).await.unwrap();
    must_be_missing(registry.delete_thing(&name("t"), None).await, "thing");
}

async fn a_thing_made_again_is_another_one(registry: Fresh) {
    registry.create_thing(&thing("t")).await.unwrap();
    registry.delete_thing(&name("t"), None).await.unwrap();
    let again = Thing { id: "of the second".into(), created: at(5), ..thing("t") };
    registry.create_thing(&again).await.unwrap();
    // Whoever read the first must not change the second, although the version fits.
    let stale = Thing { version: 2, type_name: Some("stale".into()), ..thing("t") };
    assert!(registry.replace_thing(&stale).await.is_err());
    assert_eq!(registry.thing(&name("t")).await.unwrap(), again);
}

async fn a_thing_with_a_certificate_is_not_removed(registry: Fresh) {
    registry.create_thing(&thing("t")).await.unwrap();
    registry.create_certificate(&certificate('a')).await.unwrap();
    let id = certificate('a').id;
    registry.attach_thing(&name("t"), &id, false).await.unwrap();
    must_be_in_use(registry.delete_thing(&name("t"), None).await, "a certificate");
    assert_eq!(registry.thing(&name("t")).await.unwrap(), thing("t"));
    registry.detach_thing(&name("t"), &id).await.unwrap();
    registry.delete_thing(&name("t"), None).await.unwrap();
}

async fn removing_a_thing_ends_its_memberships(registry: Fresh) {
    registry.create_group(&group("g", None)).await.unwrap();
    registry.create_thing(&thing("t")).await.unwrap();
    registry.add_to_group(&name("t"), "g").await.unwrap();
    registry.delete_thing(&name("t"), None).await.unwrap();
    let members = registry.things_in_group("g", false, &Page::first(9)).await.unwrap();
    assert!(members.rows.is_empty());
    // One of the same name does not inherit them.
    registry.create_thing(&thing("t")).await.unwrap();
    assert!(registry.groups_of_thing(&name("t")).await.unwrap().is_empty());
}

async fn of_many_that_create_one_name_one_succeeds(registry: Fresh) {
    let things: Vec<_> =
        (0..16).map(|number| Thing { id: number.to_string(), ..thing("contended") }).collect();
    let creating = things.iter().map(|thing| registry.create_thing(thing));
    let outcomes = super::together(creating).await;
    let winners: Vec<_> = outcomes.iter().zip(&things).filter(|(it, _)| it.is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(registry.thing(&name("contended")).await.unwrap(), *winners[0].1);
    for refused in outcomes.into_iter().filter(Result::is_err) {
        must_exist_already(refused, "thing");
    }
}
