//! Why a request is allowed or denied, statement by statement.
//!
//! Works from the documents and the whole ARN, apart from [`crate::CompiledPolicy`]; a property test
//! holds the two to the same answers.

mod text;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::compiled::Lane;
use crate::condition::Condition;
use crate::document::{Actions, Effect, PolicyDocument, Resources, Statement};
use crate::pattern::{Pattern, written};
use crate::subject::Subject;

/// What the policies say, as AWS spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

impl Outcome {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::ExplicitDeny => "EXPLICIT_DENY",
            Self::ImplicitDeny => "IMPLICIT_DENY",
        }
    }
}

/// Why a request is allowed or denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// For example `iot:Publish`.
    pub action: String,
    /// The ARN that was asked for.
    pub resource: String,
    /// The decision.
    pub outcome: Outcome,
    /// The deciding statement: its place in `statements`.
    pub decided_by: Option<usize>,
    /// Every statement of every policy, in their order.
    pub statements: Vec<StatementReport>,
    /// Variables and keys without a value that statements about this action ask for.
    pub missing: Vec<String>,
}

/// One statement and the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementReport {
    /// The policy's name.
    pub policy: String,
    /// Index of the policy among those asked.
    pub document: u32,
    /// Index of the statement in the policy.
    pub index: u32,
    /// The statement's own id.
    pub sid: Option<String>,
    /// What it does where it applies.
    pub effect: Effect,
    /// Its first line in the policy's text, counted from 1.
    pub line_first: u32,
    /// Its last line.
    pub line_last: u32,
    /// Whether it applies to the request: the three below.
    pub applies: bool,
    /// Whether it is about the action.
    pub action: TermReport,
    /// Whether it is about the resource.
    pub resource: TermReport,
    /// Whether its conditions hold; all must.
    pub conditions: Vec<ConditionReport>,
}

/// An `Action`, `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermReport {
    /// Whether this speaks for the statement's applying.
    pub holds: bool,
    /// `NotAction` or `NotResource`: no pattern may match.
    pub negated: bool,
    /// Its patterns.
    pub patterns: Vec<PatternReport>,
}

/// One text of an action or resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternReport {
    /// As the policy has it.
    pub written: String,
    /// With variables replaced, where there are some and all have values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// Whether it matches.
    pub matches: bool,
    /// What keeps it from ever matching, for example a variable without a value or an action that does
    /// not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Its line in the policy's text.
    pub line: u32,
}

/// One operator on one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionReport {
    /// For example `ForAllValues:StringEquals`.
    pub operator: String,
    /// For example `iot:ConnectAttributes`.
    pub key: String,
    /// The policy's values as written.
    pub wanted: Vec<String>,
    /// The values of the key in this request; empty if it has none.
    pub found: Vec<String>,
    /// Whether the condition holds.
    pub holds: bool,
    /// What keeps it from being read, for example a variable without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Its line in the policy's text.
    pub line: u32,
}

impl StatementReport {
    /// Whether it is about the action but does not apply: worth showing to who wonders why.
    pub fn is_near_miss(&self) -> bool {
        !self.applies && self.action.holds
    }

    /// What is wrong with the actions it names, which a typing mistake keeps from meaning anything.
    pub fn unknown_actions(&self) -> impl Iterator<Item = &str> {
        self.action.patterns.iter().filter_map(|pattern| pattern.problem.as_deref())
    }

    /// What keeps the statement from applying, in a few words; empty if it applies.
    pub fn obstacles(&self) -> Vec<String> {
        let mut obstacles = Vec::new();
        if !self.action.holds {
            obstacles.push(self.action.obstacle("action"));
        }
        if !self.resource.holds {
            obstacles.push(self.resource.obstacle("resource"));
        }
        let failing = self.conditions.iter().filter(|condition| !condition.holds);
        obstacles.extend(failing.map(ConditionReport::obstacle));
        obstacles
    }
}

impl TermReport {
    fn obstacle(&self, what: &str) -> String {
        if let Some(pattern) = self.patterns.iter().find(|pattern| pattern.matches) {
            return format!("the {what} is excluded by `{}`", pattern.written);
        }
        let read = |pattern: &PatternReport| match (&pattern.problem, &pattern.read) {
            (Some(problem), _) => format!("`{}` ({problem})", pattern.written),
            (None, Some(read)) => format!("`{read}`"),
            (None, None) => format!("`{}`", pattern.written),
        };
        let patterns: Vec<String> = self.patterns.iter().map(read).collect();
        let verb = if self.negated { "may be excluded by" } else { "does not match" };
        format!("the {what} {verb} {}", patterns.join(" or "))
    }
}

impl ConditionReport {
    fn obstacle(&self) -> String {
        let Self { operator, key, .. } = self;
        let wanted = self.wanted.join("`, `");
        let found = match &self.problem {
            Some(problem) => problem.clone(),
            None if self.found.is_empty() => "this request has none".to_owned(),
            None => format!("here it is `{}`", self.found.join("`, `")),
        };
        format!("the condition {operator} of {key} on `{wanted}` does not hold: {found}")
    }
}

