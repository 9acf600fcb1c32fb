//! The decision (spec iot-core §4.5).

use std::sync::Arc;

use picket_core::Account;

use crate::action::{Action, ResourceKind};
use crate::compiled::CompiledPolicy;
use crate::document::PolicyDocument;
use crate::subject::Subject;

/// Which statement decided: its place in the policies of an [`Authorizer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementRef {
    /// Index of the document.
    pub document: u32,
    /// Index of the statement in the document.
    pub statement: u32,
}

/// What the policies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed(StatementRef),
    /// A statement denies it.
    ExplicitDeny(StatementRef),
    /// No statement speaks of it.
    ImplicitDeny,
}

impl Decision {
    /// Whether the request may go on.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// The statement that decided.
    pub const fn statement(self) -> Option<StatementRef> {
        match self {
            Self::Allowed(statement) | Self::ExplicitDeny(statement) => Some(statement),
            Self::ImplicitDeny => None,
        }
    }
}

/// The policies of one connection with its facts put in. Compile anew when a policy, an attachment or
/// a thing changes. Without policies nothing is allowed.
#[derive(Debug, Clone, Default)]
pub struct Authorizer {
    policies: Box<[Arc<CompiledPolicy>]>,
}

impl FromIterator<Arc<CompiledPolicy>> for Authorizer {
    fn from_iter<I: IntoIterator<Item = Arc<CompiledPolicy>>>(policies: I) -> Self {
        Self { policies: policies.into_iter().collect() }
    }
}

impl Authorizer {
    /// Puts the facts of `subject` into `documents`.
    pub fn compile(
        account: &Account,
        documents: &[Arc<PolicyDocument>],
        subject: &Subject,
    ) -> Self {
        let compile = |document: &Arc<PolicyDocument>| {
            Arc::new(CompiledPolicy::new(account, Arc::clone(document), subject))
        };
        documents.iter().map(compile).collect()
    }

    /// Decides whether `action` is allowed on what is called `name`: a client id, topic, topic filter,
    /// thing or role alias, as the action has it; `*` for what has no resource. Allocates nothing.
    pub fn check(&self, action: Action, name: &str) -> Decision {
        let place = |document, statement| StatementRef { document, statement };
        for (document, policy) in (0..).zip(&self.policies) {
            if let Some(statement) = policy.denial(action, name) {
                return Decision::ExplicitDeny(place(document, statement));
            }
        }
        for (document, policy) in (0..).zip(&self.policies) {
            if let Some(statement) = policy.permission(action, name) {
                return Decision::Allowed(place(document, statement));
            }
        }
        Decision::ImplicitDeny
    }

    /// Whether [`Authorizer::check`] allows it.
    pub fn allows(&self, action: Action, name: &str) -> bool {
        self.check(action, name).is_allowed()
    }

    /// As [`Authorizer::check`], with the last part of the ARN, for example `client/pump-17`,
    /// `topic/a/b` or `topicfilter/a/+`. A resource that the action is never done to is denied.
    pub fn decide(&self, action: Action, resource: &str) -> Decision {
        match resource.strip_prefix(action.resource_kind().prefix()) {
            Some(name) => self.check(action, name),
            None => Decision::ImplicitDeny,
        }
    }

    /// What to tell a developer whose request was not allowed: `statement 2 (no-secrets) of policy
    /// fleet denies iot:Publish on topic/secret`, or that nothing allows it. `None` if it is allowed.
    pub fn refusal(&self, action: Action, name: &str) -> Option<String> {
        let kind = action.resource_kind();
        let request = match kind {
            ResourceKind::Everything => action.name().to_owned(),
            kind => format!("{} on {}{name}", action.name(), kind.prefix()),
        };
        match self.check(action, name) {
            Decision::Allowed(_) => None,
            Decision::ImplicitDeny => Some(format!("no policy statement allows {request}")),
            Decision::ExplicitDeny(place) => {
                let policy = self.policies.get(place.document as usize)?.document();
                let sid = policy.statements.get(place.statement as usize)?.sid.as_deref();
                let sid = sid.map(|sid| format!(" ({sid})")).unwrap_or_default();
                let (number, name) = (place.statement + 1, policy.name());
                Some(format!("statement {number}{sid} of policy {name} denies {request}"))
            }
        }
    }

    /// The policies.
    pub fn policies(&self) -> &[Arc<CompiledPolicy>] {
        &self.policies
    }
}

#[cfg(test)]
mod tests;
