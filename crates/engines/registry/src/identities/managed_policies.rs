//! Managed policies. Each has one version, `v1`.

use picket_core::Timestamp;
use picket_ports::registry::{Document, DocumentKind};
use serde::{Deserialize, Serialize};

use super::aws_owned;
use super::names::{
    DESCRIPTION, POLICY_NAME, account_and_rest, check_path, path_and_name, unique_id,
};
use super::policy_document::{self, Purpose};
use crate::checked::shown;
use crate::typed_documents::{self, Typed};
use crate::{ControlError, ControlPlane};

const KIND: DocumentKind = DocumentKind::ManagedPolicy;
/// Longest document, without white space.
const CHARS_MAX: usize = 6_144;
/// Most policies, as AWS has it for an account.
const POLICIES_MAX: usize = 1_500;

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// Its name.
    pub name: String,
    /// `ANPA…`.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `/` or `/a/b/`.
    pub path: String,
    /// What it is for.
    pub description: Option<String>,
    /// The document, as given.
    pub document: String,
    /// When it was created.
    pub created: Timestamp,
    /// How many roles it is attached to.
    pub attachments: usize,
    /// Whether it is one of AWS's own, which cannot be changed.
    pub is_aws_owned: bool,
}

/// What `CreatePolicy` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewManagedPolicy {
    /// Its name.
    pub name: String,
    /// `/` where nothing is said.
    pub path: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The document.
    pub document: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    id: String,
    path: String,
    description: Option<String>,
    document: String,
}

/// The path and the document of a stored policy.
pub(crate) fn read_managed_policy(stored: Document) -> Result<(String, String), ControlError> {
    let Record { path, document, .. } = typed_documents::read(stored)?.value;
    Ok((path, document))
}

impl ControlPlane {
    /// `CreatePolicy`.
    pub async fn create_managed_policy(
        &self,
        new: NewManagedPolicy,
    ) -> Result<ManagedPolicy, ControlError> {
        POLICY_NAME.check("PolicyName", &new.name)?;
        let path = new.path.unwrap_or_else(|| "/".to_owned());
        check_path(&path)?;
        if let Some(description) = &new.description {
            DESCRIPTION.check("Description", description)?;
        }
        policy_document::check(&new.document, Purpose::Rights, CHARS_MAX)?;
        let (description, document) = (new.description, new.document);
        let record = Record { id: unique_id("ANPA"), path, description, document };
        let _held = self.locks.hold(&["iam-policies"]).await;
        let there = self.parts.registry.documents(KIND).await?;
        if let Some(same) = there.iter().find(|it| it.name.eq_ignore_ascii_case(&new.name)) {
            let (kind, name, id) = ("policy", same.name.clone(), String::new());
            return Err(ControlError::AlreadyExists { kind, name, id, arn: String::new() });
        }
        if there.len() >= POLICIES_MAX {
            return Err(ControlError::LimitExceeded(format!(
                "there are {POLICIES_MAX} policies, which is the most there may be"
            )));
        }
        self.add_typed(KIND, &new.name, &record).await?;
        self.managed_policy(&self.managed_policy_arn(&record.path, &new.name)).await
    }

    /// `GetPolicy`, by ARN.
    pub async fn managed_policy(&self, arn: &str) -> Result<ManagedPolicy, ControlError> {
        let attachments = self.attachments().await?;
        let count = |arn: &str| attachments.iter().filter(|attached| *attached == arn).count();
        if let Some(owned) = aws_owned::find(arn) {
            return Ok(ManagedPolicy { attachments: count(arn), ..owned });
        }
        let missing = || ControlError::not_found("policy", shown(arn));
        let (account, rest) = account_and_rest(arn).ok_or_else(|| {
            ControlError::Invalid(format!("`{}` is not the ARN of a policy", shown(arn)))
        })?;
        let named = rest.strip_prefix("policy").and_then(path_and_name);
        let (path, name) = named.ok_or_else(missing)?;
        let found: Option<Typed<Record>> = self.typed(KIND, name).await?;
        let found = found.filter(|it| it.value.path == path && account == self.parts.account.id);
        found.map(|found| self.policy_of(found, &attachments)).ok_or_else(missing)
    }

    /// `ListPolicies`, by ARN: our own, and with `aws_owned` those of AWS that are known here.
    pub async fn managed_policies(
        &self,
        with_own: bool,
        with_aws_owned: bool,
    ) -> Result<Vec<ManagedPolicy>, ControlError> {
        let attachments = self.attachments().await?;
        let mut policies = Vec::new();
        if with_own {
            let own: Vec<Typed<Record>> = self.all_typed(KIND).await?;
            policies.extend(own.into_iter().map(|found| self.policy_of(found, &attachments)));
        }
        if with_aws_owned {
            policies.extend(aws_owned::all().map(|policy| {
                let count = attachments.iter().filter(|arn| **arn == policy.arn).count();
                ManagedPolicy { attachments: count, ..policy }
            }));
        }
        policies.sort_unstable_by(|a, b| a.arn.cmp(&b.arn));
        Ok(policies)
    }

    /// `DeletePolicy`. `DeleteConflict` while it is attached.
    pub async fn delete_managed_policy(&self, arn: &str) -> Result<(), ControlError> {
        let _held = self.locks.hold(&["iam-policies"]).await;
        let policy = self.managed_policy(arn).await?;
        if policy.is_aws_owned {
            return Err(ControlError::Invalid(format!(
                "policy {arn} is AWS's and cannot be deleted"
            )));
        }
        if policy.attachments > 0 {
            return Err(ControlError::DeleteConflict(format!(
                "policy {} is still attached to {} roles",
                policy.name, policy.attachments
            )));
        }
        self.remove_document(KIND, &policy.name).await.map(drop)
    }

    fn managed_policy_arn(&self, path: &str, name: &str) -> String {
        format!("arn:aws:iam::{}:policy{path}{name}", self.parts.account.id)
    }

    /// The ARNs of all attached policies, each as often as it is attached.
    async fn attachments(&self) -> Result<Vec<String>, ControlError> {
        let roles = self.roles().await?;
        Ok(roles.into_iter().flat_map(|role| role.attached_policies).collect())
    }

    fn policy_of(&self, found: Typed<Record>, attachments: &[String]) -> ManagedPolicy {
        let Record { id, path, description, document } = found.value;
        let arn = self.managed_policy_arn(&path, &found.document.name);
        ManagedPolicy {
            name: found.document.name,
            id,
            attachments: attachments.iter().filter(|attached| **attached == arn).count(),
            arn,
            path,
            description,
            document,
            created: found.document.created,
            is_aws_owned: false,
        }
    }
}
