//! `GetEffectivePolicies`.

use picket_core::PolicyName;
use picket_ports::RegistryError;
use picket_ports::registry::{DocumentKind, Policy, PolicyTarget};

use crate::{ControlError, ControlPlane, checked};

/// A policy that applies, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectivePolicy {
    /// The policy.
    pub policy: Policy,
    /// What it is attached to; the first place, if it is in several.
    pub via: PolicyTarget,
}

impl ControlPlane {
    /// `GetEffectivePolicies`: the policies of a principal, and those of a thing's groups and their
    /// ancestors, each once. An identity pool that is named must be there; its roles' policies are
    /// IAM's and not among these.
    pub async fn get_effective_policies(
        &self,
        thing: Option<&str>,
        principal: Option<&str>,
        identity_pool: Option<&str>,
    ) -> Result<Vec<EffectivePolicy>, ControlError> {
        if thing.is_none() && principal.is_none() {
            return Err(ControlError::invalid("either `thingName` or `principal` is required"));
        }
        self.check_identity_pool(identity_pool).await?;
        let mut places = Vec::new();
        if let Some(principal) = principal {
            let target = self.target("principal", principal)?;
            self.check_target(&target).await?;
            places.extend(self.places_of(target).await?);
        }
        if let Some(name) = thing {
            let name = checked::thing_name(name)?;
            self.thing(&name).await?;
            for group in self.parts.registry.groups_of_thing(&name).await? {
                places.extend(self.policies_of_line(&group).await?);
            }
        }
        self.read_once(places).await
    }

    pub(super) async fn check_identity_pool(&self, id: Option<&str>) -> Result<(), ControlError> {
        let Some(id) = id else { return Ok(()) };
        match self.parts.registry.document(DocumentKind::IdentityPool, id).await {
            Ok(_) => Ok(()),
            Err(RegistryError::NotFound { .. }) => {
                Err(ControlError::not_found("identity pool", checked::shown(id)))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The policies of a target; with a group those of its ancestors too.
    pub(super) async fn places_of(
        &self,
        target: PolicyTarget,
    ) -> Result<Vec<(PolicyName, PolicyTarget)>, ControlError> {
        if let PolicyTarget::Group(name) = &target {
            return self.policies_of_line(name).await;
        }
        let names = self.policies_of(&target).await?;
        Ok(names.into_iter().map(|name| (name, target.clone())).collect())
    }

    /// Reads the policies, each once. One that was deleted meanwhile is left out.
    pub(super) async fn read_once(
        &self,
        places: Vec<(PolicyName, PolicyTarget)>,
    ) -> Result<Vec<EffectivePolicy>, ControlError> {
        let mut found: Vec<EffectivePolicy> = Vec::new();
        for (name, via) in places {
            if found.iter().any(|other| other.policy.name == name) {
                continue;
            }
            match self.parts.registry.policy(&name).await {
                Ok(policy) => found.push(EffectivePolicy { policy, via }),
                Err(RegistryError::NotFound { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(found)
    }
}
