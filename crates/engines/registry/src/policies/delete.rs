//! `DeletePolicy`.

use picket_ports::RegistryError;

use super::{lock_name, policy_name};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeletePolicy`: one that is attached nowhere and has no version but the default one.
    pub async fn delete_policy(&self, name: &str) -> Result<(), ControlError> {
        let name = policy_name(name)?;
        // Nobody adds a version between the check and the deletion.
        let held = self.locks.hold(&[&lock_name(&name)]).await;
        let policy = self.policy(&name).await?;
        if policy.versions.len() > 1 {
            return Err(ControlError::DeleteConflict(format!(
                "policy {name} has {} versions besides the default one; delete them first",
                policy.versions.len() - 1
            )));
        }
        match self.parts.registry.delete_policy(&name).await {
            Ok(()) => {}
            Err(RegistryError::InUse { .. }) => {
                return Err(ControlError::DeleteConflict(format!(
                    "policy {name} is attached to one or more targets; detach it first"
                )));
            }
            Err(other) => return Err(other.into()),
        }
        self.parts.registry.untag_all(&self.policy_arn(&name)).await?;
        drop(held);
        self.in_force().await;
        Ok(())
    }
}
