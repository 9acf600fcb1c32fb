//! Cognito identity pools.

use std::collections::BTreeMap;

use picket_core::Timestamp;
use picket_ports::registry::DocumentKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::names::RoleArn;
use crate::checked::{TextRule, shown};
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

const KIND: DocumentKind = DocumentKind::IdentityPool;
/// Most pools, as AWS has it for an account.
const POOLS_MAX: usize = 1_000;

const NAME: TextRule = TextRule {
    chars_min: 1,
    chars_max: 128,
    pattern: "[\\w\\s+=,.@-]+",
    is_allowed: |c| c.is_alphanumeric() || "_ +=,.@-".contains(c),
};

/// An identity pool.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityPool {
    /// `REGION:UUID`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether identities need not log in.
    pub allows_unauthenticated: bool,
    /// Whether the old flow is allowed.
    pub allows_classic_flow: Option<bool>,
    /// The providers, in AWS's shape: `CognitoIdentityProviders`, `SupportedLoginProviders`, ….
    pub providers: Map<String, Value>,
    /// Its roles.
    pub roles: PoolRoles,
    /// When it was created.
    pub created: Timestamp,
}

/// What `CreateIdentityPool` is given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewIdentityPool {
    /// Its name.
    pub name: String,
    /// Whether identities need not log in.
    pub allows_unauthenticated: bool,
    /// Whether the old flow is allowed.
    pub allows_classic_flow: Option<bool>,
    /// The providers, in AWS's shape.
    pub providers: Map<String, Value>,
}

/// The roles of a pool's identities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolRoles {
    /// `authenticated` and `unauthenticated` → the ARN of a role.
    pub roles: BTreeMap<String, String>,
    /// Rules for single providers, in AWS's shape.
    pub mappings: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    allows_unauthenticated: bool,
    allows_classic_flow: Option<bool>,
    providers: Map<String, Value>,
    roles: PoolRoles,
}

fn pool_of(typed: Typed<Record>) -> IdentityPool {
    let Record { name, allows_unauthenticated, allows_classic_flow, providers, roles } =
        typed.value;
    IdentityPool {
        id: typed.document.name,
        name,
        allows_unauthenticated,
        allows_classic_flow,
        providers,
        roles,
        created: typed.document.created,
    }
}

impl ControlPlane {
    /// `CreateIdentityPool`. Names may repeat.
    pub async fn create_identity_pool(
        &self,
        new: NewIdentityPool,
    ) -> Result<IdentityPool, ControlError> {
        NAME.check("IdentityPoolName", &new.name)?;
        let NewIdentityPool { name, allows_unauthenticated, allows_classic_flow, providers } = new;
        let roles = PoolRoles::default();
        let record = Record { name, allows_unauthenticated, allows_classic_flow, providers, roles };
        let id = format!("{}:{}", self.parts.account.region, Uuid::new_v4());
        let _held = self.locks.hold(&["identity-pools"]).await;
        if self.parts.registry.documents(KIND).await?.len() >= POOLS_MAX {
            return Err(ControlError::LimitExceeded(format!(
                "there are {POOLS_MAX} identity pools, which is the most there may be"
            )));
        }
        self.add_typed(KIND, &id, &record).await?;
        self.identity_pool(&id).await
    }

    /// `DescribeIdentityPool`.
    pub async fn identity_pool(&self, id: &str) -> Result<IdentityPool, ControlError> {
        self.typed(KIND, id).await?.map(pool_of).ok_or_else(|| missing(id))
    }

    /// `ListIdentityPools`, by id.
    pub async fn identity_pools(&self) -> Result<Vec<IdentityPool>, ControlError> {
        Ok(self.all_typed(KIND).await?.into_iter().map(pool_of).collect())
    }

    /// `DeleteIdentityPool`.
    pub async fn delete_identity_pool(&self, id: &str) -> Result<(), ControlError> {
        let _held = self.locks.hold(&["identity-pools"]).await;
        if self.remove_document(KIND, id).await? { Ok(()) } else { Err(missing(id)) }
    }

    /// `SetIdentityPoolRoles`: replaces them all.
    pub async fn set_identity_pool_roles(
        &self,
        id: &str,
        roles: PoolRoles,
    ) -> Result<(), ControlError> {
        for (kind, arn) in &roles.roles {
            if !matches!(kind.as_str(), "authenticated" | "unauthenticated") {
                return Err(ControlError::Invalid(format!(
                    "`Roles` has a member `{}`; there are authenticated and unauthenticated",
                    shown(kind)
                )));
            }
            if RoleArn::parse(arn).is_none() {
                return Err(ControlError::Invalid(format!(
                    "the {kind} role `{}` is not the ARN of a role",
                    shown(arn)
                )));
            }
        }
        let _held = self.locks.hold(&["identity-pools"]).await;
        let found: Option<Typed<Record>> = self.typed(KIND, id).await?;
        let Typed { value, document } = found.ok_or_else(|| missing(id))?;
        self.replace_typed(&document, &Record { roles, ..value }).await
    }
}

fn missing(id: &str) -> ControlError {
    ControlError::not_found("identity pool", shown(id))
}
