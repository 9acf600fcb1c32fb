//! `DeleteSecurityProfile`.

use super::update::check_version;
use super::{KIND, PROFILES_LOCK};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteSecurityProfile`. One that is attached is detached with it; one that is not there counts
    /// as deleted.
    pub async fn delete_security_profile(
        &self,
        name: &str,
        expected_version: Option<u64>,
    ) -> Result<(), ControlError> {
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let Some(stored) = self.stored_profile(name).await? else { return Ok(()) };
        check_version(&stored.profile, expected_version)?;
        self.remove_document(KIND, name).await?;
        Ok(self.parts.registry.untag_all(&self.security_profile_arn(name)).await?)
    }
}
