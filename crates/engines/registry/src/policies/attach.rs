//! `AttachPolicy`, `DetachPolicy` and their older forms for principals.

use picket_core::PolicyName;
use picket_ports::RegistryError;
use picket_ports::registry::{Page, PolicyTarget};

use super::policy_name;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `AttachPolicy`. Again is fine. In force at the front door when it resolves.
    pub async fn attach_policy(&self, name: &str, target: &str) -> Result<(), ControlError> {
        let (name, target) = (policy_name(name)?, self.target("target", target)?);
        self.attach_to(&name, &target).await
    }

    /// `DetachPolicy`. What is not attached, or is not there, counts as detached.
    pub async fn detach_policy(&self, name: &str, target: &str) -> Result<(), ControlError> {
        let (name, target) = (policy_name(name)?, self.target("target", target)?);
        self.detach_from(&name, &target).await
    }

    /// `AttachPrincipalPolicy`.
    pub async fn attach_principal_policy(
        &self,
        name: &str,
        principal: &str,
    ) -> Result<(), ControlError> {
        let (name, target) = (policy_name(name)?, self.principal(principal)?);
        self.attach_to(&name, &target).await
    }

    /// `DetachPrincipalPolicy`. Both must be there.
    pub async fn detach_principal_policy(
        &self,
        name: &str,
        principal: &str,
    ) -> Result<(), ControlError> {
        let (name, target) = (policy_name(name)?, self.principal(principal)?);
        self.policy(&name).await?;
        self.check_target(&target).await?;
        self.detach_from(&name, &target).await
    }

    async fn attach_to(
        &self,
        name: &PolicyName,
        target: &PolicyTarget,
    ) -> Result<(), ControlError> {
        let text = self.target_text(target);
        // Two callers could each find room for the last policy.
        let held = self.locks.hold(&[&format!("policies of {text}")]).await;
        self.policy(name).await?;
        self.check_target(target).await?;
        self.check_room(name, target, &text).await?;
        self.parts.registry.attach_policy(name, target).await?;
        drop(held);
        self.in_force().await;
        Ok(())
    }

    async fn check_room(
        &self,
        name: &PolicyName,
        target: &PolicyTarget,
        text: &str,
    ) -> Result<(), ControlError> {
        let limits = &self.parts.limits;
        let policies_max = match target {
            PolicyTarget::Group(_) => limits.policies_per_group_max,
            PolicyTarget::Certificate(_) | PolicyTarget::Identity(_) => {
                limits.policies_per_certificate_max
            }
        };
        let rows = u32::try_from(policies_max.saturating_add(1)).unwrap_or(u32::MAX);
        let attached = self.parts.registry.policies_of(target, &Page::first(rows)).await?.rows;
        if attached.len() < policies_max || attached.contains(name) {
            return Ok(());
        }
        Err(ControlError::LimitExceeded(format!(
            "{text} has {} policies; at most {policies_max} are allowed",
            attached.len()
        )))
    }

    async fn detach_from(
        &self,
        name: &PolicyName,
        target: &PolicyTarget,
    ) -> Result<(), ControlError> {
        match self.parts.registry.detach_policy(name, target).await {
            Ok(()) | Err(RegistryError::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        self.in_force().await;
        Ok(())
    }
}
