//! Policies, their versions and what they are attached to; what they come to (spec iot-core §2.7, §4).

mod attach;
mod attached;
mod create;
mod delete;
mod effective;
mod examined;
mod explain;
mod read;
mod target;
mod test_authorization;
mod versions;

use std::sync::Arc;

use picket_core::PolicyName;
use picket_policy::PolicyDocument;
use picket_ports::RegistryError;
use picket_ports::registry::Policy;
use uuid::Uuid;

use crate::{ATTEMPTS_MAX, ControlError, ControlPlane, RightsBook};

pub use effective::EffectivePolicy;
pub use explain::{ExplainRequest, ExplainedPolicy, ExplainedRights};
pub use test_authorization::{AuthInfo, AuthResult, AuthorizationTest};

impl ControlPlane {
    /// The ARN of policy `name`.
    pub fn policy_arn(&self, name: &PolicyName) -> String {
        self.parts.account.iot_arn(&format!("policy/{name}"))
    }

    /// The rights of callers, shared by all who ask for them.
    pub fn rights(&self) -> &Arc<RightsBook> {
        &self.rights
    }

    pub(crate) async fn policy(&self, name: &PolicyName) -> Result<Policy, ControlError> {
        Ok(self.parts.registry.policy(name).await?)
    }

    /// Changes a policy. What `change` refuses stays undone; it is asked again where somebody else was
    /// faster.
    async fn change_policy<T>(
        &self,
        name: &PolicyName,
        change: impl Fn(&mut Policy) -> Result<T, ControlError>,
    ) -> Result<T, ControlError> {
        let held = self.locks.hold(&[&lock_name(name)]).await;
        for _ in 0..ATTEMPTS_MAX {
            let mut policy = self.policy(name).await?;
            let outcome = change(&mut policy)?;
            policy.revision += 1;
            policy.modified = self.parts.clock.now();
            match self.parts.registry.replace_policy(&policy).await {
                Ok(()) => {
                    drop(held);
                    self.in_force().await;
                    return Ok(outcome);
                }
                Err(RegistryError::VersionConflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(ControlError::Unavailable(format!("policy {name} changes all the time")))
    }
}

/// A policy's `generationId`: another one when a policy that was deleted comes back.
pub fn policy_generation_id(policy: &Policy) -> String {
    let of = format!("policy/{}/{}", policy.name, policy.created.as_millis());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, of.as_bytes()).to_string()
}

/// The name of a policy as callers write it.
fn policy_name(text: &str) -> Result<PolicyName, ControlError> {
    Ok(PolicyName::new(text)?)
}

/// Held while versions of a policy are counted or a policy goes away.
fn lock_name(name: &PolicyName) -> String {
    format!("policy/{name}")
}

/// Refuses a document that is no policy, saying where and what.
fn check_document(document: &str) -> Result<(), ControlError> {
    match PolicyDocument::parse(document) {
        Ok(_) => Ok(()),
        Err(error) => Err(ControlError::MalformedPolicy(error.to_string())),
    }
}

#[cfg(test)]
mod tests;
