//! What is attached to what: `ListAttachedPolicies`, `ListTargetsForPolicy`, and the older
//! `ListPrincipalPolicies` and `ListPolicyPrincipals`.

use std::collections::BTreeSet;

use picket_core::PolicyName;
use picket_ports::RegistryError;
use picket_ports::registry::{Order, Page, PolicyTarget, Rows};

use super::policy_name;
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `ListAttachedPolicies`, by name. `is_recursive` adds what the ancestors of a group have.
    pub async fn list_attached_policies(
        &self,
        target: &str,
        is_recursive: bool,
        page: &Page,
    ) -> Result<Rows<PolicyName>, ControlError> {
        let target = self.target("target", target)?;
        if let PolicyTarget::Group(name) = &target
            && is_recursive
        {
            let names: BTreeSet<PolicyName> =
                self.policies_of_line(name).await?.into_iter().map(|(policy, _)| policy).collect();
            return Ok(page_of(names.into_iter().collect(), page, PolicyName::as_str));
        }
        self.check_target(&target).await?;
        Ok(self.parts.registry.policies_of(&target, page).await?)
    }

    /// The policies of a group and its ancestors, each with the group it is attached to, the group's
    /// own first.
    pub(super) async fn policies_of_line(
        &self,
        group: &str,
    ) -> Result<Vec<(PolicyName, PolicyTarget)>, ControlError> {
        let mut found = Vec::new();
        for group in self.parts.registry.group_line(group).await? {
            let target = PolicyTarget::Group(group.name);
            for policy in self.policies_of(&target).await? {
                found.push((policy, target.clone()));
            }
        }
        Ok(found)
    }

    /// `ListTargetsForPolicy`: the targets as ARNs and ids, by kind and name.
    pub async fn list_targets_for_policy(
        &self,
        name: &str,
        page: &Page,
    ) -> Result<Rows<String>, ControlError> {
        let name = policy_name(name)?;
        self.policy(&name).await?;
        let targets = self.parts.registry.targets_of(&name, page).await?;
        let rows = targets.rows.iter().map(|target| self.target_text(target)).collect();
        Ok(Rows { rows, next: targets.next })
    }

    /// `ListPrincipalPolicies`, by time of the policies' creation.
    pub async fn list_principal_policies(
        &self,
        principal: &str,
        order: Order,
        page: &Page,
    ) -> Result<Rows<PolicyName>, ControlError> {
        let target = self.principal(principal)?;
        self.check_target(&target).await?;
        let mut keyed = Vec::new();
        for name in self.policies_of(&target).await? {
            let created = match self.parts.registry.policy(&name).await {
                Ok(policy) => policy.created.as_millis(),
                // Deleted just now.
                Err(RegistryError::NotFound { .. }) => continue,
                Err(other) => return Err(other.into()),
            };
            let place = match order {
                Order::Ascending => created,
                Order::Descending => i64::MAX - created,
            };
            keyed.push((format!("{place:020}/{name}"), name));
        }
        keyed.sort();
        let Rows { rows, next } = page_of(keyed, page, |(key, _)| key);
        Ok(Rows { rows: rows.into_iter().map(|(_, name)| name).collect(), next })
    }

    /// `ListPolicyPrincipals`: certificates, then Cognito identities, by id. Attachments carry no time,
    /// so there is no other order. A page may have fewer rows than were asked for.
    pub async fn list_policy_principals(
        &self,
        name: &str,
        page: &Page,
    ) -> Result<Rows<String>, ControlError> {
        let name = policy_name(name)?;
        self.policy(&name).await?;
        let targets = self.parts.registry.targets_of(&name, page).await?;
        let principals =
            targets.rows.iter().filter(|target| !matches!(target, PolicyTarget::Group(_)));
        let rows = principals.map(|target| self.target_text(target)).collect();
        Ok(Rows { rows, next: targets.next })
    }
}
