//! IAM roles.

use std::collections::BTreeMap;

use picket_core::Timestamp;
use picket_ports::registry::{Document, DocumentKind};
use serde::{Deserialize, Serialize};

use super::names::{DESCRIPTION, ROLE_NAME, RoleArn, check_path, unique_id};
use super::policy_document::{self, Purpose};
use crate::typed_documents::{self, Typed};
use crate::{ControlError, ControlPlane};

pub(super) const KIND: DocumentKind = DocumentKind::Role;
/// Longest trust policy, without white space.
const TRUST_CHARS_MAX: usize = 2_048;
const SESSION_SECONDS_DEFAULT: u32 = 3_600;
const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 3_600..=43_200;
/// Most roles, as AWS has it for an account.
const ROLES_MAX: usize = 1_000;

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// `AROA…`.
    pub id: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// Who may take it over, as given.
    pub trust_policy: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session may last.
    pub session_seconds_max: u32,
    /// Its own policies by name, as given.
    pub inline_policies: BTreeMap<String, String>,
    /// ARNs of the managed policies it has, in order.
    pub attached_policies: Vec<String>,
    /// When it was created.
    pub created: Timestamp,
}

/// What `CreateRole` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// `/` where nothing is said.
    pub path: Option<String>,
    /// Who may take it over.
    pub trust_policy: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long a session may last; an hour where nothing is said.
    pub session_seconds_max: Option<u32>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    id: String,
    path: String,
    trust_policy: String,
    description: Option<String>,
    session_seconds_max: u32,
    pub(super) inline_policies: BTreeMap<String, String>,
    pub(super) attached_policies: Vec<String>,
}

fn role_of(typed: Typed<Record>) -> Role {
    let Record {
        id,
        path,
        trust_policy,
        description,
        session_seconds_max,
        inline_policies,
        attached_policies,
    } = typed.value;
    Role {
        name: typed.document.name,
        id,
        path,
        trust_policy,
        description,
        session_seconds_max,
        inline_policies,
        attached_policies,
        created: typed.document.created,
    }
}

/// A stored role.
pub(crate) fn read_role(stored: Document) -> Result<Role, ControlError> {
    typed_documents::read(stored).map(role_of)
}

impl ControlPlane {
    /// The ARN of a role.
    pub fn role_arn(&self, path: &str, name: &str) -> String {
        format!("arn:aws:iam::{}:role{path}{name}", self.parts.account.id)
    }

    /// `CreateRole`.
    pub async fn create_role(&self, new: NewRole) -> Result<Role, ControlError> {
        ROLE_NAME.check("RoleName", &new.name)?;
        let path = new.path.unwrap_or_else(|| "/".to_owned());
        check_path(&path)?;
        policy_document::check(&new.trust_policy, Purpose::Trust, TRUST_CHARS_MAX)?;
        if let Some(description) = &new.description {
            DESCRIPTION.check("Description", description)?;
        }
        let session_seconds_max = new.session_seconds_max.unwrap_or(SESSION_SECONDS_DEFAULT);
        if !SESSION_SECONDS.contains(&session_seconds_max) {
            return Err(ControlError::Invalid(format!(
                "`MaxSessionDuration` is {session_seconds_max}; it must be from {} to {}",
                SESSION_SECONDS.start(),
                SESSION_SECONDS.end()
            )));
        }
        self.check_first_tags(&new.tags)?;
        let record = Record {
            id: unique_id("AROA"),
            path,
            trust_policy: new.trust_policy,
            description: new.description,
            session_seconds_max,
            inline_policies: BTreeMap::new(),
            attached_policies: Vec::new(),
        };
        self.store_new_role(&new.name, &record, &new.tags).await
    }

    async fn store_new_role(
        &self,
        name: &str,
        record: &Record,
        tags: &[(String, String)],
    ) -> Result<Role, ControlError> {
        let _held = self.locks.hold(&["iam-roles"]).await;
        let there = self.parts.registry.documents(KIND).await?;
        // IAM tells names apart without regard to case.
        if let Some(same) = there.iter().find(|it| it.name.eq_ignore_ascii_case(name)) {
            let (id, arn) = (String::new(), String::new());
            return Err(ControlError::AlreadyExists {
                kind: "role",
                name: same.name.clone(),
                id,
                arn,
            });
        }
        if there.len() >= ROLES_MAX {
            return Err(ControlError::LimitExceeded(format!(
                "there are {ROLES_MAX} roles, which is the most there may be"
            )));
        }
        self.set_first_tags(&self.role_arn(&record.path, name), tags).await?;
        self.add_typed(KIND, name, record).await?;
        self.role(name).await
    }

    /// `GetRole`.
    pub async fn role(&self, name: &str) -> Result<Role, ControlError> {
        Ok(role_of(self.role_record(name).await?))
    }

