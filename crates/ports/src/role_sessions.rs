//! Sessions of IAM roles: temporary credentials, and what they are good for.

use std::net::IpAddr;
use std::sync::Arc;

use picket_core::{Secret, Timestamp};

/// What ids of temporary access keys begin with.
pub const TEMPORARY: &str = "ASIA";

/// A session of a role.
#[derive(Debug, Clone)]
pub struct RoleSession {
    /// The role's name.
    pub role: String,
    /// The role's ARN.
    pub role_arn: String,
    /// The role's id, `AROA…`: another role of the same name has another.
    pub role_id: String,
    /// The name the session was begun under.
    pub name: String,
    /// When it ends.
    pub expires: Timestamp,
    /// The token that requests carry beside their signature.
    pub token: Secret,
    /// Condition keys that came with the session, for example `credentials-iot:ThingName`.
    pub facts: Vec<(String, String)>,
    /// What the role's policies say, as they stood when the session was looked up.
    pub rights: Arc<dyn RoleRights>,
}

impl PartialEq for RoleSession {
    /// Rights are the same where they were worked out once.
    fn eq(&self, other: &Self) -> bool {
        self.token == other.token
            && self.role_id == other.role_id
            && Arc::ptr_eq(&self.rights, &other.rights)
    }
}

impl Eq for RoleSession {}

impl RoleSession {
    /// Why the session may not do what it asks for; `None` if it may.
    pub fn refusal(&self, asked: &SessionRequest<'_>) -> Option<String> {
        self.rights.refusal(self, asked)
    }
}

/// What a session asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionRequest<'a> {
    /// For example `iot:DescribeThing`.
    pub action: &'a str,
    /// The ARN it is asked on. `None` where it has none or it is not known: then only rights on every
    /// resource will do.
    pub resource: Option<&'a str>,
    /// The caller's address.
    pub source_ip: Option<IpAddr>,
    /// The MQTT client id.
    pub client_id: Option<&'a str>,
}

/// The policies of a role.
pub trait RoleRights: std::fmt::Debug + Send + Sync {
    /// Why `session` may not do what it asks for; `None` if it may. The text reads well behind
    /// "X is not authorized to perform Y".
    fn refusal(&self, session: &RoleSession, asked: &SessionRequest<'_>) -> Option<String>;
}

/// Who wants to begin a session.
#[derive(Debug, Clone, Copy)]
pub enum Assumer<'a> {
    /// A service on somebody's behalf, for example `credentials.iot.amazonaws.com`.
    Service(&'a str),
    /// A user, or another session.
    Key(&'a crate::KeyOwner),
}

/// What it takes to begin a session.
#[derive(Debug, Clone)]
pub struct AssumeRole<'a> {
    /// The role's ARN.
    pub role_arn: &'a str,
    /// The session's name; checked by the caller.
    pub session_name: &'a str,
    /// How long the session is to last; an hour where nothing is said.
    pub seconds: Option<u32>,
    /// Who asks.
    pub assumer: Assumer<'a>,
    /// The account, twelve digits.
    pub account: &'a str,
    /// What the role's owner has agreed on with who asks.
    pub external_id: Option<&'a str>,
    /// The caller's address.
    pub source_ip: Option<IpAddr>,
    /// Condition keys that stay with the session.
    pub facts: Vec<(String, String)>,
}

/// A session that was just begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoleSession {
    /// The access key's id, `ASIA…`.
    pub access_key: String,
    /// The secret to sign with. Shown this once.
    pub secret: Secret,
    /// The token to send along. Shown this once.
    pub token: Secret,
    /// When they end.
    pub expires: Timestamp,
    /// The role's id.
    pub role_id: String,
    /// The role's name.
    pub role: String,
}

/// Why a session was not begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssumeError {
    /// The role does not let who asks, or does not exist. The text reads well behind "X is not authorized
    /// to perform sts:AssumeRole".
    #[error("{0}")]
    Denied(String),
    /// The session would be too long or too short.
    #[error("`DurationSeconds` is {seconds}; it must be from 900 to {seconds_max}{why}")]
    Duration {
        /// What was asked for.
        seconds: u32,
        /// The most there may be.
        seconds_max: u32,
        /// Where that comes from.
        why: &'static str,
    },
    /// The server has no key to seal sessions with.
    #[error("this server begins no sessions of roles")]
    Unavailable,
}

/// Why nobody is known to sign with an access key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// No active key of a user.
    #[error("the access key {access_key} does not exist or is not active")]
    NoSuchKey {
        /// The key's id, shortened.
        access_key: String,
    },
    /// The key is temporary, and there is no token.
    #[error("the access key {access_key} is temporary: its session token has to come along")]
    NoToken {
        /// The key's id, shortened.
        access_key: String,
    },
    /// The token is of no session, or not of this key's.
    #[error(
        "the security token included in the request is invalid: it is not one that came with this access \
         key; is AWS_SESSION_TOKEN still set?"
    )]
    NoSuchSession,
    /// The role is not there any more.
    #[error(
        "the security token included in the request is invalid: the role {role} does not exist any more"
    )]
    RoleGone {
        /// The role's ARN.
        role: String,
    },
    /// The session is over.
    #[error("the security token included in the request is expired: the session ended at {at}")]
    Expired {
        /// When it ended.
        at: Timestamp,
    },
}

impl SignerError {
    /// For a key that came without a token.
    pub(crate) fn without_token(access_key: &str) -> Self {
        let shown = access_key.chars().filter(char::is_ascii_graphic).take(32).collect();
        match access_key.starts_with(TEMPORARY) {
            true => Self::NoToken { access_key: shown },
            false => Self::NoSuchKey { access_key: shown },
        }
    }

    /// Whether it was right once.
    pub const fn is_expired(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }
}
