//! What one try to provision a device has made, so that it can be taken back.

use picket_core::{CertificateId, PolicyName, ThingName};
use picket_ports::RegistryError;
use picket_ports::registry::{Page, PolicyTarget};

use crate::principals::AttachmentKind;
use crate::{ControlError, ControlPlane};

/// Things of a certificate that are read at a time.
const ROWS: u32 = 1000;

/// What this try has made, for taking it back.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Policies that were not there.
    pub(super) policies: Vec<PolicyName>,
    /// The thing, if it was not there.
    pub(super) thing: Option<ThingName>,
    /// The certificate, if it was not registered.
    pub(super) certificate: Option<CertificateId>,
    /// What the certificate was attached to, which it was not before.
    attached: Vec<PolicyName>,
    attached_thing: Option<ThingName>,
}

impl ControlPlane {
    /// Attaches the policies that are not attached yet. A certificate that has waited for its
    /// activation may have got some before.
    pub(super) async fn attach_policies(
        &self,
        policies: Vec<PolicyName>,
        id: &CertificateId,
        made: &mut Made,
    ) -> Result<(), ControlError> {
        let registry = &self.parts.registry;
        let target = PolicyTarget::Certificate(id.clone());
        let count_max = self.parts.limits.policies_per_certificate_max;
        let rows = u32::try_from(count_max.saturating_add(1)).unwrap_or(u32::MAX);
        let mut attached = registry.policies_of(&target, &Page::first(rows)).await?.rows;
        for policy in policies {
            if attached.contains(&policy) {
                continue;
            }
            if attached.len() >= count_max {
                return Err(ControlError::RegistrationFailure(format!(
                    "with the template's policies the certificate would have more than {count_max}"
                )));
            }
            registry.attach_policy(&policy, &target).await?;
            made.attached.push(policy.clone());
            attached.push(policy);
        }
        Ok(())
    }

    /// Attaches the thing, unless it is attached already.
    pub(super) async fn attach_thing(
        &self,
        thing: &ThingName,
        id: &CertificateId,
        made: &mut Made,
    ) -> Result<(), ControlError> {
        if self.is_attached(thing, id).await? {
            return Ok(());
        }
        self.attach(thing, id, AttachmentKind::NonExclusive).await?;
        made.attached_thing = Some(thing.clone());
        Ok(())
    }

    async fn is_attached(
        &self,
        thing: &ThingName,
        id: &CertificateId,
    ) -> Result<bool, ControlError> {
        let mut page = Page::first(ROWS);
        loop {
            let things = self.parts.registry.things_of_certificate(id, &page).await?;
            if things.rows.iter().any(|(name, _)| name == thing) {
                return Ok(true);
            }
            match things.next {
                Some(next) => page.after = Some(next),
                None => return Ok(false),
            }
        }
    }

    /// Takes away what a try that failed has made. What others use by now stays.
    pub(super) async fn take_back(&self, made: Made, id: &CertificateId) {
        let registry = &self.parts.registry;
        let mut problems: Vec<String> = Vec::new();
        let mut note = |what: &str, result: Result<(), String>| {
            if let Err(error) = result {
                problems.push(format!("{what}: {error}"));
            }
        };
        if let Some(name) = &made.attached_thing {
            let detached = registry.detach_thing(name, id).await;
            note("attachment", detached.map_err(|error| error.to_string()));
        }
        let target = PolicyTarget::Certificate(id.clone());
        for name in &made.attached {
            let detached = registry.detach_policy(name, &target).await;
            note("attachment", detached.map_err(|error| error.to_string()));
        }
        if let Some(id) = &made.certificate {
            let deleted = registry.delete_certificate(id, true).await;
            note("certificate", deleted.map_err(|error| error.to_string()));
        }
        if let Some(name) = &made.thing {
            let deleted = self.delete_thing(name.as_str(), None).await;
            note("thing", deleted.map_err(|error| error.to_string()));
        }
        for name in &made.policies {
            match registry.delete_policy(name).await {
                Ok(()) | Err(RegistryError::InUse { .. }) => {}
                Err(error) => note("policy", Err(error.to_string())),
            }
        }
        if !problems.is_empty() {
            let problems = problems.join("; ");
            tracing::warn!(problems, "a failed provisioning was not taken back whole");
        }
    }
}
