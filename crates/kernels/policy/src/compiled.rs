//! One policy with the facts of a connection put in.

use std::sync::Arc;

use picket_core::Account;

use crate::action::{Action, ActionSet, ResourceKind};
use crate::document::{Effect, PolicyDocument, Resources, Statement};
use crate::pattern::{Shape, residuals};
use crate::subject::{Place, Subject};

/// A policy with the facts of a connection put in: variables are replaced, conditions decided, and
/// resources reduced to what can follow this account's ARN prefix. Packed into few bytes, as there
/// may be one for each connection; where the document [`is_same_for_all`], one serves them all.
///
/// [`is_same_for_all`]: PolicyDocument::is_same_for_all
#[derive(Debug, Clone)]
pub struct CompiledPolicy {
    document: Arc<PolicyDocument>,
    /// Denying rules first.
    rules: Box<[Rule]>,
    denials: usize,
    patterns: Box<[PackedPattern]>,
    text: Box<[u8]>,
}

/// A statement as it concerns resources of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    actions: ActionSet,
    /// The end of its patterns; they begin where those of the rule before end.
    patterns_end: u32,
    statement: u16,
    negated: bool,
}

#[derive(Debug, Clone, Copy)]
struct PackedPattern {
    shape: Shape,
    /// The end of its text, which begins where that of the pattern before ends.
    end: u32,
}

/// A rule before it is packed.
struct Draft {
    effect: Effect,
    rule: Rule,
    patterns: Vec<Vec<u8>>,
}

/// Actions for which a statement means the same thing: they have the same resources, and the same
/// facts exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) kind: ResourceKind,
    pub(crate) connecting: bool,
}

impl Lane {
    pub(crate) fn of(action: Action) -> Self {
        Self { kind: action.resource_kind(), connecting: action == Action::Connect }
    }

    fn all() -> impl Iterator<Item = Self> {
        let others = ResourceKind::ALL.map(|kind| Self { kind, connecting: false });
        std::iter::once(Self::of(Action::Connect)).chain(others)
    }

    fn actions(self) -> ActionSet {
        let is_here = |action: &Action| Self::of(*action) == self;
        Action::ALL.iter().copied().filter(is_here).collect()
    }

    pub(crate) const fn place(self) -> Place {
        if self.kind.is_about_topics() { Place::Topic } else { Place::Resource }
    }

    /// Where ARNs of these resources begin. What has no resource of its own is asked as `*`.
    fn prefix(self, account: &str) -> String {
        match self.kind {
            ResourceKind::Everything => String::new(),
            kind => format!("{account}{}", kind.prefix()),
        }
    }
}

impl CompiledPolicy {
    /// Puts the facts of `subject` into `document`.
    pub fn new(account: &Account, document: Arc<PolicyDocument>, subject: &Subject) -> Self {
        let prefix = account.iot_arn("");
        let mut drafts: Vec<Draft> = Vec::new();
        for (index, statement) in (0..).zip(&document.statements) {
            let first = drafts.len();
            for lane in Lane::all() {
                let Some(draft) = draft(statement, index, lane, subject, &prefix) else { continue };
                // Mostly `*`, which is the same in every lane.
                let same = drafts.iter_mut().skip(first).find(|other| {
                    other.patterns == draft.patterns && other.rule.negated == draft.rule.negated
                });
                match same {
                    Some(other) => {
                        other.rule.actions = other.rule.actions.and(draft.rule.actions);
                    }
                    None => drafts.push(draft),
                }
            }
        }
        drafts.sort_by_key(|draft| draft.effect != Effect::Deny);
        pack(document, drafts)
    }

    /// The document it was made from.
    pub fn document(&self) -> &Arc<PolicyDocument> {
        &self.document
    }

