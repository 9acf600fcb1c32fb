//! Operations on security profiles (spec device-defender §3).
//!
//! A profile is a document that the detect engine reads by itself: AWS's shape of
//! `CreateSecurityProfile`, and beside it `targets` (ARNs of whom it watches), `version` and `modified_ms`,
//! which change with what the profile says and not with whom it watches.

mod check;
mod content;
mod create;
mod delete;
mod list;
mod problem_texts;
mod stored;
mod targets;
mod update;
mod vocabulary;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::registry::DocumentKind;

use crate::checked::ENTRY_NAME;
use crate::{ControlError, ControlPlane};

pub use content::{ClearedMember, ProfileContent};
pub use list::{ProfileFilter, ProfileMapping};
pub(crate) use problem_texts::problem_message;
pub use update::ProfileChange;

use stored::Stored;

const KIND: DocumentKind = DocumentKind::SecurityProfile;

/// Held while profiles, custom metrics or dimensions are changed: profiles name the others, and are
/// counted by target.
pub(crate) const PROFILES_LOCK: &str = "security-profiles";

/// Profiles that a message names.
const PROFILES_NAMED_MAX: usize = 5;

/// A security profile.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityProfile {
    /// Its name.
    pub name: String,
    /// What it says.
    pub content: ProfileContent,
    /// The ARNs of whom it watches, in their order.
    pub targets: Vec<String>,
    /// 1 at creation, one more with each update.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub modified: Timestamp,
}

impl ControlPlane {
    /// `DescribeSecurityProfile`.
    pub async fn security_profile(&self, name: &str) -> Result<SecurityProfile, ControlError> {
        Ok(self.stored_profile(name).await?.ok_or_else(|| missing(name))?.profile)
    }

    /// Every security profile, by name.
    pub async fn security_profiles(&self) -> Result<Vec<SecurityProfile>, ControlError> {
        let documents = self.parts.registry.documents(KIND).await?;
        documents.into_iter().map(|document| Ok(stored::read(document)?.profile)).collect()
    }

    /// The ARN of security profile `name`.
    pub fn security_profile_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("securityprofile/{name}"))
    }

    /// The names of profiles whose content is so, for a message; empty if there are none.
    pub(crate) async fn profiles_that(
        &self,
        is_so: impl Fn(&ProfileContent) -> bool,
    ) -> Result<String, ControlError> {
        let profiles = self.security_profiles().await?;
        let found: Vec<&str> =
            profiles.iter().filter(|it| is_so(&it.content)).map(|it| it.name.as_str()).collect();
        let more = match found.len().saturating_sub(PROFILES_NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Ok(found.get(..PROFILES_NAMED_MAX).unwrap_or(&found).join(", ") + &more)
    }

    async fn stored_profile(&self, name: &str) -> Result<Option<Stored>, ControlError> {
        check_name(name)?;
        match self.parts.registry.document(KIND, name).await {
            Ok(document) => stored::read(document).map(Some),
            Err(picket_ports::RegistryError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn check_name(name: &str) -> Result<(), ControlError> {
    ENTRY_NAME.check("securityProfileName", name)
}

fn missing(name: &str) -> ControlError {
    ControlError::not_found("security profile", name)
}