    /// `ListRoles`, by name.
    pub async fn roles(&self) -> Result<Vec<Role>, ControlError> {
        Ok(self.all_typed(KIND).await?.into_iter().map(role_of).collect())
    }

    /// The role of an ARN, where it is one of this account that is known here.
    pub async fn role_if_known(&self, arn: &RoleArn) -> Result<Option<Role>, ControlError> {
        if arn.account != self.parts.account.id {
            return Ok(None);
        }
        let found = self.typed(KIND, &arn.name).await?.map(role_of);
        Ok(found.filter(|role| role.path == arn.path))
    }

    /// `UpdateAssumeRolePolicy`.
    pub async fn set_trust_policy(&self, name: &str, document: &str) -> Result<(), ControlError> {
        policy_document::check(document, Purpose::Trust, TRUST_CHARS_MAX)?;
        self.change_role(name, |role| {
            document.clone_into(&mut role.trust_policy);
            Ok(())
        })
        .await
    }

    /// `UpdateRole`; what is `None` stays.
    pub async fn update_role(
        &self,
        name: &str,
        description: Option<String>,
        session_seconds_max: Option<u32>,
    ) -> Result<(), ControlError> {
        if let Some(description) = &description {
            DESCRIPTION.check("Description", description)?;
        }
        if let Some(seconds) = session_seconds_max.filter(|it| !SESSION_SECONDS.contains(it)) {
            return Err(ControlError::Invalid(format!(
                "`MaxSessionDuration` is {seconds}; it must be from {} to {}",
                SESSION_SECONDS.start(),
                SESSION_SECONDS.end()
            )));
        }
        self.change_role(name, |role| {
            role.description = description.or(role.description.take());
            role.session_seconds_max = session_seconds_max.unwrap_or(role.session_seconds_max);
            Ok(())
        })
        .await
    }

    /// `DeleteRole`. `DeleteConflict` while it has policies.
    pub async fn delete_role(&self, name: &str) -> Result<(), ControlError> {
        let _held = self.locks.hold(&["iam-roles"]).await;
        let role = self.role(name).await?;
        if !role.inline_policies.is_empty() {
            return Err(ControlError::DeleteConflict(format!(
                "role {name} still has inline policies; delete them first"
            )));
        }
        if !role.attached_policies.is_empty() {
            return Err(ControlError::DeleteConflict(format!(
                "role {name} still has attached policies; detach them first"
            )));
        }
        self.remove_document(KIND, name).await?;
        Ok(self.parts.registry.untag_all(&self.role_arn(&role.path, name)).await?)
    }

    /// `TagRole`.
    pub async fn tag_role(
        &self,
        name: &str,
        tags: &[(String, String)],
    ) -> Result<(), ControlError> {
        self.check_first_tags(tags)?;
        let _held = self.locks.hold(&["iam-roles"]).await;
        let arn = self.arn_of_role(name).await?;
        let there = self.parts.registry.tags(&arn).await?;
        let is_new = |(key, _): &&(String, String)| !there.iter().any(|(old, _)| old == key);
        let count_max = self.parts.limits.tags_max;
        if there.len() + tags.iter().filter(is_new).count() > count_max {
            return Err(ControlError::LimitExceeded(format!(
                "role {name} would have more than {count_max} tags"
            )));
        }
        Ok(self.parts.registry.tag(&arn, tags).await?)
    }

    /// `UntagRole`.
    pub async fn untag_role(&self, name: &str, keys: &[String]) -> Result<(), ControlError> {
        let arn = self.arn_of_role(name).await?;
        Ok(self.parts.registry.untag(&arn, keys).await?)
    }

    /// `ListRoleTags`, in key order.
    pub async fn role_tags(&self, name: &str) -> Result<Vec<(String, String)>, ControlError> {
        let arn = self.arn_of_role(name).await?;
        Ok(self.parts.registry.tags(&arn).await?)
    }

    async fn arn_of_role(&self, name: &str) -> Result<String, ControlError> {
        Ok(self.role_arn(&self.role(name).await?.path, name))
    }

    pub(super) async fn change_role(
        &self,
        name: &str,
        change: impl FnOnce(&mut Record) -> Result<(), ControlError>,
    ) -> Result<(), ControlError> {
        let _held = self.locks.hold(&["iam-roles"]).await;
        let Typed { value: mut record, document } = self.role_record(name).await?;
        change(&mut record)?;
        self.replace_typed(&document, &record).await
    }

    async fn role_record(&self, name: &str) -> Result<Typed<Record>, ControlError> {
        ROLE_NAME.check("RoleName", name)?;
        self.typed(KIND, name).await?.ok_or_else(|| ControlError::not_found("role", name))
    }
}
