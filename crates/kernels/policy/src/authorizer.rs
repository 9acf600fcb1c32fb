//! The decision (spec iot-core §4.5).

use std::sync::Arc;

use picket_core::Account;

use crate::action::{Action, ActionSet};
use crate::document::{Effect, PolicyDocument, Resources, Statement};
use crate::pattern::{Pattern, residuals};
use crate::subject::Subject;

/// Which statement decided: its place in the documents given to [`Authorizer::compile`].
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
}

/// The policies of one connection with its facts put in. Compile anew when a policy, an attachment or
/// a thing changes.
#[derive(Debug, Clone, Default)]
pub struct Authorizer {
    /// Denying rules first, so that the first match decides.
    rules: Box<[Rule]>,
}

#[derive(Debug, Clone)]
struct Rule {
    effect: Effect,
    actions: ActionSet,
    resources: Box<[Pattern]>,
    negated: bool,
    origin: StatementRef,
}

/// Requests differ in the facts that exist and in what a device's name could do to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Connect,
    Topics,
    Other,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Connect, Self::Topics, Self::Other];

    fn of(action: Action) -> Self {
        match action {
            Action::Connect => Self::Connect,
            action if action.is_about_topics() => Self::Topics,
            _ => Self::Other,
        }
    }
}

impl Authorizer {
    /// Puts the facts of `subject` into `documents`: variables are replaced, conditions decided, and
    /// resources reduced to what can follow this account's ARN prefix.
    pub fn compile(
        account: &Account,
        documents: &[Arc<PolicyDocument>],
        subject: &Subject,
    ) -> Self {
        let prefix = account.iot_arn("");
        let mut rules = Vec::new();
        for (document, policy) in (0..).zip(documents) {
            for (statement, content) in (0..).zip(&policy.statements) {
                let origin = StatementRef { document, statement };
                let of_scope = |scope| rule(content, scope, subject, &prefix, origin);
                rules.extend(Scope::ALL.into_iter().filter_map(of_scope));
            }
        }
        rules.sort_by_key(|rule| rule.effect != Effect::Deny);
        Self { rules: rules.into_boxed_slice() }
    }

    /// Decides whether `action` on `resource` is allowed. `resource` is the last part of the ARN, for
    /// example `client/pump-17`, `topic/a/b` or `topicfilter/a/+`. Allocates nothing.
    pub fn decide(&self, action: Action, resource: &str) -> Decision {
        let applies = |rule: &&Rule| {
            rule.actions.contains(action)
                && rule.resources.iter().any(|pattern| pattern.matches(resource)) != rule.negated
        };
        match self.rules.iter().find(applies) {
            None => Decision::ImplicitDeny,
            Some(rule) if rule.effect == Effect::Deny => Decision::ExplicitDeny(rule.origin),
            Some(rule) => Decision::Allowed(rule.origin),
        }
    }
}

/// The rule a statement becomes for the actions of one scope; `None` if it can never apply.
fn rule(
    statement: &Statement,
    scope: Scope,
    subject: &Subject,
    prefix: &str,
    origin: StatementRef,
) -> Option<Rule> {
    let actions: ActionSet = Action::ALL
        .iter()
        .copied()
        .filter(|action| Scope::of(*action) == scope && statement.actions.contain(action.name()))
        .collect();
    if actions.is_empty() {
        return None;
    }
    let connecting = scope == Scope::Connect;
    if !statement.conditions.iter().all(|condition| condition.holds(subject, connecting)) {
        return None;
    }
    let resources = patterns(&statement.resources, scope, subject, prefix)?;
    let negated = statement.resources.negated;
    if resources.is_empty() && !negated {
        return None;
    }
    Some(Rule { effect: statement.effect, actions, resources, negated, origin })
}

/// What may follow `prefix`. A resource with an unresolvable variable matches nothing; in a
/// `NotResource` list it keeps the statement from applying (`None`).
fn patterns(
    resources: &Resources,
    scope: Scope,
    subject: &Subject,
    prefix: &str,
) -> Option<Box<[Pattern]>> {
    let variable = |name: &str| subject.variable(name, scope == Scope::Topics);
    let mut patterns = Vec::new();
    for template in &resources.templates {
        match template.tokens(&variable) {
            Some(tokens) => patterns.extend(residuals(&tokens, prefix)),
            None if resources.negated => return None,
            None => {}
        }
    }
    Some(patterns.into_boxed_slice())
}

#[cfg(test)]
mod tests;
