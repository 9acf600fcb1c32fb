//! Policy documents: grammar and limits (spec iot-core §4.1).

use serde_json::{Map, Value};

use crate::condition::Condition;
use crate::pattern::{Pattern, Token};
use crate::template::Template;

/// Most characters of a document, white space not counted.
const CHARS_MAX: usize = 2048;

/// A document that cannot be a policy. The text names the place and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy document is malformed at {at}: {problem}")]
pub struct MalformedPolicy {
    /// The place, for example `Statement[1].Effect`, or `line 3 column 7`.
    pub at: String,
    /// What is wrong there.
    pub problem: String,
}

impl MalformedPolicy {
    pub(crate) fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }

    pub(crate) fn unknown(
        kind: &str,
        given: &str,
        known: impl Iterator<Item = String>,
        at: &str,
    ) -> Self {
        let shown: String = given.chars().take(64).flat_map(char::escape_debug).collect();
        let nearest = known
            .map(|name| (strsim::damerau_levenshtein(&name, &shown), name))
            .min()
            .map(|(_, name)| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        Self::new(at, format!("unknown {kind} `{shown}`{nearest}"))
    }
}

/// A parsed policy document. Facts of a connection are put in by [`crate::Authorizer::compile`].
#[derive(Debug, Clone)]
pub struct PolicyDocument {
    pub(crate) statements: Vec<Statement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) actions: Actions,
    pub(crate) resources: Resources,
    pub(crate) conditions: Vec<Condition>,
}

/// The statement's actions, lower case, as patterns.
#[derive(Debug, Clone)]
pub(crate) struct Actions {
    patterns: Vec<Pattern>,
    /// `NotAction`: every action that no pattern matches.
    negated: bool,
}

impl Actions {
    pub(crate) fn contain(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.patterns.iter().any(|pattern| pattern.matches(&name)) != self.negated
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) templates: Vec<Template>,
    /// `NotResource`: every resource that no template matches.
    pub(crate) negated: bool,
}

impl PolicyDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// Bad JSON, more than 2048 characters that are not white space, an unknown version, effect,
    /// member, condition operator or condition key, or a missing or empty `Action` or `Resource`.
    pub fn parse(json: &str) -> Result<Self, MalformedPolicy> {
        let chars = json.chars().filter(|c| !c.is_whitespace()).count();
        if chars > CHARS_MAX {
            let problem = format!(
                "it has {chars} characters that are not white space; at most {CHARS_MAX} are allowed"
            );
            return Err(MalformedPolicy::new("the top", problem));
        }
        let value: Value = serde_json::from_str(json).map_err(|error| {
            let at = format!("line {} column {}", error.line(), error.column());
            MalformedPolicy::new(at, "this is not valid JSON")
        })?;
        let top = object(&value, "the top")?;
        only_members(top, &["Version", "Id", "Statement"], "")?;
        let variables = match member(top, "Version", "")?.as_str() {
            Some("2012-10-17") => true,
            Some("2008-10-17") => false,
            _ => {
                let problem = "it must be \"2012-10-17\" or \"2008-10-17\"";
                return Err(MalformedPolicy::new("Version", problem));
            }
        };
        optional_text(top, "Id", "")?;
        let statements = match member(top, "Statement", "")? {
            Value::Array(list) if list.is_empty() => {
                return Err(MalformedPolicy::new("Statement", "it must not be empty"));
            }
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(index, value)| statement(value, variables, &format!("Statement[{index}]")))
                .collect::<Result<_, _>>()?,
            one => vec![statement(one, variables, "Statement")?],
        };
        Ok(Self { statements })
    }
}

