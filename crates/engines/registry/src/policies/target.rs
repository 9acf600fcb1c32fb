//! What a policy can be attached to, as callers write it.

use picket_core::PolicyName;
use picket_ports::registry::{Page, PolicyTarget};

use crate::certificates::certificate_id;
use crate::checked::{ENTRY_NAME, shown};
use crate::{ControlError, ControlPlane};

const ROWS: u32 = 250;

impl ControlPlane {
    /// Reads a certificate's ARN, a thing group's ARN or a Cognito identity's id. `member` is its name
    /// in the request.
    pub(super) fn target(&self, member: &str, text: &str) -> Result<PolicyTarget, ControlError> {
        let (certificates, groups) = self.prefixes();
        if let Some(id) = text.strip_prefix(certificates.as_str()) {
            return Ok(PolicyTarget::Certificate(certificate_id(member, id)?));
        }
        if let Some(name) = text.strip_prefix(groups.as_str()) {
            ENTRY_NAME.check(member, name)?;
            return Ok(PolicyTarget::Group(name.to_owned()));
        }
        if is_identity(text) {
            return Ok(PolicyTarget::Identity(text.to_owned()));
        }
        Err(ControlError::Invalid(format!(
            "value `{}` at `{member}` is none of: a certificate's ARN `{certificates}…`, a thing \
             group's ARN `{groups}…`, a Cognito identity `REGION:UUID`",
            shown(text)
        )))
    }

    /// As [`ControlPlane::target`] for what the older operations take: no groups.
    pub(super) fn principal(&self, text: &str) -> Result<PolicyTarget, ControlError> {
        match self.target("principal", text)? {
            PolicyTarget::Group(name) => Err(ControlError::Invalid(format!(
                "thing group {name} is not a principal; use AttachPolicy, DetachPolicy and \
                 ListAttachedPolicies with groups"
            ))),
            principal => Ok(principal),
        }
    }

    /// A target as answers write it.
    pub fn target_text(&self, target: &PolicyTarget) -> String {
        let (certificates, groups) = self.prefixes();
        match target {
            PolicyTarget::Certificate(id) => format!("{certificates}{id}"),
            PolicyTarget::Group(name) => format!("{groups}{name}"),
            PolicyTarget::Identity(id) => id.clone(),
        }
    }

    /// Refuses a target that is not there. Cognito identities are kept elsewhere, so any may be.
    pub(super) async fn check_target(&self, target: &PolicyTarget) -> Result<(), ControlError> {
        match target {
            PolicyTarget::Certificate(id) => self.certificate(id).await.map(|_| ()),
            PolicyTarget::Group(name) => Ok(self.parts.registry.group(name).await.map(|_| ())?),
            PolicyTarget::Identity(_) => Ok(()),
        }
    }

    /// All policies of a target, by name.
    pub(super) async fn policies_of(
        &self,
        target: &PolicyTarget,
    ) -> Result<Vec<PolicyName>, ControlError> {
        let mut names = Vec::new();
        let mut page = Page::first(ROWS);
        loop {
            let rows = self.parts.registry.policies_of(target, &page).await?;
            names.extend(rows.rows);
            match rows.next {
                Some(next) => page.after = Some(next),
                None => return Ok(names),
            }
        }
    }

    fn prefixes(&self) -> (String, String) {
        let account = &self.parts.account;
        (account.iot_arn("cert/"), account.iot_arn("thinggroup/"))
    }
}

/// `REGION:UUID`.
fn is_identity(text: &str) -> bool {
    let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.split_once(':').is_some_and(|(region, id)| {
        (1..=55).contains(&region.len())
            && region.chars().all(is_region)
            && id.len() == 36
            && uuid::Uuid::try_parse(id).is_ok()
    })
}
