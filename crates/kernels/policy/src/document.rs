//! Policy documents: grammar and limits (spec iot-core §4.1).

use std::sync::Arc;

use crate::action::{Action, ActionSet};
use crate::condition::Condition;
use crate::json::{Node, Text};
use crate::pattern::Pattern;
use crate::subject::asks_certificate;
use crate::template::Template;

/// Most characters of a document, white space not counted.
const CHARS_MAX: usize = 2048;
/// Known words that are told where none is near.
const NAMED_MAX: usize = 10;
/// Most bytes of a document, white space and all.
const BYTES_MAX: usize = 404_600;

/// A document that cannot be a policy. The text names the place and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy document is malformed at {at}: {problem}")]
pub struct MalformedPolicy {
    /// The place, for example `Statement[1].Effect (line 4)`, or `line 3 column 7`.
    pub at: String,
    /// What is wrong there.
    pub problem: String,
}

impl MalformedPolicy {
    pub(crate) fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }
}

/// What to say of a word that is none of `known`: the nearest one, or if none is near, some of them.
pub(crate) fn unknown(kind: &str, given: &str, known: impl Iterator<Item = String>) -> String {
    let shown: String = given.chars().take(64).flat_map(char::escape_debug).collect();
    let lower = shown.to_ascii_lowercase();
    let distance = |name: &String| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &lower);
    let known: Vec<String> = known.collect();
    let nearest = known.iter().map(|name| (distance(name), name)).min();
    if let Some((distance, name)) = nearest
        && distance <= name.chars().count() / 3
    {
        return format!("unknown {kind} `{shown}`; did you mean `{name}`?");
    }
    let more = if known.len() > NAMED_MAX { ", …" } else { "" };
    let named: Vec<String> = known.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    format!("unknown {kind} `{shown}`; known are {}{more}", named.join(", "))
}

/// A parsed policy document. Facts of a connection are put in by [`crate::CompiledPolicy`].
#[derive(Debug, Clone)]
pub struct PolicyDocument {
    name: Arc<str>,
    pub(crate) statements: Vec<Statement>,
}

/// What a statement does to the requests it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Effect {
    /// Lets them pass, unless another statement denies them.
    Allow,
    /// Stops them, whatever other statements say.
    Deny,
}

#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    pub(crate) actions: Actions,
    pub(crate) resources: Resources,
    pub(crate) conditions: Vec<Condition>,
    /// First and last line in the document, counted from 1.
    pub(crate) lines: (u32, u32),
}

#[derive(Debug, Clone)]
pub(crate) struct Actions {
    pub(crate) patterns: Vec<ActionPattern>,
    /// `NotAction`: every action that no pattern matches.
    pub(crate) negated: bool,
    /// The actions that are meant.
    pub(crate) set: ActionSet,
}

#[derive(Debug, Clone)]
pub(crate) struct ActionPattern {
    pub(crate) written: Box<str>,
    /// Lower case.
    pattern: Pattern,
    pub(crate) line: u32,
}

impl ActionPattern {
    /// Actions know wildcards but no variables, and no case.
    fn parse(written: &str, line: u32) -> Self {
        let template = Template::parse(&written.to_ascii_lowercase(), false);
        // Without variables there is none that could be missing.
        let pattern = template.pattern(&|_| Ok(String::new())).unwrap_or_default();
        Self { written: written.into(), pattern: Pattern::new(&pattern), line }
    }

    pub(crate) fn matches(&self, action: Action) -> bool {
        self.pattern.matches(&action.name().to_ascii_lowercase())
    }

    /// What is wrong with a name of this service's that no action has. It is no error, since policies
    /// may speak of actions that come later.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_ours = self.written.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("iot:"));
        if !is_ours || Action::ALL.iter().any(|action| self.matches(*action)) {
            return None;
        }
        let known = Action::ALL.iter().map(|action| action.name().to_owned());
        Some(unknown("action", &self.written, known))
    }
}

impl Actions {
    fn new(patterns: Vec<ActionPattern>, negated: bool) -> Self {
        let any_matches = |action: Action| patterns.iter().any(|pattern| pattern.matches(action));
        let meant = Action::ALL.iter().copied().filter(|action| any_matches(*action) != negated);
        let set = meant.collect();
        Self { patterns, negated, set }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Resources {
    /// Each with its line.
    pub(crate) templates: Vec<(Template, u32)>,
    /// `NotResource`: every resource that no template matches.
    pub(crate) negated: bool,
}

impl PolicyDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// Bad JSON, more than 2048 characters that are not white space, an unknown version, effect,
    /// member, condition operator or condition key, a member that is there twice, or a missing or
    /// empty `Action` or `Resource`.
    pub fn parse(json: &str) -> Result<Self, MalformedPolicy> {
        Self::read(json, 1)
    }

    /// Reads a document that is in force. As [`PolicyDocument::parse`], but there may be no statement
    /// in it: what mitigation puts in the place of a policy allows nothing.
    ///
    /// # Errors
    /// As [`PolicyDocument::parse`], but for an empty `Statement`.
    pub fn parse_stored(json: &str) -> Result<Self, MalformedPolicy> {
        Self::read(json, 0)
    }

    fn read(json: &str, statements_min: usize) -> Result<Self, MalformedPolicy> {
        check_size(json)?;
        let text = Text::new(json);
        let root = text.root()?;
        let top = Members::read(&root, &["Version", "Id", "Statement"])?;
        let version = top.required("Version")?;
        let has_variables = match version.string().as_deref() {
            Some("2012-10-17") => true,
            Some("2008-10-17") => false,
            _ => return Err(version.malformed("it must be \"2012-10-17\" or \"2008-10-17\"")),
        };
        top.optional_text("Id")?;
        let statements = top.required("Statement")?.items(statements_min)?;
        let statements = statements.iter().map(|node| statement(node, has_variables));
        Ok(Self { name: Arc::default(), statements: statements.collect::<Result<_, _>>()? })
    }

    /// The document under its policy's name, which explanations tell.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The policy's name; empty if none was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the document means the same for everybody: no variables, no conditions. Then one
    /// [`crate::CompiledPolicy`] serves all connections.
    pub fn is_same_for_all(&self) -> bool {
        self.keys().next().is_none()
    }

    /// Whether the document asks for what stands in the client certificate, so that it has to be read.
    pub fn asks_certificate(&self) -> bool {
        self.keys().any(asks_certificate)
    }

    /// The keys of all conditions and the names of all variables, some more than once.
    fn keys(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| {
            let resources = statement.resources.templates.iter();
            let variables = resources.flat_map(|(template, _)| template.variables());
            variables.chain(statement.conditions.iter().flat_map(Condition::keys))
        })
    }
}

