//! Reading filter policies.

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::condition::{Comparison, Condition};
use super::{Node, Scope};

/// The member whose alternatives are policies.
pub(super) const OR: &str = "$or";

const KEYS_MAX: usize = 5;
const COMBINATIONS_MAX: usize = 150;
const DEPTH_MAX: usize = 8;
const BYTES_MAX: usize = 256 * 1024;

/// Counts what a policy may not have too much of.
#[derive(Debug, Default)]
struct Counts {
    keys: usize,
    combinations: usize,
}

pub(super) fn policy(text: &str, scope: Scope) -> Result<Node, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("FilterPolicy: it is larger than {BYTES_MAX} bytes"));
    }
    let policy = serde_json::from_str::<Value>(text)
        .map_err(|error| format!("FilterPolicy: failed to parse JSON: {error}"))?;
    let Value::Object(members) = policy else {
        return Err("FilterPolicy: it must be a JSON object".to_owned());
    };
    let mut counts = Counts { keys: 0, combinations: 1 };
    object(&members, scope, 0, &mut counts).map_err(|text| format!("FilterPolicy: {text}"))
}

fn object(
    members: &Map<String, Value>,
    scope: Scope,
    depth: usize,
    counts: &mut Counts,
) -> Result<Node, String> {
    if depth > DEPTH_MAX {
        return Err(format!("it is nested more than {DEPTH_MAX} levels deep"));
    }
    let mut nodes = Vec::with_capacity(members.len());
    for (name, value) in members {
        let node = match value {
            Value::Array(choices) if name == OR => alternatives(choices, scope, depth, counts)?,
            Value::Array(conditions) => leaf(name, conditions, counts)?,
            Value::Object(nested) if scope == Scope::Body => {
                object(nested, scope, depth + 1, counts)?
            }
            Value::Object(_) => {
                return Err(format!(
                    "`{name}` is nested, which only FilterPolicyScope MessageBody allows"
                ));
            }
            _ => return Err(format!("`{name}` must be an array")),
        };
        nodes.push((name.clone(), node));
    }
    Ok(Node::All(nodes))
}

fn alternatives(
    choices: &[Value],
    scope: Scope,
    depth: usize,
    counts: &mut Counts,
) -> Result<Node, String> {
    if choices.len() < 2 {
        return Err("`$or` needs two alternatives at least".to_owned());
    }
    let node = |choice: &Value, counts: &mut Counts| match choice {
        Value::Object(members) => object(members, scope, depth + 1, counts),
        _ => Err("the alternatives of `$or` must be objects".to_owned()),
    };
    choices.iter().map(|choice| node(choice, counts)).collect::<Result<_, _>>().map(Node::Any)
}

fn leaf(name: &str, conditions: &[Value], counts: &mut Counts) -> Result<Node, String> {
    counts.keys += 1;
    counts.combinations = counts.combinations.saturating_mul(conditions.len());
    if counts.keys > KEYS_MAX {
        return Err(format!("it has more than {KEYS_MAX} keys"));
    }
    if conditions.is_empty() {
        return Err(format!("the array of `{name}` is empty"));
    }
    if counts.combinations > COMBINATIONS_MAX {
        return Err(format!("it is too complex: more than {COMBINATIONS_MAX} combinations"));
    }
    conditions
        .iter()
        .map(|value| condition(value).map_err(|text| format!("`{name}`: {text}")))
        .collect::<Result<_, _>>()
        .map(Node::Leaf)
}

fn condition(value: &Value) -> Result<Condition, String> {
    let Value::Object(members) = value else {
        return match value {
            Value::Array(_) => Err("a condition must not be an array".to_owned()),
            plain => Ok(Condition::Is(plain.clone())),
        };
    };
    let mut members = members.iter();
    let (Some((kind, argument)), None) = (members.next(), members.next()) else {
        return Err("a condition has exactly one member".to_owned());
    };
    let text =
        || argument.as_str().map(str::to_owned).ok_or_else(|| format!("`{kind}` must be a text"));
    match kind.as_str() {
        "prefix" => text().map(Condition::Prefix),
        "suffix" => text().map(Condition::Suffix),
        "equals-ignore-case" => text().map(Condition::SameIgnoringCase),
        "anything-but" => anything_but(argument).map(Condition::Not),
        "numeric" => numeric(argument).map(Condition::Number),
        "exists" => argument
            .as_bool()
            .map(Condition::Exists)
            .ok_or_else(|| "`exists` must be true or false".to_owned()),
        "cidr" => text()?
            .parse::<IpNet>()
            .map(Condition::Cidr)
            .map_err(|_| "`cidr` must be a block such as 10.0.0.0/24".to_owned()),
        other => Err(unknown(other)),
    }
}

fn anything_but(argument: &Value) -> Result<Vec<Condition>, String> {
    match argument {
        Value::Array(items) if items.is_empty() => {
            Err("the array of `anything-but` is empty".to_owned())
        }
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(_) | Value::Number(_) => Ok(Condition::Is(item.clone())),
                _ => Err("`anything-but` takes texts and numbers".to_owned()),
            })
            .collect(),
        Value::Object(members) => match members.keys().next().map(String::as_str) {
            Some("prefix" | "suffix") => condition(argument).map(|one| vec![one]),
            _ => Err("`anything-but` takes `prefix` or `suffix`".to_owned()),
        },
        Value::String(_) | Value::Number(_) => Ok(vec![Condition::Is(argument.clone())]),
        _ => Err("`anything-but` takes texts and numbers".to_owned()),
    }
}

fn numeric(argument: &Value) -> Result<Vec<(Comparison, f64)>, String> {
    let problem = "`numeric` must be an array such as [\">\", 0, \"<=\", 10]";
    let items = argument.as_array().ok_or(problem)?;
    if items.is_empty() || items.len() > 4 || items.len() % 2 != 0 {
        return Err(problem.to_owned());
    }
    items
        .chunks(2)
        .map(|pair| {
            let comparison = pair.first().and_then(Value::as_str).and_then(Comparison::parse);
            let bound = pair.last().and_then(Value::as_f64);
            comparison.zip(bound).ok_or_else(|| problem.to_owned())
        })
        .collect()
}

const KINDS: &[&str] =
    &["prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists", "cidr"];

fn unknown(kind: &str) -> String {
    let shown: String = kind.chars().take(64).collect();
    let near = KINDS
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(&shown, a).total_cmp(&strsim::jaro_winkler(&shown, b)));
    format!("unrecognized match type `{shown}`; did you mean {}?", near.unwrap_or(&"exists"))
}
