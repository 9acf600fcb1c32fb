//! The roles in memory, with their policies read.

use std::sync::Arc;

use ahash::AHashMap;
use picket_policy::iam::{self, Asked, Facts, IamPolicy, TrustPolicy};
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{RoleRights, RoleSession, SessionRequest};

use crate::ControlError;
use crate::checked::shown;
use crate::identities::{Role, RoleArn, aws_owned_document, read_managed_policy, read_role};

/// Every role and managed policy.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    roles: AHashMap<String, KnownRole>,
    /// By name, with the path.
    managed: AHashMap<String, (String, Reading)>,
}

/// A role.
#[derive(Debug)]
pub(super) struct KnownRole {
    pub(super) role: Role,
    /// `None` where it cannot be read: then it lets nobody.
    pub(super) trust: Option<TrustPolicy>,
    pub(super) rights: Arc<Policies>,
}

/// The policies of a role. One that cannot be read leaves no rights at all, since it may hold a denial.
#[derive(Debug)]
pub(super) struct Policies(Result<Vec<Arc<IamPolicy>>, String>);

/// A policy as it was read, or what is wrong with it.
type Reading = Result<Arc<IamPolicy>, String>;

impl Roles {
    /// Takes in a role or policy as it stands now.
    pub(crate) fn put(&mut self, document: &Document) -> Result<(), ControlError> {
        match document.kind {
            DocumentKind::Role => {
                let role = read_role(document.clone())?;
                let known = self.known(role);
                self.roles.insert(document.name.clone(), known);
            }
            DocumentKind::ManagedPolicy => {
                let (path, text) = read_managed_policy(document.clone())?;
                let reading = read(&document.name, &text);
                self.managed.insert(document.name.clone(), (path, reading));
                self.read_anew(&document.name);
            }
            _ => {}
        }
        Ok(())
    }

    /// Forgets a role or policy.
    pub(crate) fn remove(&mut self, kind: DocumentKind, name: &str) {
        match kind {
            DocumentKind::Role => drop(self.roles.remove(name)),
            DocumentKind::ManagedPolicy => {
                self.managed.remove(name);
                self.read_anew(name);
            }
            _ => {}
        }
    }

    /// The role of this ARN.
    pub(super) fn at(&self, arn: &RoleArn) -> Option<&KnownRole> {
        self.roles.get(&arn.name).filter(|known| known.role.path == arn.path)
    }

    fn known(&self, role: Role) -> KnownRole {
        let trust = TrustPolicy::parse(&role.trust_policy).ok();
        let own = role.inline_policies.iter().map(|(name, text)| read(name, text));
        let given = role.attached_policies.iter().map(|arn| self.given(arn));
        let policies = own.chain(given).collect();
        KnownRole { trust, rights: Arc::new(Policies(policies)), role }
    }

    /// The managed policy of this ARN.
    fn given(&self, arn: &str) -> Reading {
        let (before, name) = arn.rsplit_once('/').unwrap_or_default();
        if let Some(text) = aws_owned_document(arn) {
            return read(name, text);
        }
        match self.managed.get(name) {
            Some((path, reading)) if format!("{before}/").ends_with(&format!(":policy{path}")) => {
                reading.clone()
            }
            _ => Err(format!("policy {} does not exist", shown(arn))),
        }
    }

    /// Works the rights of the roles out anew that have the managed policy `name`.
    fn read_anew(&mut self, name: &str) {
        let has_it = |known: &&KnownRole| {
            known.role.attached_policies.iter().any(|arn| arn.ends_with(&format!("/{name}")))
        };
        let concerned: Vec<Role> =
            self.roles.values().filter(has_it).map(|known| known.role.clone()).collect();
        for role in concerned {
            let known = self.known(role);
            self.roles.insert(known.role.name.clone(), known);
        }
    }
}

fn read(name: &str, text: &str) -> Reading {
    IamPolicy::parse(name, text)
        .map(Arc::new)
        .map_err(|error| format!("policy {} cannot be read: {error}", shown(name)))
}

impl RoleRights for Policies {
    fn refusal(&self, session: &RoleSession, asked: &SessionRequest<'_>) -> Option<String> {
        let policies = match &self.0 {
            Ok(policies) => policies,
            Err(problem) => {
                return Some(format!("because {problem}, so that the role has no rights"));
            }
        };
        let ip = asked.source_ip.map(|ip| ip.to_canonical().to_string());
        let facts = Facts::default()
            .with("aws:SourceIp", ip)
            .with("iot:ClientId", asked.client_id)
            .with("aws:PrincipalArn", Some(session.role_arn.as_str()))
            .with("aws:userid", Some(format!("{}:{}", session.role_id, session.name)))
            .with_all(&session.facts);
        let asked = Asked { action: asked.action, resource: asked.resource, facts: &facts };
        iam::refusal(policies, &asked)
    }
}