fn check_size(json: &str) -> Result<(), MalformedPolicy> {
    let bytes = json.len();
    if bytes > BYTES_MAX {
        let problem = format!("it has {bytes} bytes; at most {BYTES_MAX} are allowed");
        return Err(MalformedPolicy::new("the top", problem));
    }
    let chars = json.chars().filter(|c| !c.is_whitespace()).count();
    if chars > CHARS_MAX {
        let problem = format!(
            "it has {chars} characters that are not white space; at most {CHARS_MAX} are allowed"
        );
        return Err(MalformedPolicy::new("the top", problem));
    }
    Ok(())
}

/// The members of one object.
struct Members<'a> {
    of: Node<'a>,
    members: Vec<(String, Node<'a>)>,
}

impl<'a> Members<'a> {
    fn read(node: &Node<'a>, known: &[&str]) -> Result<Self, MalformedPolicy> {
        let members = node.members()?;
        if let Some((name, _)) = members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let known = known.iter().map(|name| (*name).to_owned());
            return Err(node.malformed(unknown("member", name, known)));
        }
        Ok(Self { of: node.clone(), members })
    }

    fn optional(&self, name: &str) -> Option<&Node<'a>> {
        self.members.iter().find(|(other, _)| other == name).map(|(_, node)| node)
    }

    fn required(&self, name: &str) -> Result<&Node<'a>, MalformedPolicy> {
        self.optional(name).ok_or_else(|| self.of.malformed(format!("`{name}` is missing")))
    }

    fn optional_text(&self, name: &str) -> Result<Option<String>, MalformedPolicy> {
        let text =
            |node: &Node<'a>| node.string().ok_or_else(|| node.malformed("it must be a string"));
        self.optional(name).map(text).transpose()
    }

    /// The one of two members that is there, and whether it is the negated one.
    fn either(&self, plain: &str, negated: &str) -> Result<(&Node<'a>, bool), MalformedPolicy> {
        match (self.optional(plain), self.optional(negated)) {
            (Some(node), None) => Ok((node, false)),
            (None, Some(node)) => Ok((node, true)),
            (Some(_), Some(_)) => {
                let problem = format!("`{plain}` and `{negated}` exclude each other");
                Err(self.of.malformed(problem))
            }
            (None, None) => Err(self.of.malformed(format!("`{plain}` is missing"))),
        }
    }
}

fn statement(node: &Node<'_>, has_variables: bool) -> Result<Statement, MalformedPolicy> {
    const MEMBERS: &[&str] =
        &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let members = Members::read(node, MEMBERS)?;
    let sid = members.optional_text("Sid")?.map(String::into_boxed_str);
    let effect = members.required("Effect")?;
    let effect = match effect.string().as_deref() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(effect.malformed("it must be \"Allow\" or \"Deny\"")),
    };
    let (actions, action_negated) = members.either("Action", "NotAction")?;
    let (resources, resource_negated) = members.either("Resource", "NotResource")?;
    let action = |(text, line): (String, u32)| ActionPattern::parse(&text, line);
    let resource = |(text, line): (String, u32)| (Template::parse(&text, has_variables), line);
    Ok(Statement {
        sid,
        effect,
        actions: Actions::new(strings(actions)?.into_iter().map(action).collect(), action_negated),
        resources: Resources {
            templates: strings(resources)?.into_iter().map(resource).collect(),
            negated: resource_negated,
        },
        conditions: match members.optional("Condition") {
            Some(node) => conditions(node, has_variables)?,
            None => Vec::new(),
        },
        lines: node.lines(),
    })
}

fn conditions(node: &Node<'_>, has_variables: bool) -> Result<Vec<Condition>, MalformedPolicy> {
    let mut conditions = Vec::new();
    for (operator, keys) in node.members()? {
        for (key, values) in keys.members()? {
            conditions.push(Condition::parse(&operator, &key, &values, has_variables)?);
        }
    }
    Ok(conditions)
}

/// The strings of a string or a list of strings, each with its line.
fn strings(node: &Node<'_>) -> Result<Vec<(String, u32)>, MalformedPolicy> {
    let problem = if node.is_array() {
        "it must be a string"
    } else {
        "it must be a string or a list of strings"
    };
    let string = |item: &Node<'_>| {
        let text = item.string().ok_or_else(|| item.malformed(problem))?;
        Ok((text, item.lines().0))
    };
    node.one_or_more()?.iter().map(string).collect()
}
