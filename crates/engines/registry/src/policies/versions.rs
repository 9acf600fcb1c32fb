//! Versions of policies. Their ids grow and are never used again.

use picket_core::PolicyName;
use picket_ports::registry::{Policy, PolicyVersion};

use super::{check_document, policy_name};
use crate::checked::shown;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `CreatePolicyVersion`: the policy with the new version, which is its last.
    pub async fn create_policy_version(
        &self,
        name: &str,
        document: &str,
        is_default: bool,
    ) -> Result<Policy, ControlError> {
        let name = policy_name(name)?;
        check_document(document)?;
        self.add_policy_version(&name, document, is_default).await
    }

    /// Adds a version whose document has been checked.
    pub(crate) async fn add_policy_version(
        &self,
        name: &PolicyName,
        document: &str,
        is_default: bool,
    ) -> Result<Policy, ControlError> {
        let versions_max = self.parts.limits.policy_versions_max;
        let now = self.parts.clock.now();
        self.change_policy(name, |policy| {
            if policy.versions.len() >= versions_max {
                return Err(ControlError::VersionsLimitExceeded(format!(
                    "policy {name} has {} versions; at most {versions_max} are allowed, so delete one \
                     first",
                    policy.versions.len()
                )));
            }
            let id = policy.last_version + 1;
            policy.last_version = id;
            policy.versions.push(PolicyVersion { id, document: document.into(), created: now });
            if is_default {
                policy.default_version = id;
            }
            Ok(policy.clone())
        })
        .await
    }

    /// `GetPolicyVersion`: the policy and the version.
    pub async fn get_policy_version(
        &self,
        name: &str,
        version: &str,
    ) -> Result<(Policy, PolicyVersion), ControlError> {
        let name = policy_name(name)?;
        let id = version_id(version)?;
        let policy = self.policy(&name).await?;
        let found = id.and_then(|id| policy.version(id)).cloned();
        found.map(|found| (policy, found)).ok_or_else(|| no_version(&name, version))
    }

    /// `DeletePolicyVersion`: any but the default one.
    pub async fn delete_policy_version(
        &self,
        name: &str,
        version: &str,
    ) -> Result<(), ControlError> {
        let name = policy_name(name)?;
        let id = version_id(version)?;
        self.change_policy(&name, |policy| {
            let place = policy.versions.iter().position(|it| Some(it.id) == id);
            let place = place.ok_or_else(|| no_version(&name, version))?;
            if Some(policy.default_version) == id {
                return Err(ControlError::DeleteConflict(format!(
                    "version {version} of policy {name} is the default version; set another one \
                     first"
                )));
            }
            policy.versions.remove(place);
            Ok(())
        })
        .await
    }

    /// `ListPolicyVersions`: the policy, whose versions come newest first.
    pub async fn list_policy_versions(&self, name: &str) -> Result<Policy, ControlError> {
        let mut policy = self.policy(&policy_name(name)?).await?;
        policy.versions.reverse();
        Ok(policy)
    }

    /// `SetDefaultPolicyVersion`. In force at the front door when it resolves.
    pub async fn set_default_policy_version(
        &self,
        name: &str,
        version: &str,
    ) -> Result<(), ControlError> {
        let name = policy_name(name)?;
        let id = version_id(version)?;
        self.change_policy(&name, |policy| {
            let found = id.and_then(|id| policy.version(id));
            policy.default_version = found.ok_or_else(|| no_version(&name, version))?.id;
            Ok(())
        })
        .await
    }
}

/// A version's id; `None` for a number that no version has.
fn version_id(text: &str) -> Result<Option<u32>, ControlError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ControlError::Invalid(format!(
            "value `{}` at `policyVersionId` is not a version: it must be a number",
            shown(text)
        )));
    }
    Ok(text.parse().ok().filter(|_| !text.starts_with('0')))
}

fn no_version(name: &PolicyName, version: &str) -> ControlError {
    ControlError::not_found("policy version", format!("{} of policy {name}", shown(version)))
}