    /// Bytes held besides the document.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.rules)
            + size_of_val(&*self.patterns)
            + self.text.len()
    }

    /// The first denying statement that applies.
    pub(crate) fn denial(&self, action: Action, name: &str) -> Option<u32> {
        self.first(0, self.rules.get(..self.denials)?, action, name)
    }

    /// The first allowing statement that applies.
    pub(crate) fn permission(&self, action: Action, name: &str) -> Option<u32> {
        let begin = self.denials.checked_sub(1).and_then(|last| self.rules.get(last));
        let begin = begin.map_or(0, |rule| rule.patterns_end);
        self.first(begin, self.rules.get(self.denials..)?, action, name)
    }

    /// The first of `rules`, whose patterns begin at `begin`, that applies.
    fn first(&self, mut begin: u32, rules: &[Rule], action: Action, name: &str) -> Option<u32> {
        for rule in rules {
            let end = rule.patterns_end;
            if rule.actions.contains(action) && self.any_matches(begin, end, name) != rule.negated {
                return Some(u32::from(rule.statement));
            }
            begin = end;
        }
        None
    }

    fn any_matches(&self, begin: u32, end: u32, name: &str) -> bool {
        let (begin, end) = (begin as usize, end as usize);
        let before = begin.checked_sub(1).and_then(|before| self.patterns.get(before));
        let mut from = before.map_or(0, |pattern| pattern.end as usize);
        let patterns = self.patterns.get(begin..end).unwrap_or_default();
        patterns.iter().any(|pattern| {
            let to = pattern.end as usize;
            let kept = self.text.get(from..to).unwrap_or_default();
            from = to;
            pattern.shape.matches(kept, name)
        })
    }
}

/// The rule `statement` becomes in a lane; `None` if it can never apply there.
fn draft(
    statement: &Statement,
    index: u16,
    lane: Lane,
    subject: &Subject,
    prefix: &str,
) -> Option<Draft> {
    let actions = statement.actions.set.within(lane.actions());
    if actions.is_empty() {
        return None;
    }
    let holds = |condition: &crate::condition::Condition| condition.holds(subject, lane.connecting);
    if !statement.conditions.iter().all(holds) {
        return None;
    }
    let patterns = patterns(&statement.resources, lane, subject, &lane.prefix(prefix))?;
    let negated = statement.resources.negated;
    if patterns.is_empty() && !negated {
        return None;
    }
    let rule = Rule { actions, patterns_end: 0, statement: index, negated };
    Some(Draft { effect: statement.effect, rule, patterns })
}

/// What may follow `prefix`. A resource with an unresolvable variable matches nothing; in a
/// `NotResource` list it keeps the statement from applying (`None`).
fn patterns(
    resources: &Resources,
    lane: Lane,
    subject: &Subject,
    prefix: &str,
) -> Option<Vec<Vec<u8>>> {
    let variable = |name: &str| subject.variable(name, lane.place());
    let mut patterns = Vec::new();
    for (template, _) in &resources.templates {
        match template.pattern(&variable) {
            Ok(pattern) => patterns.extend(residuals(&pattern, prefix)),
            Err(_) if resources.negated => return None,
            Err(_) => {}
        }
    }
    Some(patterns)
}

fn pack(document: Arc<PolicyDocument>, drafts: Vec<Draft>) -> CompiledPolicy {
    let denials = drafts.iter().filter(|draft| draft.effect == Effect::Deny).count();
    let mut rules = Vec::with_capacity(drafts.len());
    let mut packed = Vec::with_capacity(drafts.iter().map(|draft| draft.patterns.len()).sum());
    let mut text = Vec::new();
    for Draft { rule, patterns, .. } in drafts {
        for pattern in &patterns {
            let (shape, kept) = Shape::of(pattern);
            text.extend_from_slice(kept);
            packed.push(PackedPattern { shape, end: index(text.len()) });
        }
        rules.push(Rule { patterns_end: index(packed.len()), ..rule });
    }
    CompiledPolicy {
        document,
        rules: rules.into(),
        denials,
        patterns: packed.into(),
        text: text.into(),
    }
}

/// A place in a compiled policy. A document has at most 2048 characters, and each variable in it
/// becomes at most 1024, so that places are far below 2^32.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
