//! `UpdateThingGroup`.

use picket_ports::RegistryError;
use picket_ports::registry::ThingGroup;

use super::{PlacedGroup, group_error, lock_name};
use crate::attributes::{AttributeChange, changed_pairs, check_count};
use crate::checked::DESCRIPTION;
use crate::registry_events::Happened;
use crate::things::check_version;
use crate::{ATTEMPTS_MAX, ControlError, ControlPlane};

/// What is to become of a group; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// What it is for; an empty text takes the description away.
    pub description: Option<String>,
    /// Its attributes.
    pub attributes: Option<AttributeChange>,
    /// Do it only if the group is at this version.
    pub expected_version: Option<u64>,
}

impl ControlPlane {
    /// `UpdateThingGroup`. Without an expected version the change is made on whatever is there, together
    /// with what others change at the same time.
    pub async fn update_thing_group(
        &self,
        name: &str,
        change: &GroupChange,
    ) -> Result<ThingGroup, ControlError> {
        let description = change.description.as_deref();
        description.iter().try_for_each(|it| DESCRIPTION.check("thingGroupDescription", it))?;
        let held = self.locks.hold(&[&lock_name(name)]).await;
        for _ in 0..ATTEMPTS_MAX {
            let PlacedGroup { mut group, ancestors } = self.describe_thing_group(name).await?;
            check_version("thing group", name, change.expected_version, group.version)?;
            self.make_group_change(&mut group, change)?;
            group.version += 1;
            match self.parts.registry.replace_group(&group).await {
                Ok(()) => {
                    drop(held);
                    self.in_force().await;
                    self.announce_group(Happened::Updated, &group, &ancestors).await;
                    return Ok(group);
                }
                Err(RegistryError::VersionConflict { .. }) => {}
                Err(other) => return Err(group_error(other, name)),
            }
        }
        Err(ControlError::changed_too_often("thing group", name))
    }

    fn make_group_change(
        &self,
        group: &mut ThingGroup,
        change: &GroupChange,
    ) -> Result<(), ControlError> {
        if let Some(description) = &change.description {
            group.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(attributes) = &change.attributes {
            group.attributes = changed_pairs(&group.attributes, attributes)?;
        }
        check_count(&group.attributes, self.parts.limits.group_attributes_max, "a thing group")
    }
}
