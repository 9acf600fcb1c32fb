//! Whatever text is given, it is a text: no error, nothing that is not asked for, nothing lost.

use picket_core::{PolicyName, ThingName};
use picket_ports::registry::{
    AuditTrail as _, Certificates as _, ChangeFilter, GroupFilter, Groups as _, Order, Page,
    Policies as _, PolicyTarget, Tags as _, ThingFilter, Things as _,
};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::{open_in, thing};
use crate::SqliteRegistry;

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-c'\";%_\\\\/0-9\u{0}-]{0,8}",
        "-?[0-9]{1,20}/.{0,4}",
        "(certificate|group|identity)/.{0,4}",
        Just("x' UNION SELECT name, 1, 1, 1, 1, 1, 1 FROM things; --".to_owned()),
    ]
}

async fn every_list(registry: &SqliteRegistry, page: &Page, text: &str) {
    let some = || Some(text.to_owned());
    for filter in [
        ThingFilter { type_name: some(), ..ThingFilter::default() },
        ThingFilter { billing_group: some(), ..ThingFilter::default() },
        ThingFilter { attribute_value: some(), value_is_prefix: true, ..ThingFilter::default() },
        ThingFilter { name_prefix: some(), ..ThingFilter::default() },
    ] {
        let found = registry.things(&filter, page).await.unwrap();
        let is_ours = |name: &str| name == "t" && "t".starts_with(text);
        assert!(found.rows.iter().all(|thing| is_ours(thing.name.as_str())), "{filter:?}");
    }
    let filter = GroupFilter { name_prefix: some(), parent: some(), is_recursive: true };
    assert!(registry.groups(&filter, page).await.unwrap().rows.is_empty());
    assert!(registry.things_in_group(text, true, page).await.unwrap().rows.is_empty());
    for order in [Order::Ascending, Order::Descending] {
        assert!(registry.certificates(None, order, page).await.unwrap().rows.is_empty());
        assert!(registry.policies(order, page).await.unwrap().rows.is_empty());
    }
    let target = PolicyTarget::Group(text.to_owned());
    assert!(registry.policies_of(&target, page).await.unwrap().rows.is_empty());
    let policy = PolicyName::new("p").unwrap();
    assert!(registry.targets_of(&policy, page).await.unwrap().rows.is_empty());
    if let Ok(name) = ThingName::new(text) {
        assert!(registry.certificates_of_thing(&name, page).await.unwrap().rows.is_empty());
    }
    let filter = ChangeFilter { actor: some(), resource_prefix: some(), ..ChangeFilter::default() };
    assert!(registry.recorded_changes(&filter, page).await.unwrap().rows.is_empty());
}

#[test]
fn any_text_as_cursor_or_filter_gives_a_page() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let registry = runtime.block_on(open_in(&dir));
    runtime.block_on(registry.create_thing(&thing("t"))).unwrap();
    proptest!(|(after in odd_text(), text in odd_text(), rows_max in 0_u32..3)| {
        let page = Page { after: Some(after), rows_max };
        runtime.block_on(every_list(&registry, &page, &text));
    });
    assert_eq!(runtime.block_on(registry.count_things()).unwrap(), 1);
}

#[test]
fn any_text_is_stored_as_it_is() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let registry = runtime.block_on(open_in(&dir));
    proptest!(ProptestConfig::with_cases(64), |(arn in odd_text(), key in odd_text(), value in odd_text())| {
        let tags = vec![(key, value)];
        runtime.block_on(async {
            registry.tag(&arn, &tags).await.unwrap();
            assert_eq!(registry.tags(&arn).await.unwrap(), tags);
            registry.untag_all(&arn).await.unwrap();
        });
    });
}