fn statement(value: &Value, variables: bool, at: &str) -> Result<Statement, MalformedPolicy> {
    const MEMBERS: &[&str] =
        &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let members = object(value, at)?;
    only_members(members, MEMBERS, at)?;
    optional_text(members, "Sid", at)?;
    let effect = match member(members, "Effect", at)?.as_str() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => {
            let problem = "it must be \"Allow\" or \"Deny\"";
            return Err(MalformedPolicy::new(join(at, "Effect"), problem));
        }
    };
    let (actions, action_negated) = either(members, "Action", "NotAction", at)?;
    let (resources, resource_negated) = either(members, "Resource", "NotResource", at)?;
    Ok(Statement {
        effect,
        actions: Actions {
            patterns: actions.iter().map(|action| action_pattern(action)).collect(),
            negated: action_negated,
        },
        resources: Resources {
            templates: resources.iter().map(|text| Template::parse(text, variables)).collect(),
            negated: resource_negated,
        },
        conditions: conditions(members.get("Condition"), variables, at)?,
    })
}

/// Actions know wildcards but no variables, and no case.
fn action_pattern(action: &str) -> Pattern {
    let tokens = Template::parse(&action.to_ascii_lowercase(), false).tokens(&|_| None);
    Pattern::new(&tokens.unwrap_or_else(|| action.chars().map(Token::Literal).collect()))
}

fn conditions(
    value: Option<&Value>,
    variables: bool,
    at: &str,
) -> Result<Vec<Condition>, MalformedPolicy> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let at = join(at, "Condition");
    let mut conditions = Vec::new();
    for (operator, keys) in object(value, &at)? {
        let at = join(&at, operator);
        for (key, values) in object(keys, &at)? {
            let at = join(&at, key);
            let values = condition_values(values, &at)?;
            conditions.push(Condition::parse(operator, key, &values, variables, &at)?);
        }
    }
    Ok(conditions)
}

/// Condition values may be booleans and numbers too; they are compared as text.
fn condition_values(value: &Value, at: &str) -> Result<Vec<String>, MalformedPolicy> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(MalformedPolicy::new(at, "values must be strings, numbers or booleans")),
    };
    if list.is_empty() {
        return Err(MalformedPolicy::new(at, "it must not be empty"));
    }
    list.iter().map(text).collect()
}

/// The one of two members that is there, and whether it is the negated one.
fn either(
    members: &Map<String, Value>,
    plain: &str,
    negated: &str,
    at: &str,
) -> Result<(Vec<String>, bool), MalformedPolicy> {
    match (members.get(plain), members.get(negated)) {
        (Some(value), None) => Ok((strings(value, &join(at, plain))?, false)),
        (None, Some(value)) => Ok((strings(value, &join(at, negated))?, true)),
        (Some(_), Some(_)) => {
            let problem = format!("`{plain}` and `{negated}` exclude each other");
            Err(MalformedPolicy::new(at, problem))
        }
        (None, None) => Err(missing(plain, at)),
    }
}

fn strings(value: &Value, at: &str) -> Result<Vec<String>, MalformedPolicy> {
    let problem = || MalformedPolicy::new(at, "it must be a string or a list of strings");
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(list) if list.is_empty() => {
            Err(MalformedPolicy::new(at, "it must not be empty"))
        }
        Value::Array(list) => {
            list.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(problem)).collect()
        }
        _ => Err(problem()),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, MalformedPolicy> {
    value.as_object().ok_or_else(|| MalformedPolicy::new(at, "it must be a JSON object"))
}

fn member<'a>(
    members: &'a Map<String, Value>,
    name: &str,
    at: &str,
) -> Result<&'a Value, MalformedPolicy> {
    members.get(name).ok_or_else(|| missing(name, at))
}

fn missing(name: &str, at: &str) -> MalformedPolicy {
    let at = if at.is_empty() { "the top" } else { at };
    MalformedPolicy::new(at, format!("`{name}` is missing"))
}

fn optional_text(
    members: &Map<String, Value>,
    name: &str,
    at: &str,
) -> Result<(), MalformedPolicy> {
    match members.get(name) {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(MalformedPolicy::new(join(at, name), "it must be a string")),
    }
}

fn only_members(
    members: &Map<String, Value>,
    known: &[&str],
    at: &str,
) -> Result<(), MalformedPolicy> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let at = if at.is_empty() { "the top" } else { at };
            let known = known.iter().map(|name| (*name).to_owned());
            Err(MalformedPolicy::unknown("member", name, known, at))
        }
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}
