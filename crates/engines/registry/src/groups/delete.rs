//! `DeleteThingGroup`.

use picket_ports::RegistryError;

use super::lock_name;
use crate::registry_events::{Happened, Tied};
use crate::security_profiles::PROFILES_LOCK;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteThingGroup`. Things in it and policies on it do not hold it; groups in it do. A group
    /// that is not there counts as deleted. Security profiles that watch it do so no more.
    pub async fn delete_thing_group(
        &self,
        name: &str,
        expected_version: Option<u64>,
    ) -> Result<(), ControlError> {
        let held = self.locks.hold(&[&lock_name(name), PROFILES_LOCK]).await;
        let alone = self.references.alone().await;
        let placed = match self.describe_thing_group(name).await {
            Ok(placed) => placed,
            Err(ControlError::NotFound { .. }) => return Ok(()),
            Err(other) => return Err(other),
        };
        let registry = &self.parts.registry;
        match registry.delete_group(name, expected_version).await {
            Ok(()) => {}
            Err(RegistryError::NotFound { .. }) => return Ok(()),
            Err(RegistryError::InUse { .. }) => {
                return Err(ControlError::Invalid(format!(
                    "Cannot delete thing group : {name} when there are still child groups attached to it."
                )));
            }
            Err(other) => return Err(other.into()),
        }
        drop(alone);
        let arn = self.thing_group_arn(name);
        self.forget_target(&arn).await?;
        registry.untag_all(&arn).await?;
        drop(held);
        self.in_force().await;
        if let Some(parent) = placed.ancestors.first() {
            self.announce_hierarchy(Tied::Removed, parent, &placed.group).await;
        }
        self.announce_group(Happened::Deleted, &placed.group, &placed.ancestors).await;
        Ok(())
    }
}
