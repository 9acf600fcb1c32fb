//! Role aliases: names under which devices may take over an IAM role.

use picket_core::Timestamp;
use picket_ports::registry::DocumentKind;
use serde::{Deserialize, Serialize};

use crate::checked::{TextRule, shown};
use crate::identities::RoleArn;
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

const KIND: DocumentKind = DocumentKind::RoleAlias;

const NAME: TextRule = TextRule {
    chars_min: 1,
    chars_max: 128,
    pattern: "[\\w=,@-]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || "_=,@-".contains(c),
};

/// How long credentials last unless told otherwise.
const SECONDS_DEFAULT: u32 = 3_600;
const SECONDS_RANGE: std::ops::RangeInclusive<u32> = 900..=43_200;

/// A role alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAlias {
    /// Its name.
    pub name: String,
    /// The role behind it.
    pub role_arn: String,
    /// How long the role's credentials last.
    pub credential_seconds: u32,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// What `UpdateRoleAlias` changes; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleAliasChange {
    /// The role behind it.
    pub role_arn: Option<String>,
    /// How long the role's credentials last.
    pub credential_seconds: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    role_arn: String,
    credential_seconds: u32,
}

fn alias_of(typed: Typed<Record>) -> RoleAlias {
    let Record { role_arn, credential_seconds } = typed.value;
    let (name, created, modified) =
        (typed.document.name, typed.document.created, typed.document.modified);
    RoleAlias { name, role_arn, credential_seconds, created, modified }
}

impl ControlPlane {
    /// The ARN of a role alias.
    pub fn role_alias_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("rolealias/{name}"))
    }

    /// `CreateRoleAlias`; credentials last an hour where nothing is said.
    pub async fn create_role_alias(
        &self,
        name: &str,
        role_arn: &str,
        credential_seconds: Option<u32>,
        tags: &[(String, String)],
    ) -> Result<RoleAlias, ControlError> {
        NAME.check("roleAlias", name)?;
        self.check_first_tags(tags)?;
        let record = Record {
            role_arn: role_arn.to_owned(),
            credential_seconds: credential_seconds.unwrap_or(SECONDS_DEFAULT),
        };
        self.check_record(&record).await?;
        // One lock for all, since they are counted.
        let _held = self.locks.hold(&["rolealiases"]).await;
        let there = self.parts.registry.documents(KIND).await?;
        let arn = self.role_alias_arn(name);
        if there.iter().any(|document| document.name == name) {
            let (name, kind) = (name.to_owned(), "role alias");
            return Err(ControlError::AlreadyExists { kind, id: name.clone(), name, arn });
        }
        let count_max = self.parts.limits.role_aliases_max;
        if there.len() >= count_max {
            return Err(ControlError::LimitExceeded(format!(
                "there are {count_max} role aliases, which is the most there may be"
            )));
        }
        self.set_first_tags(&arn, tags).await?;
        self.add_typed(KIND, name, &record).await?;
        self.role_alias(name).await
    }

    /// `DescribeRoleAlias`.
    pub async fn role_alias(&self, name: &str) -> Result<RoleAlias, ControlError> {
        NAME.check("roleAlias", name)?;
        self.typed(KIND, name).await?.map(alias_of).ok_or_else(|| missing(name))
    }

    /// `UpdateRoleAlias`.
    pub async fn update_role_alias(
        &self,
        name: &str,
        change: RoleAliasChange,
    ) -> Result<RoleAlias, ControlError> {
        NAME.check("roleAlias", name)?;
        let _held = self.locks.hold(&["rolealiases"]).await;
        let before: Typed<Record> = self.typed(KIND, name).await?.ok_or_else(|| missing(name))?;
        let mut after = before.value.clone();
        if let Some(role_arn) = change.role_arn {
            after.role_arn = role_arn;
        }
        if let Some(seconds) = change.credential_seconds {
            after.credential_seconds = seconds;
        }
        self.check_record(&after).await?;
        self.replace_typed(&before.document, &after).await?;
        self.role_alias(name).await
    }

    /// `DeleteRoleAlias`.
    pub async fn delete_role_alias(&self, name: &str) -> Result<(), ControlError> {
        NAME.check("roleAlias", name)?;
        let _held = self.locks.hold(&["rolealiases"]).await;
        if !self.remove_document(KIND, name).await? {
            return Err(missing(name));
        }
        Ok(self.parts.registry.untag_all(&self.role_alias_arn(name)).await?)
    }

    /// Every role alias, by name.
    pub async fn role_aliases(&self) -> Result<Vec<RoleAlias>, ControlError> {
        Ok(self.all_typed(KIND).await?.into_iter().map(alias_of).collect())
    }

    /// A role that is not known here may exist elsewhere; one that is known bounds the duration.
    async fn check_record(&self, record: &Record) -> Result<(), ControlError> {
        let role = RoleArn::parse(&record.role_arn).ok_or_else(|| {
            ControlError::Invalid(format!(
                "`roleArn` is `{}`; it must be of the form arn:aws:iam::123456789012:role/NAME",
                shown(&record.role_arn)
            ))
        })?;
        let seconds = record.credential_seconds;
        if !SECONDS_RANGE.contains(&seconds) {
            return Err(ControlError::Invalid(format!(
                "`credentialDurationSeconds` is {seconds}; it must be from {} to {}",
                SECONDS_RANGE.start(),
                SECONDS_RANGE.end()
            )));
        }
        match self.role_if_known(&role).await? {
            Some(known) if known.session_seconds_max < seconds => {
                Err(ControlError::Invalid(format!(
                    "`credentialDurationSeconds` is {seconds}, but sessions of the role {} last {} \
                     seconds at most",
                    known.name, known.session_seconds_max
                )))
            }
            _ => Ok(()),
        }
    }
}

fn missing(name: &str) -> ControlError {
    ControlError::not_found("role alias", name)
}
