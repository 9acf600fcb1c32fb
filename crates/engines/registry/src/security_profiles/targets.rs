//! Whom profiles watch: `AttachSecurityProfile` and `DetachSecurityProfile` (spec device-defender §3.3).

use picket_profile::Target;

use super::{PROFILES_LOCK, SecurityProfile, missing};
use crate::checked::{ENTRY_NAME, shown};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `AttachSecurityProfile`; fine if it is attached already. Attaching is no new version.
    pub async fn attach_security_profile(
        &self,
        name: &str,
        target_arn: &str,
    ) -> Result<(), ControlError> {
        let target = self.profile_target(target_arn)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let _there = self.references.share().await;
        let before = self.stored_profile(name).await?.ok_or_else(|| missing(name))?;
        self.target_must_be_there(&target).await?;
        let mut after = before.profile.clone();
        let Err(place) = after.targets.binary_search_by(|it| it.as_str().cmp(target_arn)) else {
            return Ok(());
        };
        self.check_target_room(&after, target_arn).await?;
        after.targets.insert(place, target_arn.to_owned());
        self.replace_profile(&before, &after).await
    }

    /// `DetachSecurityProfile`; fine if it is not attached.
    pub async fn detach_security_profile(
        &self,
        name: &str,
        target_arn: &str,
    ) -> Result<(), ControlError> {
        self.profile_target(target_arn)?;
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let before = self.stored_profile(name).await?.ok_or_else(|| missing(name))?;
        let mut after = before.profile.clone();
        after.targets.retain(|arn| arn != target_arn);
        if after.targets.len() == before.profile.targets.len() {
            return Ok(());
        }
        self.replace_profile(&before, &after).await
    }

    /// Takes a group that is gone out of the profiles that watched it, so that another group of that
    /// name is not watched by surprise. The caller holds [`PROFILES_LOCK`].
    pub(crate) async fn forget_target(&self, target_arn: &str) -> Result<(), ControlError> {
        for document in self.parts.registry.documents(super::KIND).await? {
            let before = super::stored::read(document)?;
            if before.profile.targets.iter().any(|arn| arn == target_arn) {
                let mut after = before.profile.clone();
                after.targets.retain(|arn| arn != target_arn);
                self.replace_profile(&before, &after).await?;
            }
        }
        Ok(())
    }

    /// Reads a target's ARN, which must be of this account.
    pub(super) fn profile_target(&self, arn: &str) -> Result<Target, ControlError> {
        let ours = self.parts.account.iot_arn("");
        let target = if arn.starts_with(&ours) { Target::parse(arn) } else { None };
        let Some(target) = target else {
            return Err(ControlError::Invalid(format!(
                "`securityProfileTargetArn` is `{}`; it must be {ours}thinggroup/NAME, \
                 {ours}all/things, {ours}all/registered-things or {ours}all/unregistered-things",
                shown(arn)
            )));
        };
        if let Target::Group(name) = &target {
            ENTRY_NAME.check("securityProfileTargetArn", name)?;
        }
        Ok(target)
    }

    pub(super) async fn target_must_be_there(&self, target: &Target) -> Result<(), ControlError> {
        match target {
            Target::Group(name) => self.group(name).await.map(drop),
            Target::All | Target::Registered | Target::Unregistered => Ok(()),
        }
    }

    /// Refuses one target more of this profile, or one profile more of this target, than may be.
    async fn check_target_room(
        &self,
        profile: &SecurityProfile,
        target_arn: &str,
    ) -> Result<(), ControlError> {
        let limits = &self.parts.limits;
        let targets_max = limits.targets_per_profile_max;
        if profile.targets.len() >= targets_max {
            return Err(ControlError::LimitExceeded(format!(
                "security profile {} has {targets_max} targets, which is the most it may have",
                profile.name
            )));
        }
        let profiles_max = limits.profiles_per_target_max;
        let all = self.security_profiles().await?;
        let there = all.iter().filter(|it| it.targets.iter().any(|arn| arn == target_arn)).count();
        if there >= profiles_max {
            return Err(ControlError::LimitExceeded(format!(
                "{} security profiles are attached to {target_arn}; at most {profiles_max} may be",
                there
            )));
        }
        Ok(())
    }
}
