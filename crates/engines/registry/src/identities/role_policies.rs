//! The policies of a role: its own, and the managed ones it is given.

use super::names::POLICY_NAME;
use super::policy_document::{self, Purpose};
use crate::checked::shown;
use crate::{ControlError, ControlPlane};

/// Most characters of all inline policies of a role together, without white space.
const INLINE_CHARS_MAX: usize = 10_240;
/// Most managed policies of a role.
const ATTACHED_MAX: usize = 20;

impl ControlPlane {
    /// `PutRolePolicy`: adds an inline policy, or replaces the one of that name.
    pub async fn put_role_policy(
        &self,
        role: &str,
        policy: &str,
        document: &str,
    ) -> Result<(), ControlError> {
        POLICY_NAME.check("PolicyName", policy)?;
        policy_document::check(document, Purpose::Rights, INLINE_CHARS_MAX)?;
        self.change_role(role, |record| {
            record.inline_policies.insert(policy.to_owned(), document.to_owned());
            let all = record.inline_policies.values().flat_map(|text| text.chars());
            let chars = all.filter(|c| !c.is_whitespace()).count();
            if chars > INLINE_CHARS_MAX {
                return Err(ControlError::LimitExceeded(format!(
                    "the inline policies of role {role} would have {chars} characters; at most \
                     {INLINE_CHARS_MAX} are allowed"
                )));
            }
            Ok(())
        })
        .await
    }

    /// `GetRolePolicy`: the document as given.
    pub async fn role_policy(&self, role: &str, policy: &str) -> Result<String, ControlError> {
        POLICY_NAME.check("PolicyName", policy)?;
        let mut found = self.role(role).await?;
        found.inline_policies.remove(policy).ok_or_else(|| missing(role, policy))
    }

    /// `DeleteRolePolicy`.
    pub async fn delete_role_policy(&self, role: &str, policy: &str) -> Result<(), ControlError> {
        POLICY_NAME.check("PolicyName", policy)?;
        self.change_role(role, |record| {
            record.inline_policies.remove(policy).map(drop).ok_or_else(|| missing(role, policy))
        })
        .await
    }

    /// `AttachRolePolicy`; fine if it is attached.
    pub async fn attach_role_policy(&self, role: &str, arn: &str) -> Result<(), ControlError> {
        // So that the policy is not deleted in between.
        let _held = self.locks.hold(&["iam-policies"]).await;
        self.managed_policy(arn).await?;
        self.change_role(role, |record| {
            if record.attached_policies.iter().any(|attached| attached == arn) {
                return Ok(());
            }
            if record.attached_policies.len() >= ATTACHED_MAX {
                return Err(ControlError::LimitExceeded(format!(
                    "role {role} has {ATTACHED_MAX} attached policies, which is the most it may have"
                )));
            }
            record.attached_policies.push(arn.to_owned());
            Ok(())
        })
        .await
    }

    /// `DetachRolePolicy`. `NotFound` if it is not attached.
    pub async fn detach_role_policy(&self, role: &str, arn: &str) -> Result<(), ControlError> {
        self.change_role(role, |record| {
            let at = record.attached_policies.iter().position(|attached| attached == arn);
            let at = at.ok_or_else(|| ControlError::not_found("attached policy", shown(arn)))?;
            record.attached_policies.remove(at);
            Ok(())
        })
        .await
    }
}

fn missing(role: &str, policy: &str) -> ControlError {
    ControlError::not_found("role policy", format!("{policy} of role {role}"))
}
