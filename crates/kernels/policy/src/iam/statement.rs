//! Statements of IAM policies.

use super::condition::{self, Condition};
use super::facts::Facts;
use super::{Asked, Told};
use crate::document::{Effect, MalformedPolicy};
use crate::json::Node;
use crate::pattern::Pattern;
use crate::template::Template;

/// Most statements of a document; IAM's limits of size allow fewer.
const STATEMENTS_MAX: usize = 1_000;

type Members<'a> = [(String, Node<'a>)];

/// What rights and trust have in common.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) effect: Effect,
    /// Lower case.
    actions: Vec<Pattern>,
    actions_negated: bool,
    conditions: Vec<Condition>,
}

/// A statement of a role's policy.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    terms: Terms,
    resources: Vec<Template>,
    resources_negated: bool,
}

/// The statements of a document, each read by `read`, which is told whether variables mean anything.
pub(super) fn of_document<S>(
    root: &Node<'_>,
    read: fn(&Node<'_>, bool) -> Result<S, MalformedPolicy>,
) -> Result<Vec<S>, MalformedPolicy> {
    let members = root.members()?;
    only(root, &members, &["Version", "Id", "Statement"])?;
    let has_variables = match find(&members, "Version").map(Node::string) {
        None => false,
        Some(Some(version)) if version == "2008-10-17" => false,
        Some(Some(version)) if version == "2012-10-17" => true,
        Some(_) => return Err(root.malformed("`Version` must be 2012-10-17 or 2008-10-17")),
    };
    let statements = find(&members, "Statement");
    let statements = statements.ok_or_else(|| root.malformed("`Statement` is missing"))?;
    let statements = statements.one_or_more()?;
    if statements.len() > STATEMENTS_MAX {
        return Err(root.malformed(format!("it has more than {STATEMENTS_MAX} statements")));
    }
    statements.iter().map(|node| read(node, has_variables)).collect()
}

impl Terms {
    pub(super) fn read(
        node: &Node<'_>,
        members: &Members<'_>,
        has_variables: bool,
    ) -> Result<Self, MalformedPolicy> {
        let effect = match find(members, "Effect").and_then(Node::string).as_deref() {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(node.malformed("`Effect` must be Allow or Deny")),
        };
        let (actions, actions_negated) = either(node, members, "Action", "NotAction")?;
        let actions = actions.iter().map(|action| {
            let template = Template::parse(&action.to_ascii_lowercase(), false);
            // Without variables there is none that could be missing.
            Pattern::new(&template.pattern(&|_| Ok(String::new())).unwrap_or_default())
        });
        let actions = actions.collect();
        let conditions = match find(members, "Condition") {
            None => Vec::new(),
            Some(block) => condition::read(block, has_variables)?,
        };
        Ok(Self { effect, actions, actions_negated, conditions })
    }

    /// Whether action and conditions are met.
    pub(super) fn tells(&self, action: &str, facts: &Facts) -> Told {
        let action = action.to_ascii_lowercase();
        let is_named = self.actions.iter().any(|pattern| pattern.matches(&action));
        if is_named == self.actions_negated {
            return Told::No;
        }
        let conditions = self.conditions.iter();
        conditions.fold(Told::Yes, |told, condition| told.and(condition.tells(facts)))
    }
}

impl Statement {
    pub(super) fn read(node: &Node<'_>, has_variables: bool) -> Result<Self, MalformedPolicy> {
        let members = node.members()?;
        let known =
            ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        only(node, &members, &known)?;
        let (resources, resources_negated) = either(node, &members, "Resource", "NotResource")?;
        Ok(Self {
            terms: Terms::read(node, &members, has_variables)?,
            resources: resources.iter().map(|text| Template::parse(text, has_variables)).collect(),
            resources_negated,
        })
    }

    pub(super) const fn effect(&self) -> Effect {
        self.terms.effect
    }

    /// Whether the statement applies to what is asked.
    pub(super) fn tells(&self, asked: &Asked<'_>) -> Told {
        match self.terms.tells(asked.action, asked.facts) {
            Told::No => Told::No,
            told => told.and(self.resource_tells(asked)),
        }
    }

    fn resource_tells(&self, asked: &Asked<'_>) -> Told {
        let is_everything = |template: &Template| template.written() == "*";
        let Some(arn) = asked.resource else {
            let covers = self.resources.iter().any(is_everything);
            return match (covers, self.resources_negated) {
                (true, negated) => Told::of(!negated),
                (false, _) => Told::Untold,
            };
        };
        let variable = condition::variable(asked.facts);
        let patterns: Vec<Option<Vec<u8>>> =
            self.resources.iter().map(|template| template.pattern(&variable).ok()).collect();
        let matches = patterns.iter().flatten().any(|pattern| Pattern::new(pattern).matches(arn));
        if !matches && patterns.iter().any(Option::is_none) {
            return Told::Untold;
        }
        Told::of(matches != self.resources_negated)
    }
}

pub(super) fn find<'m, 'a>(members: &'m Members<'a>, name: &str) -> Option<&'m Node<'a>> {
    members.iter().find(|(other, _)| other == name).map(|(_, node)| node)
}

/// Refuses members that are not `known`.
pub(super) fn only(
    node: &Node<'_>,
    members: &Members<'_>,
    known: &[&str],
) -> Result<(), MalformedPolicy> {
    match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
            Err(node.malformed(format!("`{shown}` is not a member of it")))
        }
    }
}

/// The texts of a string or a list of strings.
pub(super) fn texts(node: &Node<'_>) -> Result<Vec<String>, MalformedPolicy> {
    let problem = "it must be a string or a list of strings";
    let text = |item: &Node<'_>| item.string().ok_or_else(|| node.malformed(problem));
    node.one_or_more()?.iter().map(text).collect()
}

/// The texts of the one of two members that is there, and whether it is the negated one.
fn either(
    node: &Node<'_>,
    members: &Members<'_>,
    plain: &str,
    negated: &str,
) -> Result<(Vec<String>, bool), MalformedPolicy> {
    match (find(members, plain), find(members, negated)) {
        (Some(one), None) => Ok((texts(one)?, false)),
        (None, Some(one)) => Ok((texts(one)?, true)),
        _ => Err(node.malformed(format!("it must have one of `{plain}` and `{negated}`"))),
    }
}
