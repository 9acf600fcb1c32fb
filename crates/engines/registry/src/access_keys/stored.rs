//! What is stored of access keys and of their owners.

use std::fmt;

use picket_core::{Role, Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether requests may be signed with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccessKeyStatus {
    /// They may.
    Active,
    /// They are refused, until it is ACTIVE again.
    Inactive,
}

impl AccessKeyStatus {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Active, Self::Inactive];

    /// AWS's spelling in requests; answers of IAM write `Active` and `Inactive`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

impl fmt::Display for AccessKeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stored access key; its id is the document's name. A new format is a new variant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "format", deny_unknown_fields)]
enum StoredKey {
    #[serde(rename = "1")]
    V1 { user: String, secret: Secret, created: Timestamp, status: AccessKeyStatus },
}

/// What is stored of an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyRecord {
    pub(super) user: String,
    pub(super) secret: Secret,
    pub(super) created: Timestamp,
    pub(super) status: AccessKeyStatus,
}

impl KeyRecord {
    pub(super) fn read(body: &str) -> Result<Self, serde_json::Error> {
        let StoredKey::V1 { user, secret, created, status } = serde_json::from_str(body)?;
        Ok(Self { user, secret, created, status })
    }

    pub(super) fn write(&self) -> Result<String, serde_json::Error> {
        let Self { user, secret, created, status } = self.clone();
        serde_json::to_string(&StoredKey::V1 { user, secret, created, status })
    }
}

/// What is read of a user, whose format is the console's: the role, and nothing else.
#[derive(Debug, Deserialize)]
struct StoredUser {
    role: Role,
}

pub(super) fn role_of(body: &str) -> Result<Role, serde_json::Error> {
    serde_json::from_str::<StoredUser>(body).map(|user| user.role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_reads_back_and_stays_as_it_was_written_first() {
        let first = r#"{"format":"1","user":"ada","secret":"s","created":7,"status":"INACTIVE"}"#;
        let record = KeyRecord::read(first).unwrap();
        assert_eq!(record.status, AccessKeyStatus::Inactive);
        assert_eq!(record.created, Timestamp::from_millis(7));
        assert_eq!(record.write().unwrap(), first);
    }

    #[test]
    fn only_the_role_of_a_user_matters() {
        let stored = r#"{"format":"1","password_hash":"x","role":"analyst"}"#;
        assert_eq!(role_of(stored).unwrap(), Role::Analyst);
        assert!(role_of(r#"{"format":"9"}"#).is_err());
    }
}
