//! Who is in which group: `AddThingToThingGroup`, `RemoveThingFromThingGroup` and
//! `UpdateThingGroupsForThing`.
//!
//! A thing is in at most ten groups, and in one group of a hierarchy only. What is asked for is
//! checked whole before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use picket_core::ThingName;
use picket_ports::registry::ThingGroup;

use super::group_error;
use crate::checked::ENTRY_NAME;
use crate::references::NameOrArn;
use crate::registry_events::Tied;
use crate::{ControlError, ControlPlane};

/// Most groups in one list of `UpdateThingGroupsForThing`.
const LISTED_MAX: usize = 100;

/// The groups a thing is to join and to leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupMoves<'a> {
    /// Groups to join.
    pub add: &'a [String],
    /// Groups to leave; they are left first.
    pub remove: &'a [String],
}

impl ControlPlane {
    /// `AddThingToThingGroup`; fine if the thing is in it.
    pub async fn add_thing_to_thing_group(
        &self,
        thing: NameOrArn<'_>,
        group: NameOrArn<'_>,
    ) -> Result<(), ControlError> {
        let thing = thing.thing(&self.parts.account)?;
        let add = [group.group(&self.parts.account)?.to_owned()];
        self.move_thing(&thing, GroupMoves { add: &add, remove: &[] }).await
    }

    /// `RemoveThingFromThingGroup`; fine if the thing is not in it.
    pub async fn remove_thing_from_thing_group(
        &self,
        thing: NameOrArn<'_>,
        group: NameOrArn<'_>,
    ) -> Result<(), ControlError> {
        let thing = thing.thing(&self.parts.account)?;
        let remove = [group.group(&self.parts.account)?.to_owned()];
        self.move_thing(&thing, GroupMoves { add: &[], remove: &remove }).await
    }

    /// `UpdateThingGroupsForThing`.
    pub async fn update_thing_groups_for_thing(
        &self,
        thing: &str,
        moves: GroupMoves<'_>,
    ) -> Result<(), ControlError> {
        let thing = NameOrArn::name(thing).thing(&self.parts.account)?;
        for (member, groups) in
            [("thingGroupsToAdd", moves.add), ("thingGroupsToRemove", moves.remove)]
        {
            if groups.len() > LISTED_MAX {
                return Err(ControlError::Invalid(format!(
                    "`{member}` has {} members; at most {LISTED_MAX} are allowed",
                    groups.len()
                )));
            }
            groups.iter().try_for_each(|name| ENTRY_NAME.check(member, name))?;
        }
        if let Some(both) = moves.add.iter().find(|name| moves.remove.contains(name)) {
            return Err(ControlError::Invalid(format!(
                "thing group {both} is in both `thingGroupsToAdd` and `thingGroupsToRemove`"
            )));
        }
        self.move_thing(&thing, moves).await
    }

    async fn move_thing(
        &self,
        name: &ThingName,
        moves: GroupMoves<'_>,
    ) -> Result<(), ControlError> {
        let held = self.locks.hold(&[&format!("memberships/{name}")]).await;
        let kept = self.references.share().await;
        let thing = self.thing(name).await?;
        let is_in: BTreeSet<String> =
            self.parts.registry.groups_of_thing(name).await?.into_iter().collect();
        let to_leave = self.groups_named(moves.remove, |group| is_in.contains(group)).await?;
        let to_join = self.groups_named(moves.add, |group| !is_in.contains(group)).await?;
        self.check_membership(name, is_in, &to_leave, &to_join).await?;

        for group in &to_leave {
            let left = self.parts.registry.remove_from_group(name, &group.name).await;
            left.map_err(|error| group_error(error, &group.name))?;
        }
        for group in &to_join {
            let joined = self.parts.registry.add_to_group(name, &group.name).await;
            joined.map_err(|error| membership_error(error, name, group))?;
        }
        drop((kept, held));
        self.in_force().await;
        for group in &to_leave {
            self.announce_membership(Tied::Removed, &thing, group).await;
        }
        for group in &to_join {
            self.announce_membership(Tied::Added, &thing, group).await;
        }
        Ok(())
    }

    /// Those of `groups` that a thing is not in yet; refuses what joining them would be refused for.
    pub(crate) async fn groups_to_join(
        &self,
        name: &ThingName,
        groups: &[String],
    ) -> Result<Vec<ThingGroup>, ControlError> {
        groups.iter().try_for_each(|group| ENTRY_NAME.check("thingGroupName", group))?;
        let is_in: BTreeSet<String> =
            self.parts.registry.groups_of_thing(name).await?.into_iter().collect();
        let to_join = self.groups_named(groups, |group| !is_in.contains(group)).await?;
        self.check_membership(name, is_in, &[], &to_join).await?;
        Ok(to_join)
    }

    /// The groups of these names, each of which must be there, that `is_wanted`.
    async fn groups_named(
        &self,
        names: &[String],
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<ThingGroup>, ControlError> {
        let mut groups = Vec::new();
        for name in names.iter().collect::<BTreeSet<_>>() {
            let group = self.group(name).await?;
            if is_wanted(name) {
                groups.push(group);
            }
        }
        Ok(groups)
    }

    async fn check_membership(
        &self,
        name: &ThingName,
        mut is_in: BTreeSet<String>,
        to_leave: &[ThingGroup],
        to_join: &[ThingGroup],
    ) -> Result<(), ControlError> {
        if to_join.is_empty() {
            return Ok(());
        }
        is_in.retain(|group| to_leave.iter().all(|left| left.name != *group));
        let groups_max = self.parts.limits.groups_per_thing_max;
        if is_in.len() + to_join.len() > groups_max {
            return Err(ControlError::Invalid(format!(
                "thing {name} would be in {} thing groups; at most {groups_max} are allowed",
                is_in.len() + to_join.len()
            )));
        }
        let mut by_root = BTreeMap::new();
        for group in is_in {
            by_root.insert(self.root_of(&group).await?, group);
        }
        for ThingGroup { name: group, .. } in to_join {
            if let Some(other) = by_root.insert(self.root_of(group).await?, group.clone()) {
                return Err(ControlError::Invalid(format!(
                    "thing {name} cannot be in thing groups {other} and {group}, which are in the same hierarchy"
                )));
            }
        }
        Ok(())
    }
}

fn membership_error(
    error: picket_ports::RegistryError,
    thing: &ThingName,
    group: &ThingGroup,
) -> ControlError {
    match error {
        picket_ports::RegistryError::NotFound { kind: "thing", .. } => {
            ControlError::not_found("thing", thing.as_str())
        }
        other => group_error(other, &group.name),
    }
}
