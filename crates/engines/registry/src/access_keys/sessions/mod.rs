//! Sessions of IAM roles (spec iot-core §2.9, §6): who may begin one, and what one is good for.
//!
//! A session is over when its time is, when its role is deleted, and where the role's policies say no:
//! they are asked as they stand at each request.

mod roles;
mod token;

use std::time::Duration;

use picket_core::{Role as UserRole, Secret, Timestamp};
use picket_policy::iam::{self, Admission, Facts};
use picket_ports::role_sessions::TEMPORARY;
use picket_ports::{
    AssumeError, AssumeRole, Assumer, KeyOwner, KeyRights, NewRoleSession, RoleSession,
    SessionRequest, SignerError,
};

use crate::checked::shown;
use crate::identities::RoleArn;
use roles::KnownRole;
pub(super) use roles::Roles;
use token::{Claims, SessionKey};

const ACTION: &str = "sts:AssumeRole";
const ISSUED: &str = "aws:TokenIssueTime";
const SECONDS_MIN: u32 = 900;
const SECONDS_DEFAULT: u32 = 3_600;
/// Longest session of a role that was begun by the session of a role.
const CHAINED_SECONDS_MAX: u32 = 3_600;

/// Begins sessions and knows them again.
#[derive(Debug)]
pub(super) struct Sessions(SessionKey);

impl Sessions {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self(SessionKey::new(key))
    }

    /// Begins a session of one of `roles`.
    pub(super) fn begin(
        &self,
        roles: &Roles,
        request: AssumeRole<'_>,
        now: Timestamp,
    ) -> Result<NewRoleSession, AssumeError> {
        let arn = RoleArn::parse(request.role_arn).filter(|arn| arn.account == request.account);
        let known = arn.and_then(|arn| roles.at(&arn)).ok_or_else(|| {
            AssumeError::Denied(format!("because there is no role {}", shown(request.role_arn)))
        })?;
        admit(known, &request)?;
        let seconds = duration(known.role.session_seconds_max, &request)?;
        let claims = Claims {
            access_key: new_id(),
            role_arn: request.role_arn.to_owned(),
            role_id: known.role.id.clone(),
            name: request.session_name.to_owned(),
            issued: now,
            expires: now.plus(Duration::from_secs(u64::from(seconds))),
            facts: request.facts,
        };
        let sealed = self.0.seal(&claims).zip(self.0.secret(&claims.access_key));
        let (token, secret) = sealed.ok_or(AssumeError::Unavailable)?;
        let Claims { access_key, role_id, expires, .. } = claims;
        let role = known.role.name.clone();
        Ok(NewRoleSession { access_key, secret, token, expires, role_id, role })
    }

    /// The session of a token.
    pub(super) fn find(
        &self,
        roles: &Roles,
        (access_key, token): (&str, &Secret),
        now: Timestamp,
    ) -> Result<KeyOwner, SignerError> {
        let claims = self.0.open(token).filter(|claims| claims.access_key == access_key);
        let claims = claims.ok_or(SignerError::NoSuchSession)?;
        let secret = self.0.secret(access_key).ok_or(SignerError::NoSuchSession)?;
        if claims.expires <= now {
            return Err(SignerError::Expired { at: claims.expires });
        }
        let known = RoleArn::parse(&claims.role_arn).and_then(|arn| roles.at(&arn));
        let known = known.filter(|known| known.role.id == claims.role_id);
        let known = known.ok_or_else(|| SignerError::RoleGone { role: claims.role_arn.clone() })?;
        let Claims { access_key, role_arn, role_id, name, issued, expires, mut facts } = claims;
        let role = known.role.name.clone();
        let user = format!("assumed-role/{role}/{name}");
        facts.push((ISSUED.to_owned(), issued.to_string()));
        let session = RoleSession {
            role,
            role_arn,
            role_id,
            name,
            expires,
            token: token.clone(),
            facts,
            rights: known.rights.clone(),
        };
        Ok(KeyOwner { user, rights: KeyRights::Session(session.into()), access_key, secret })
    }
}

/// Whether the role's trust policy, and the rights of who asks, let them begin a session.
fn admit(known: &KnownRole, request: &AssumeRole<'_>) -> Result<(), AssumeError> {
    let denied = |why: &str| Err(AssumeError::Denied(format!("because {why}")));
    let Some(trust) = &known.trust else {
        return denied("the role's trust policy cannot be read");
    };
    let account = request.account;
    let facts = Facts::default()
        .with("sts:ExternalId", request.external_id)
        .with("sts:RoleSessionName", Some(request.session_name))
        .with("aws:SourceIp", request.source_ip.map(|ip| ip.to_canonical().to_string()))
        .with("aws:PrincipalAccount", Some(account))
        .with_all(&request.facts);
    let owner = match request.assumer {
        Assumer::Service(name) => {
            return match trust.admission(iam::Assumer::Service(name), &facts) {
                Admission::Refused(why) => denied(&why),
                Admission::ByName | Admission::ByAccount => Ok(()),
            };
        }
        Assumer::Key(owner) => owner,
    };
    let arns = match &owner.rights {
        KeyRights::User(_) => vec![format!("arn:aws:iam::{account}:user/{}", owner.user)],
        KeyRights::Session(session) => {
            vec![format!("arn:aws:sts::{account}:{}", owner.user), session.role_arn.clone()]
        }
    };
    let facts = facts.with("aws:PrincipalArn", arns.last().cloned());
    let admission = trust.admission(iam::Assumer::Identity { account, arns: &arns }, &facts);
    match (admission, &owner.rights) {
        (Admission::Refused(why), _) => denied(&why),
        (Admission::ByName, KeyRights::User(_))
        | (Admission::ByAccount, KeyRights::User(UserRole::Admin)) => Ok(()),
        (Admission::ByAccount, KeyRights::User(_)) => {
            denied("the role's trust policy names the account and not the user, who is no admin")
        }
        (Admission::ByName | Admission::ByAccount, KeyRights::Session(session)) => {
            let (resource, source_ip) = (Some(request.role_arn), request.source_ip);
            let asked = SessionRequest { action: ACTION, resource, source_ip, client_id: None };
            session.refusal(&asked).map_or(Ok(()), |why| Err(AssumeError::Denied(why)))
        }
    }
}

/// How long the session lasts. A service gets no more than the role gives, whatever it asks for.
fn duration(role_seconds_max: u32, request: &AssumeRole<'_>) -> Result<u32, AssumeError> {
    let (seconds_max, why) = match request.assumer {
        Assumer::Key(KeyOwner { rights: KeyRights::Session(_), .. }) => {
            (CHAINED_SECONDS_MAX, ", since a session of a role asks for it")
        }
        _ => (role_seconds_max, ", which the role's MaxSessionDuration says"),
    };
    let seconds = request.seconds.unwrap_or(SECONDS_DEFAULT);
    match request.assumer {
        Assumer::Service(_) => Ok(seconds.min(seconds_max)),
        Assumer::Key(_) if (SECONDS_MIN..=seconds_max).contains(&seconds) => Ok(seconds),
        Assumer::Key(_) => Err(AssumeError::Duration { seconds, seconds_max, why }),
    }
}

/// An access key's id that says that it is temporary.
fn new_id() -> String {
    let id = super::new_access_key_id();
    format!("{TEMPORARY}{}", id.strip_prefix("AKIA").unwrap_or(&id))
}

#[cfg(test)]
mod tests;
