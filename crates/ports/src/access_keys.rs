//! Who signs requests with SigV4.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::{Role, Secret, Timestamp};

use crate::role_sessions::{AssumeError, AssumeRole, NewRoleSession, RoleSession, SignerError};

/// The owner of an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// Who it is in logs and in the audit trail: a user's name, or `assumed-role/ROLE/SESSION`, which no
    /// user can be called.
    pub user: String,
    /// What they may do.
    pub rights: KeyRights,
    /// The access key's id.
    pub access_key: String,
    /// The secret that signatures are made with.
    pub secret: Secret,
}

/// What the owner of an access key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRights {
    /// A user of the server: an admin everything, others read only.
    User(Role),
    /// The session of a role: what the role's policies say.
    Session(Arc<RoleSession>),
}

/// Look-up of access keys; in memory, never blocks.
#[async_trait]
pub trait AccessKeys: std::fmt::Debug + Send + Sync {
    /// The owner of an active key of an existing user.
    fn owner(&self, access_key: &str) -> Option<KeyOwner>;

    /// The session that `token` is of, if `access_key` belongs to it and its role still exists. The
    /// default knows no sessions.
    fn session(
        &self,
        access_key: &str,
        token: &Secret,
        now: Timestamp,
    ) -> Result<KeyOwner, SignerError> {
        let _ = (access_key, token, now);
        Err(SignerError::NoSuchSession)
    }

    /// Begins the session of a role. The default begins none.
    fn assume(
        &self,
        request: AssumeRole<'_>,
        now: Timestamp,
    ) -> Result<NewRoleSession, AssumeError> {
        let _ = (request, now);
        Err(AssumeError::Unavailable)
    }

    /// Who signs with `access_key`, and with `token` where the credentials are temporary.
    fn signer(
        &self,
        access_key: &str,
        token: Option<&Secret>,
        now: Timestamp,
    ) -> Result<KeyOwner, SignerError> {
        match token {
            Some(token) => self.session(access_key, token, now),
            None => self.owner(access_key).ok_or_else(|| SignerError::without_token(access_key)),
        }
    }

    /// Whether `owner`, found before, would be found the same now.
    fn is_still(&self, owner: &KeyOwner, now: Timestamp) -> bool {
        let token = match &owner.rights {
            KeyRights::User(_) => None,
            KeyRights::Session(session) => Some(&session.token),
        };
        self.signer(&owner.access_key, token, now).is_ok_and(|found| found == *owner)
    }

    /// Resolves when [`Self::owner`] answers by every change up to `revision` of the registry; see
    /// [`crate::registry::Feed::revision`].
    async fn caught_up(&self, revision: u64);
}
