//! `CreateThingGroup`.

use std::collections::BTreeMap;

use picket_ports::RegistryError;
use picket_ports::registry::{GroupFilter, Page, ThingGroup};
use uuid::Uuid;

use super::{PlacedGroup, lock_name};
use crate::attributes::{check_count, first_pairs};
use crate::checked::{DESCRIPTION, ENTRY_NAME};
use crate::registry_events::{Happened, Tied};
use crate::{ControlError, ControlPlane};

/// A group to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// The group it is to lie in, for life.
    pub parent: Option<String>,
    /// What it is for; an empty text is none.
    pub description: Option<String>,
    /// Its attributes; those with an empty value are left out.
    pub attributes: BTreeMap<String, String>,
}

impl ControlPlane {
    /// `CreateThingGroup`. A group of this name, in the same place and with the same properties, is
    /// returned as it is, with the tags it has.
    pub async fn create_thing_group(
        &self,
        new: NewGroup,
        tags: &[(String, String)],
    ) -> Result<ThingGroup, ControlError> {
        let group = self.checked_group(new)?;
        self.check_first_tags(tags)?;
        let held = self.hold_place(&group).await;
        match self.group(&group.name).await {
            Ok(existing) => return self.same_group(&group, existing),
            Err(ControlError::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
        let ancestors = self.checked_place(&group).await?;
        self.set_first_tags(&self.thing_group_arn(&group.name), tags).await?;
        match self.parts.registry.create_group(&group).await {
            Ok(()) => {}
            // Another process was faster.
            Err(RegistryError::AlreadyExists { .. }) => {
                let existing = self.group(&group.name).await?;
                return self.same_group(&group, existing);
            }
            Err(RegistryError::NotFound { .. }) => return Err(no_parent(&group)),
            Err(other) => return Err(other.into()),
        }
        drop(held);
        self.in_force().await;
        self.announce_group(Happened::Created, &group, &ancestors).await;
        if let Some(parent) = ancestors.first() {
            self.announce_hierarchy(Tied::Added, parent, &group).await;
        }
        Ok(group)
    }

    fn checked_group(&self, new: NewGroup) -> Result<ThingGroup, ControlError> {
        let NewGroup { name, parent, description, attributes } = new;
        ENTRY_NAME.check("thingGroupName", &name)?;
        parent.iter().try_for_each(|name| ENTRY_NAME.check("parentGroupName", name))?;
        description.iter().try_for_each(|it| DESCRIPTION.check("thingGroupDescription", it))?;
        let attributes = first_pairs(&attributes)?;
        check_count(&attributes, self.parts.limits.group_attributes_max, "a thing group")?;
        let description = description.filter(|text| !text.is_empty());
        let (id, now) = (Uuid::new_v4().to_string(), self.parts.clock.now());
        Ok(ThingGroup { description, attributes, ..ThingGroup::new(name, id, parent, now) })
    }

    /// Nobody else makes a group of this name or below the same parent, or removes the parent, while
    /// this is held.
    async fn hold_place(&self, group: &ThingGroup) -> Vec<tokio::sync::MutexGuard<'_, ()>> {
        let own = lock_name(&group.name);
        match &group.parent {
            None => self.locks.hold(&[&own]).await,
            Some(parent) => self.locks.hold(&[&own, &lock_name(parent)]).await,
        }
    }

    /// The ancestors the group is going to have; refuses a place that is too deep or too crowded.
    async fn checked_place(&self, group: &ThingGroup) -> Result<Vec<ThingGroup>, ControlError> {
        let Some(parent) = &group.parent else { return Ok(Vec::new()) };
        let placed = self.describe_thing_group(parent).await.map_err(|error| match error {
            // The model of this operation has no `ResourceNotFoundException`.
            ControlError::NotFound { .. } => no_parent(group),
            other => other,
        })?;
        let PlacedGroup { group: parent, ancestors: above } = placed;
        let limits = &self.parts.limits;
        let depth = above.len() + 2;
        if depth > limits.group_depth_max {
            return Err(ControlError::Invalid(format!(
                "thing group {} would lie at level {depth} of its hierarchy; at most {} levels are allowed",
                group.name, limits.group_depth_max
            )));
        }
        self.check_room_below(&parent).await?;
        Ok(std::iter::once(parent).chain(above).collect())
    }

    async fn check_room_below(&self, parent: &ThingGroup) -> Result<(), ControlError> {
        let children_max = self.parts.limits.group_children_max;
        let page = Page::first(u32::try_from(children_max.max(1)).unwrap_or(u32::MAX));
        let below = GroupFilter { parent: Some(parent.name.clone()), ..GroupFilter::default() };
        if self.parts.registry.groups(&below, &page).await?.rows.len() < children_max {
            return Ok(());
        }
        Err(ControlError::Invalid(format!(
            "thing group {} has {children_max} child groups, which is the most",
            parent.name
        )))
    }

    fn same_group(
        &self,
        wanted: &ThingGroup,
        existing: ThingGroup,
    ) -> Result<ThingGroup, ControlError> {
        let is_same = existing.parent == wanted.parent
            && existing.description == wanted.description
            && existing.attributes == wanted.attributes;
        if is_same {
            return Ok(existing);
        }
        Err(ControlError::AlreadyExists {
            kind: "thing group",
            arn: self.thing_group_arn(&existing.name),
            name: existing.name,
            id: existing.id,
        })
    }
}

fn no_parent(group: &ThingGroup) -> ControlError {
    let parent = group.parent.as_deref().unwrap_or_default();
    ControlError::Invalid(format!("parent thing group {parent} does not exist"))
}
