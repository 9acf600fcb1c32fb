//! Lists of things: order, pages, filters.

use super::{Fresh, any_cursor_gives_a_page, name, thing, walk_every_way};
use crate::registry::{Page, Registry, Thing, ThingFilter};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    let registry = open().await;
    for thing in fleet() {
        registry.create_thing(&thing).await.unwrap();
    }
    every_thing_is_listed_once_in_name_order(&*registry).await;
    every_filter_finds_what_it_should_and_all_together_must_hold(&*registry).await;
    hostile_cursors_and_filters_find_nothing_but_things(&*registry).await;
    pages_go_on_where_they_ended_although_things_come_and_go(&*registry).await;
}

fn fleet() -> Vec<Thing> {
    let thing =
        |name: &str, (type_name, billing_group): (&str, &str), attributes: &[(&str, &str)]| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let attributes = attributes.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            let (type_name, billing_group) = (some(type_name), some(billing_group));
            Thing { type_name, billing_group, attributes, ..thing(name) }
        };
    vec![
        thing("pump-2", ("pump", "north"), &[("color", "red"), ("site", "hall-1")]),
        thing("pump-10", ("pump", "south"), &[("color", "reddish")]),
        thing("pump-1", ("pump", ""), &[("site", "red")]),
        thing("Pump-1", ("valve", "north"), &[]),
        thing("valve_1", ("valve", "north"), &[("color", "blue")]),
        thing("a:b", ("", "north"), &[("color", "")]),
        thing("zz", ("", ""), &[("Color", "red")]),
    ]
}

async fn names(registry: &dyn Registry, filter: &ThingFilter) -> Vec<String> {
    let list = async |page| registry.things(filter, &page).await.unwrap();
    walk_every_way(list).await.into_iter().map(|thing| thing.name.to_string()).collect()
}

async fn every_thing_is_listed_once_in_name_order(registry: &dyn Registry) {
    let everything = ThingFilter::default();
    let list = async |page| registry.things(&everything, &page).await.unwrap();
    let mut wanted = fleet();
    wanted.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(walk_every_way(list).await, wanted);
    assert_eq!(registry.count_things().await.unwrap(), 7);
}

fn by(set: impl FnOnce(&mut ThingFilter)) -> ThingFilter {
    let mut filter = ThingFilter::default();
    set(&mut filter);
    filter
}

async fn every_filter_finds_what_it_should_and_all_together_must_hold(registry: &dyn Registry) {
    let text = |text: &str| Some(text.to_owned());
    let color = |value: Option<&str>, value_is_prefix| ThingFilter {
        attribute_name: text("color"),
        attribute_value: value.map(str::to_owned),
        value_is_prefix,
        ..ThingFilter::default()
    };
    let cases: Vec<(ThingFilter, &[&str])> = vec![
        (by(|it| it.type_name = text("pump")), &["pump-1", "pump-10", "pump-2"]),
        (by(|it| it.type_name = text("pum")), &[]),
        (by(|it| it.billing_group = text("north")), &["Pump-1", "a:b", "pump-2", "valve_1"]),
        (by(|it| it.name_prefix = text("pump-1")), &["pump-1", "pump-10"]),
        (by(|it| it.name_prefix = text("%")), &[]),
        (by(|it| it.name_prefix = text("valve_1x")), &[]),
        (
            by(|it| it.name_prefix = text("")),
            &["Pump-1", "a:b", "pump-1", "pump-10", "pump-2", "valve_1", "zz"],
        ),
        (color(None, false), &["a:b", "pump-10", "pump-2", "valve_1"]),
        (color(Some("red"), false), &["pump-2"]),
        (color(Some("red"), true), &["pump-10", "pump-2"]),
        (color(Some(""), false), &["a:b"]),
        (color(Some(""), true), &["a:b", "pump-10", "pump-2", "valve_1"]),
        (by(|it| it.attribute_value = text("red")), &["pump-1", "pump-2", "zz"]),
        (
            ThingFilter {
                type_name: text("pump"),
                billing_group: text("south"),
                ..color(Some("red"), true)
            },
            &["pump-10"],
        ),
        (
            ThingFilter {
                billing_group: text("north"),
                name_prefix: text("pump"),
                ..color(Some("red"), false)
            },
            &["pump-2"],
        ),
        (by(|it| (it.type_name, it.name_prefix) = (text("valve"), text("v"))), &["valve_1"]),
        (by(|it| (it.type_name, it.billing_group) = (text("pump"), text("east"))), &[]),
    ];
    for (filter, wanted) in cases {
        assert_eq!(names(registry, &filter).await, wanted, "{filter:?}");
    }
}

async fn hostile_cursors_and_filters_find_nothing_but_things(registry: &dyn Registry) {
    let everything = ThingFilter::default();
    let pumps = by(|it| it.type_name = Some("pump".into()));
    for filter in [&everything, &pumps] {
        any_cursor_gives_a_page(async |page| registry.things(filter, &page).await.unwrap()).await;
    }
    for text in ["' OR '1'='1", "\0", "\u{10FFFF}", "*", "\"", "a' --"] {
        let text = || Some(text.to_owned());
        for filter in [
            by(|it| it.type_name = text()),
            by(|it| it.billing_group = text()),
            by(|it| it.name_prefix = text()),
            by(|it| it.attribute_name = text()),
            by(|it| it.attribute_value = text()),
        ] {
            assert!(names(registry, &filter).await.is_empty(), "{filter:?}");
        }
    }
}

async fn pages_go_on_where_they_ended_although_things_come_and_go(registry: &dyn Registry) {
    let everything = ThingFilter::default();
    let first = registry.things(&everything, &Page::first(3)).await.unwrap();
    assert_eq!(first.rows.last().unwrap().name, name("pump-1"));
    registry.delete_thing(&name("pump-1"), None).await.unwrap();
    registry.create_thing(&thing("pump-11")).await.unwrap();
    registry.create_thing(&thing("A")).await.unwrap();
    let rest =
        registry.things(&everything, &Page { after: first.next, rows_max: 9 }).await.unwrap();
    let rest: Vec<_> = rest.rows.iter().map(|thing| thing.name.as_str()).collect();
    assert_eq!(rest, ["pump-10", "pump-11", "pump-2", "valve_1", "zz"]);
}
