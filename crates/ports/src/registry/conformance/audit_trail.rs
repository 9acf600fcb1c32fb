//! The audit trail.

use super::{Fresh, any_cursor_gives_a_page, at, walk_every_way};
use crate::registry::{ChangeFilter, ChangeRecord, Page, Registry};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    records_are_listed_newest_first_and_filtered(open().await).await;
    records_of_one_moment_are_all_listed(open().await).await;
    old_records_are_forgotten(open().await).await;
}

fn record(ms: i64, (actor, operation, resource): (&str, &str, &str)) -> ChangeRecord {
    ChangeRecord {
        at: at(ms),
        actor: actor.into(),
        access_key: Some("AKIA".into()).filter(|_| ms % 2 == 0),
        source: "127.0.0.1:5".into(),
        service: "iot".into(),
        operation: operation.into(),
        resource: resource.into(),
        request_id: format!("request {ms}"),
        error: Some("InvalidRequestException".into()).filter(|_| ms % 3 == 0),
    }
}

fn records() -> Vec<ChangeRecord> {
    vec![
        record(1, ("ann", "CreateThing", "thing/a")),
        record(3, ("bob", "CreateThing", "thing/ab")),
        record(2, ("ann", "DeleteThing", "thing/b")),
        record(6, ("ann", "CreatePolicy", "policy/thing")),
        record(5, ("' OR 1=1 --", "CreateThing", "thing/ab'c")),
    ]
}

async fn times(registry: &dyn Registry, filter: &ChangeFilter) -> Vec<i64> {
    let list = async |page| registry.recorded_changes(filter, &page).await.unwrap();
    any_cursor_gives_a_page(list).await;
    walk_every_way(list).await.iter().map(|record| record.at.as_millis()).collect()
}

async fn records_are_listed_newest_first_and_filtered(registry: Fresh) {
    for record in records() {
        registry.record_change(&record).await.unwrap();
    }
    let mut wanted = records();
    wanted.sort_by_key(|record| std::cmp::Reverse(record.at));
    let all = ChangeFilter::default();
    let found = registry.recorded_changes(&all, &Page::first(9)).await.unwrap();
    assert_eq!(found.rows, wanted);
    let text = |text: &str| Some(text.to_owned());
    let cases: [(ChangeFilter, &[i64]); 8] = [
        (all.clone(), &[6, 5, 3, 2, 1]),
        (ChangeFilter { actor: text("ann"), ..all.clone() }, &[6, 2, 1]),
        (ChangeFilter { actor: text("' OR 1=1 --"), ..all.clone() }, &[5]),
        (ChangeFilter { operation: text("CreateThing"), ..all.clone() }, &[5, 3, 1]),
        (ChangeFilter { resource_prefix: text("thing/a"), ..all.clone() }, &[5, 3, 1]),
        (ChangeFilter { resource_prefix: text("%"), ..all.clone() }, &[]),
        (ChangeFilter { earliest: Some(at(3)), ..all.clone() }, &[6, 5, 3]),
        (
            ChangeFilter {
                actor: text("ann"),
                operation: text("DeleteThing"),
                resource_prefix: text("thing/"),
                earliest: Some(at(2)),
            },
            &[2],
        ),
    ];
    for (filter, wanted) in cases {
        assert_eq!(times(&*registry, &filter).await, wanted, "{filter:?}");
    }
}

async fn records_of_one_moment_are_all_listed(registry: Fresh) {
    for number in 0..7 {
        let record = record(4, ("ann", "Op", &number.to_string()));
        registry.record_change(&record).await.unwrap();
    }
    assert_eq!(times(&*registry, &ChangeFilter::default()).await, [4; 7]);
}

async fn old_records_are_forgotten(registry: Fresh) {
    for record in records() {
        registry.record_change(&record).await.unwrap();
    }
    assert_eq!(registry.forget_changes(at(1)).await.unwrap(), 0);
    assert_eq!(registry.forget_changes(at(5)).await.unwrap(), 3);
    assert_eq!(times(&*registry, &ChangeFilter::default()).await, [6, 5]);
}
