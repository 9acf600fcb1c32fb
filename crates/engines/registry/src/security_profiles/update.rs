//! `UpdateSecurityProfile`.

use super::{ClearedMember, PROFILES_LOCK, ProfileContent, SecurityProfile, missing};
use crate::{ControlError, ControlPlane};

/// What `UpdateSecurityProfile` changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileChange {
    /// Each member that is there takes the place of the whole member.
    pub content: ProfileContent,
    /// Members that are taken out.
    pub cleared: Vec<ClearedMember>,
    /// The version the profile must be at.
    pub expected_version: Option<u64>,
}

impl ControlPlane {
    /// `UpdateSecurityProfile`: the version grows by one, also where nothing changes.
    pub async fn update_security_profile(
        &self,
        name: &str,
        change: ProfileChange,
    ) -> Result<SecurityProfile, ControlError> {
        let ProfileChange { content: given, cleared, expected_version } = change;
        for member in &cleared {
            let both = member.members().iter().find(|it| given.members().contains_key(**it));
            if let Some(given) = both {
                let flag = member.flag();
                let text = format!("`{given}` and `{flag}` exclude each other; give one of them");
                return Err(ControlError::Invalid(text));
            }
        }
        self.change_profile(name, expected_version, |content| {
            cleared.into_iter().for_each(|member| content.clear(member));
            content.replace(given);
        })
        .await
    }

    /// Puts `content` in the place of all the profile says, as its editor does.
    pub async fn replace_security_profile(
        &self,
        name: &str,
        content: ProfileContent,
        expected_version: Option<u64>,
    ) -> Result<SecurityProfile, ControlError> {
        self.change_profile(name, expected_version, |before| *before = content).await
    }

    async fn change_profile(
        &self,
        name: &str,
        expected_version: Option<u64>,
        change: impl FnOnce(&mut ProfileContent),
    ) -> Result<SecurityProfile, ControlError> {
        let _held = self.locks.hold(&[PROFILES_LOCK]).await;
        let before = self.stored_profile(name).await?.ok_or_else(|| missing(name))?;
        check_version(&before.profile, expected_version)?;
        let mut after = before.profile.clone();
        change(&mut after.content);
        self.check_profile(name, &after.content).await?;
        after.version += 1;
        after.modified = self.parts.clock.now();
        self.replace_profile(&before, &after).await?;
        Ok(after)
    }
}

/// Refuses a profile that is at another version than the caller thinks.
pub(super) fn check_version(
    profile: &SecurityProfile,
    expected_version: Option<u64>,
) -> Result<(), ControlError> {
    match expected_version {
        Some(expected) if expected != profile.version => Err(ControlError::VersionConflict {
            kind: "security profile",
            name: profile.name.clone(),
            expected,
            actual: profile.version,
        }),
        _ => Ok(()),
    }
}
