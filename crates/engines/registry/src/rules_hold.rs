//! Whatever many callers do at once: the rules of the registry hold afterwards.

use std::collections::BTreeSet;

use futures::future::join_all;
use picket_ports::registry::{Page, ThingFilter};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::test_plane::{TestPlane, thing};
use crate::{
    AttributeChange, ControlError, GroupListing, GroupMoves, NameOrArn, NewGroup, NewThing,
    RegistryLimits, ThingChange, ThingTypeProperties, TypeChange,
};

const THINGS: [&str; 3] = ["pump", "valve", "meter"];
const TYPES: [&str; 2] = ["actuator", "sensor"];
const BILLING: [&str; 2] = ["ward", "icu"];
const GROUPS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const CALLERS: usize = 4;

/// What a caller does, with the numbers of what it does it to.
#[derive(Debug, Clone, Copy)]
enum Step {
    CreateThing(usize, Option<usize>, Option<usize>),
    SetAttributes(usize, usize),
    SetType(usize, Option<usize>),
    DeleteThing(usize),
    CreateType(usize),
    DeleteType(usize),
    CreateBilling(usize),
    DeleteBilling(usize),
    Bill(usize, usize),
    CreateGroup(usize, Option<usize>),
    DeleteGroup(usize),
    Join(usize, usize),
    Move(usize, usize, usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let thing = || 0..THINGS.len();
    let group = || 0..GROUPS.len();
    let type_name = || 0..TYPES.len();
    let billing = || 0..BILLING.len();
    let maybe = |count: usize| proptest::option::of(0..count);
    prop_oneof![
        4 => (thing(), maybe(TYPES.len()), maybe(BILLING.len()))
            .prop_map(|(it, type_name, group)| Step::CreateThing(it, type_name, group)),
        2 => (thing(), 0..6_usize).prop_map(|(it, count)| Step::SetAttributes(it, count)),
        2 => (thing(), maybe(TYPES.len())).prop_map(|(it, to)| Step::SetType(it, to)),
        1 => thing().prop_map(Step::DeleteThing),
        3 => type_name().prop_map(Step::CreateType),
        2 => type_name().prop_map(Step::DeleteType),
        3 => billing().prop_map(Step::CreateBilling),
        2 => billing().prop_map(Step::DeleteBilling),
        2 => (thing(), billing()).prop_map(|(it, to)| Step::Bill(it, to)),
        5 => (group(), maybe(GROUPS.len())).prop_map(|(it, parent)| Step::CreateGroup(it, parent)),
        2 => group().prop_map(Step::DeleteGroup),
        4 => (thing(), group()).prop_map(|(it, to)| Step::Join(it, to)),
        3 => (thing(), group(), group()).prop_map(|(it, from, to)| Step::Move(it, from, to)),
    ]
}

/// Refusals are fine here; that something breaks is not.
async fn take(at: &TestPlane, step: Step) -> Result<(), TestCaseError> {
    let plane = &at.plane;
    let name = |of: usize| NameOrArn::name(THINGS[of]);
    let result = match step {
        Step::CreateThing(it, type_name, billing) => {
            let new = NewThing {
                type_name: type_name.map(|it| TYPES[it].to_owned()),
                billing_group: billing.map(|it| BILLING[it].to_owned()),
                ..thing(THINGS[it])
            };
            plane.create_thing(new).await.map(drop)
        }
        Step::SetAttributes(it, count) => {
            let attributes = (0..count).map(|n| (format!("a{n}"), "1".to_owned())).collect();
            let attributes = Some(AttributeChange { attributes, is_merge: false });
            let change = ThingChange { attributes, ..ThingChange::default() };
            plane.update_thing(THINGS[it], &change).await.map(drop)
        }
        Step::SetType(it, to) => {
            let type_name = to.map_or(TypeChange::Remove, |to| TypeChange::Set(TYPES[to].into()));
            let change = ThingChange { type_name, ..ThingChange::default() };
            plane.update_thing(THINGS[it], &change).await.map(drop)
        }
        Step::DeleteThing(it) => plane.delete_thing(THINGS[it], None).await,
        Step::CreateType(it) => {
            let properties = ThingTypeProperties::default();
            plane.create_thing_type(TYPES[it], properties, &[]).await.map(drop)
        }
        Step::DeleteType(it) => {
            plane.deprecate_thing_type(TYPES[it], false).await.ok();
            let result = plane.delete_thing_type(TYPES[it]).await;
            plane.deprecate_thing_type(TYPES[it], true).await.ok();
            result
        }
        Step::CreateBilling(it) => {
            plane.create_billing_group(BILLING[it], None, &[]).await.map(drop)
        }
        Step::DeleteBilling(it) => plane.delete_billing_group(BILLING[it], None).await,
        Step::Bill(it, to) => {
            plane.add_thing_to_billing_group(name(it), NameOrArn::name(BILLING[to])).await
        }
        Step::CreateGroup(it, parent) => {
            let parent = parent.map(|it| GROUPS[it].to_owned());
            let new = NewGroup { name: GROUPS[it].to_owned(), parent, ..NewGroup::default() };
            plane.create_thing_group(new, &[]).await.map(drop)
        }
        Step::DeleteGroup(it) => plane.delete_thing_group(GROUPS[it], None).await,
        Step::Join(it, to) => {
            plane.add_thing_to_thing_group(name(it), NameOrArn::name(GROUPS[to])).await
        }
        Step::Move(it, from, to) => {
            let (add, remove) = ([GROUPS[to].to_owned()], [GROUPS[from].to_owned()]);
            let moves = GroupMoves { add: &add, remove: &remove };
            plane.update_thing_groups_for_thing(THINGS[it], moves).await
        }
    };
    match result {
        Err(broken @ (ControlError::Internal(_) | ControlError::Unavailable(_))) => {
            Err(TestCaseError::fail(format!("{step:?}: {broken}")))
        }
        _ => Ok(()),
    }
}

async fn check_rules(at: &TestPlane, limits: &RegistryLimits) -> Result<(), TestCaseError> {
    let page = Page::first(250);
    let groups = at.plane.list_thing_groups(&GroupListing::default(), &page).await.unwrap().rows;
    for group in &groups {
        let placed = at.plane.describe_thing_group(&group.name).await.unwrap();
        prop_assert!(placed.ancestors.len() < limits.group_depth_max, "{placed:?}");
        let is_child = |it: &&picket_ports::registry::ThingGroup| {
            it.parent.as_deref() == Some(group.name.as_str())
        };
        let children = groups.iter().filter(is_child).count();
        prop_assert!(children <= limits.group_children_max, "{} has {children}", group.name);
    }
    for thing in at.plane.list_things(&ThingFilter::default(), &page).await.unwrap().rows {
        if let Some(type_name) = &thing.type_name {
            let found = at.plane.describe_thing_type(type_name).await;
            prop_assert!(found.is_ok(), "the type of {thing:?} is gone");
        } else {
            prop_assert!(thing.attributes.len() <= limits.thing_attributes_max, "{thing:?}");
        }
        if let Some(billing_group) = &thing.billing_group {
            let found = at.plane.describe_billing_group(billing_group).await;
            prop_assert!(found.is_ok(), "the billing group of {thing:?} is gone");
        }
        let listed = at.plane.list_thing_groups_for_thing(thing.name.as_str(), &page).await;
        let is_in = listed.unwrap().rows;
        prop_assert!(is_in.len() <= limits.groups_per_thing_max, "{is_in:?}");
        let mut roots = BTreeSet::new();
        for group in &is_in {
            let placed = at.plane.describe_thing_group(group).await.unwrap();
            let root = placed.ancestors.last().unwrap_or(&placed.group).name.clone();
            prop_assert!(roots.insert(root), "{} is twice in one hierarchy: {is_in:?}", thing.name);
        }
    }
    Ok(())
}

#[test]
fn the_rules_hold_whatever_four_callers_do_at_once() {
    let limits = RegistryLimits {
        groups_per_thing_max: 2,
        group_depth_max: 3,
        group_children_max: 2,
        thing_type_deletion_minutes: 0,
        ..RegistryLimits::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let steps = proptest::collection::vec(any_step(), 40..160);
    let config = ProptestConfig { cases: 24, ..ProptestConfig::default() };
    let run = |steps: Vec<Step>| runtime.block_on(run_at_once(&limits, &steps));
    TestRunner::new(config).run(&steps, run).unwrap();
}

async fn run_at_once(limits: &RegistryLimits, steps: &[Step]) -> Result<(), TestCaseError> {
    let at = TestPlane::with(limits.clone()).await;
    let share = async |caller: usize| {
        for step in steps.iter().skip(caller).step_by(CALLERS) {
            take(&at, *step).await?;
        }
        Ok(())
    };
    let ended = join_all((0..CALLERS).map(share)).await;
    ended.into_iter().collect::<Result<(), TestCaseError>>()?;
    check_rules(&at, limits).await?;
    at.end().await;
    Ok(())
}