/// Says why `action` on `resource` is allowed or denied by `documents`. `resource` is a whole ARN, as
/// in `arn:aws:iot:us-east-1:000000000000:topic/a/b`, or `*` for an action without resources.
pub fn explain(
    documents: &[Arc<PolicyDocument>],
    subject: &Subject,
    action: Action,
    resource: &str,
) -> Explanation {
    let mut statements = Vec::new();
    let mut missing = Vec::new();
    let request = Request { subject, action, resource };
    for (document, policy) in (0..).zip(documents) {
        for (index, statement) in (0..).zip(&policy.statements) {
            let report = request.report(policy.name(), (document, index), statement);
            if report.action.holds {
                request.add_missing(statement, &mut missing);
            }
            statements.push(report);
        }
    }
    let first =
        |effect| statements.iter().position(|report| report.applies && report.effect == effect);
    let (outcome, decided_by) = match (first(Effect::Deny), first(Effect::Allow)) {
        (Some(denial), _) => (Outcome::ExplicitDeny, Some(denial)),
        (None, Some(permission)) => (Outcome::Allowed, Some(permission)),
        (None, None) => (Outcome::ImplicitDeny, None),
    };
    Explanation {
        action: action.name().to_owned(),
        resource: resource.to_owned(),
        outcome,
        decided_by,
        statements,
        missing,
    }
}

struct Request<'a> {
    subject: &'a Subject,
    action: Action,
    resource: &'a str,
}

impl Request<'_> {
    fn report(&self, policy: &str, at: (u32, u32), statement: &Statement) -> StatementReport {
        let action = self.action_term(&statement.actions);
        let resource = self.resource_term(&statement.resources);
        let conditions: Vec<ConditionReport> =
            statement.conditions.iter().map(|condition| self.condition(condition)).collect();
        let holds = conditions.iter().all(|condition| condition.holds);
        StatementReport {
            policy: policy.to_owned(),
            document: at.0,
            index: at.1,
            sid: statement.sid.as_deref().map(str::to_owned),
            effect: statement.effect,
            line_first: statement.lines.0,
            line_last: statement.lines.1,
            applies: action.holds && resource.holds && holds,
            action,
            resource,
            conditions,
        }
    }

    fn action_term(&self, actions: &Actions) -> TermReport {
        let patterns = actions.patterns.iter().map(|pattern| PatternReport {
            written: pattern.written.to_string(),
            read: None,
            matches: pattern.matches(self.action),
            problem: pattern.problem(),
            line: pattern.line,
        });
        let (patterns, negated): (Vec<PatternReport>, _) = (patterns.collect(), actions.negated);
        let matches = patterns.iter().any(|pattern| pattern.matches);
        TermReport { holds: matches != negated, negated, patterns }
    }

    fn resource_term(&self, resources: &Resources) -> TermReport {
        let place = Lane::of(self.action).place();
        let variable = |name: &str| self.subject.variable(name, place);
        let patterns = resources.templates.iter().map(|(template, line)| {
            let pattern = template.pattern(&variable);
            let has_variables = template.variables().next().is_some();
            PatternReport {
                written: template.written().to_owned(),
                read: pattern.as_ref().ok().filter(|_| has_variables).map(|it| written(it)),
                matches: pattern.as_ref().is_ok_and(|it| Pattern::new(it).matches(self.resource)),
                problem: pattern.err().map(|(name, why)| format!("${{{name}}} {why}")),
                line: *line,
            }
        });
        let (patterns, negated): (Vec<PatternReport>, _) = (patterns.collect(), resources.negated);
        let matches = patterns.iter().any(|pattern| pattern.matches);
        // A `NotResource` with a variable that has no value excludes who knows what.
        let is_unknown = negated && patterns.iter().any(|pattern| pattern.problem.is_some());
        TermReport { holds: matches != negated && !is_unknown, negated, patterns }
    }

    fn condition(&self, condition: &Condition) -> ConditionReport {
        let connecting = Lane::of(self.action).connecting;
        let found = self.subject.values(&condition.key, connecting);
        let unresolved = condition.unresolved(self.subject);
        ConditionReport {
            operator: condition.operator.to_string(),
            key: condition.key.to_string(),
            wanted: condition.written.iter().map(ToString::to_string).collect(),
            found: found.map(|values| values.for_conditions()).unwrap_or_default(),
            holds: condition.holds(self.subject, connecting),
            problem: unresolved.map(|(name, why)| format!("${{{name}}} {why}")),
            line: condition.line,
        }
    }

    /// Adds what the statement asks for and this request does not have.
    fn add_missing(&self, statement: &Statement, missing: &mut Vec<String>) {
        let connecting = Lane::of(self.action).connecting;
        let templates = statement.resources.templates.iter();
        let variables = templates.flat_map(|(template, _)| template.variables());
        let variables = variables.filter(|name| self.subject.values(name, false).is_none());
        let asked = statement.conditions.iter().filter(|condition| !condition.takes_absence());
        let keys = asked.flat_map(|condition| {
            condition.keys().filter(|key| self.subject.values(key, connecting).is_none())
        });
        for name in variables.chain(keys) {
            if !missing.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                missing.push(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests;
