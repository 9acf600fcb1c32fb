//! Enrollment: a thing, its certificate and its rights in one step.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::{PolicyName, ThingName};
use picket_pki::Issued;
use picket_ports::RegistryError;
use picket_ports::enrollment::{EnrollError, Enrollment, NewDeviceRequest, ThingBundle};
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, NewDevice, Thing, ThingGroup,
};

use crate::registry_events::{Happened, Tied};
use crate::{ControlError, ControlPlane, NewThing};

/// What a new device gets unless told otherwise.
#[derive(Debug, Clone)]
pub struct EnrollmentDefaults {
    /// The group it joins.
    pub group: String,
    /// The policy its certificate gets.
    pub policy: PolicyName,
}

/// Enrolls devices with certificates of our own CA, by the control plane's rules.
#[derive(Debug)]
pub struct Enroller {
    control: Arc<ControlPlane>,
    defaults: EnrollmentDefaults,
}

impl Enroller {
    /// An enroller. A bundle is handed out only after the front door knows the device, so that it can
    /// connect at once.
    pub fn new(control: Arc<ControlPlane>, defaults: EnrollmentDefaults) -> Self {
        Self { control, defaults }
    }
}

#[async_trait]
impl Enrollment for Enroller {
    async fn create_thing(&self, request: NewDeviceRequest) -> Result<ThingBundle, EnrollError> {
        let NewDeviceRequest { name, group, type_name, attributes } = request;
        ThingName::new(&name)?.can_be_registered()?;
        let group = group.as_deref().unwrap_or(&self.defaults.group);
        let new = NewThing { name, type_name, billing_group: None, attributes };
        let (name, issued) = self.control.enroll(new, group, &self.defaults.policy).await?;
        Ok(ThingBundle {
            thing: name,
            certificate_id: issued.id,
            certificate_pem: issued.certificate_pem,
            private_key_pem: issued.private_key_pem,
            ca_pem: self.control.authority_pem().to_owned(),
        })
    }
}

impl ControlPlane {
    /// Stores a device whole, as `CreateThing`, `CreateKeysAndCertificate` and what ties the two
    /// would one after another. Unlike `CreateThing` it refuses a thing that is there already, since
    /// its certificate is not handed out twice.
    async fn enroll(
        &self,
        new: NewThing,
        group: &str,
        policy: &PolicyName,
    ) -> Result<(ThingName, Issued), EnrollError> {
        let thing = self.checked_thing(new).map_err(refusal)?;
        let kept = self.references.share().await;
        if let Some(type_name) = &thing.type_name {
            self.check_type_takes_things(type_name).await.map_err(refusal)?;
        }
        let group = self.group(group).await.map_err(refusal)?;
        let now = self.parts.clock.now();
        let issued = self.parts.authority.issue_device(thing.name.as_str(), now).map_err(failed)?;
        let certificate = Certificate {
            id: issued.id.clone(),
            pem: issued.certificate_pem.clone(),
            status: CertificateStatus::Active,
            ca: None,
            mode: CertificateMode::Default,
            not_before: issued.not_before,
            not_after: issued.not_after,
            created: now,
            modified: now,
            version: 1,
        };
        let device =
            NewDevice { thing: &thing, certificate: &certificate, policy, group: &group.name };
        let stored = self.parts.registry.enroll(&device).await;
        stored.map_err(|error| refused_by_storage(error, &thing.name))?;
        drop(kept);
        self.in_force().await;
        self.announce_device(&thing, &group).await;
        Ok((thing.name, issued))
    }

    async fn announce_device(&self, thing: &Thing, group: &ThingGroup) {
        self.announce_thing(Happened::Created, thing).await;
        self.announce_types(thing, None).await;
        self.announce_membership(Tied::Added, thing, group).await;
    }
}

/// A refusal of the control plane's rules. What is missing is what the request named.
fn refusal(error: ControlError) -> EnrollError {
    match error {
        ControlError::NotFound { kind: "thing type", name } => EnrollError::NoSuchType(name),
        ControlError::NotFound { kind: "thing group", name } => EnrollError::NoSuchGroup(name),
        ControlError::Invalid(text) => EnrollError::Invalid(text),
        other => failed(other),
    }
}

fn refused_by_storage(error: RegistryError, thing: &ThingName) -> EnrollError {
    match error {
        RegistryError::AlreadyExists { kind: "thing", .. } => {
            EnrollError::AlreadyExists(thing.clone())
        }
        RegistryError::NotFound { kind: "thing group", name } => EnrollError::NoSuchGroup(name),
        other => failed(other),
    }
}

fn failed(error: impl std::fmt::Display) -> EnrollError {
    EnrollError::Failed(error.to_string())
}

#[cfg(test)]
mod tests;
