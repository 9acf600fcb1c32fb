//! `DeleteDimension`.

use super::KIND;
use crate::checked::ENTRY_NAME;
use crate::security_profiles::PROFILES_LOCK;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteDimension`. One that a profile uses is refused; one that is not there counts as deleted.
    pub async fn delete_dimension(&self, name: &str) -> Result<(), ControlError> {
        ENTRY_NAME.check("name", name)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let users = self.profiles_that(|content| content.uses_dimension(name)).await?;
        if !users.is_empty() {
            return Err(ControlError::Invalid(format!(
                "Cannot delete dimension {name}: it is used by security profile {users}"
            )));
        }
        if !self.remove_document(KIND, name).await? {
            return Ok(());
        }
        Ok(self.parts.registry.untag_all(&self.dimension_arn(name)).await?)
    }
}
