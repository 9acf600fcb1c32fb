//! `CreateSecurityProfile`.

use picket_ports::RegistryError;

use super::{KIND, PROFILES_LOCK, ProfileContent, SecurityProfile, check_name, stored};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `CreateSecurityProfile`. It watches nobody until it is attached. A name that is taken is refused,
    /// even for the same content.
    pub async fn create_security_profile(
        &self,
        name: &str,
        content: ProfileContent,
        tags: &[(String, String)],
    ) -> Result<SecurityProfile, ControlError> {
        check_name(name)?;
        self.check_first_tags(tags)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        if self.stored_profile(name).await?.is_some() {
            return Err(self.profile_exists(name));
        }
        self.check_profile(name, &content).await?;
        let now = self.parts.clock.now();
        let profile = SecurityProfile {
            name: name.to_owned(),
            content,
            targets: Vec::new(),
            version: 1,
            created: now,
            modified: now,
        };
        self.set_first_tags(&self.security_profile_arn(name), tags).await?;
        let body = stored::body(&profile);
        match self.parts.registry.create_document(KIND, name, &body, now).await {
            Ok(_) => Ok(profile),
            // Another process was faster.
            Err(RegistryError::AlreadyExists { .. }) => Err(self.profile_exists(name)),
            Err(error) => Err(error.into()),
        }
    }

    fn profile_exists(&self, name: &str) -> ControlError {
        let (name, arn) = (name.to_owned(), self.security_profile_arn(name));
        ControlError::AlreadyExists { kind: "security profile", id: name.clone(), name, arn }
    }
}
