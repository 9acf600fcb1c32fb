//! Enrollment: a thing, its certificate and its rights in one step.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::{Clock, PolicyName, ThingName};
use picket_pki::Authority;
use picket_ports::enrollment::{EnrollError, Enrollment, ThingBundle};
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, NewDevice, Registry, RegistryError, Thing,
};
use uuid::Uuid;

use crate::LiveDirectory;

/// What a new device gets unless told otherwise.
#[derive(Debug, Clone)]
pub struct EnrollmentDefaults {
    /// The group it joins.
    pub group: String,
    /// The policy its certificate gets.
    pub policy: PolicyName,
}

/// Enrolls devices with certificates of our own CA.
#[derive(Debug)]
pub struct Enroller {
    registry: Arc<dyn Registry>,
    authority: Arc<Authority>,
    directory: Option<Arc<LiveDirectory>>,
    clock: Arc<dyn Clock>,
    defaults: EnrollmentDefaults,
}

impl Enroller {
    /// An enroller on `registry`. With a `directory`, a bundle is handed out only after the front
    /// door knows the device, so that it can connect at once.
    pub fn new(
        registry: Arc<dyn Registry>,
        authority: Arc<Authority>,
        directory: Option<Arc<LiveDirectory>>,
        clock: Arc<dyn Clock>,
        defaults: EnrollmentDefaults,
    ) -> Self {
        Self { registry, authority, directory, clock, defaults }
    }

    async fn door_knows(&self) {
        if let Some(directory) = &self.directory {
            let revision = *self.registry.revision().borrow();
            directory.caught_up(revision).await;
        }
    }
}

fn refusal(error: RegistryError, thing: &ThingName) -> EnrollError {
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

#[async_trait]
impl Enrollment for Enroller {
    async fn create_thing(
        &self,
        name: &str,
        group: Option<&str>,
    ) -> Result<ThingBundle, EnrollError> {
        let name = ThingName::new(name)?;
        name.can_be_registered()?;
        let group = group.unwrap_or(&self.defaults.group);
        let now = self.clock.now();
        let issued = self.authority.issue_device(name.as_str(), now).map_err(failed)?;
        let thing = Thing::new(name.clone(), Uuid::new_v4().to_string(), now);
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
        let policy = &self.defaults.policy;
        let device = NewDevice { thing: &thing, certificate: &certificate, policy, group };
        self.registry.enroll(&device).await.map_err(|error| refusal(error, &name))?;
        self.door_knows().await;
        Ok(ThingBundle {
            thing: name,
            certificate_id: issued.id,
            certificate_pem: issued.certificate_pem,
            private_key_pem: issued.private_key_pem,
            ca_pem: self.authority.certificate_pem().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
