//! `CreatePolicy`.

use picket_core::PolicyName;
use picket_ports::RegistryError;
use picket_ports::registry::Policy;

use super::{check_document, lock_name, policy_name};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `CreatePolicy`. Not idempotent: a name that is taken is refused, whatever the document.
    pub async fn create_policy(
        &self,
        name: &str,
        document: &str,
        tags: &[(String, String)],
    ) -> Result<Policy, ControlError> {
        let name = policy_name(name)?;
        check_document(document)?;
        self.check_first_tags(tags)?;
        let held = self.locks.hold(&[&lock_name(&name)]).await;
        match self.parts.registry.policy(&name).await {
            Ok(_) => return Err(self.policy_is_there(name)),
            Err(RegistryError::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        self.set_first_tags(&self.policy_arn(&name), tags).await?;
        let policy = Policy::new(name, document, self.parts.clock.now());
        match self.parts.registry.create_policy(&policy).await {
            Ok(()) => {}
            Err(RegistryError::AlreadyExists { .. }) => {
                return Err(self.policy_is_there(policy.name));
            }
            Err(other) => return Err(other.into()),
        }
        drop(held);
        self.in_force().await;
        Ok(policy)
    }

    fn policy_is_there(&self, name: PolicyName) -> ControlError {
        ControlError::AlreadyExists {
            kind: "policy",
            id: name.to_string(),
            arn: self.policy_arn(&name),
            name: name.into(),
        }
    }
}
