//! `FilterPolicy`: which messages a subscription wants (spec delivery §3.5).

mod condition;
mod parse;

use serde_json::Value;

use crate::message::Attribute;

use condition::Condition;

/// What the policy looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// The message's attributes.
    #[default]
    Attributes,
    /// The message itself, which has to be a JSON object.
    Body,
}

/// A filter policy that is in order.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPolicy {
    scope: Scope,
    node: Node,
}

/// What has to hold for an object.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Every member.
    All(Vec<(String, Node)>),
    /// At least one.
    Any(Vec<Node>),
    /// One of these, for the value.
    Leaf(Vec<Condition>),
}

impl FilterPolicy {
    /// Reads a policy. `{}` lets everything through.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, String> {
        parse::policy(text, scope).map(|node| Self { scope, node })
    }

    /// Whether it looks at the message itself.
    pub(crate) fn looks_at_body(&self) -> bool {
        self.scope == Scope::Body
    }

    /// Whether the subscription wants a message of these attributes and this body, which is absent where
    /// the message is no JSON.
    pub fn matches(&self, attributes: &[(String, Attribute)], body: Option<&Value>) -> bool {
        match self.scope {
            Scope::Attributes => {
                let members = attributes
                    .iter()
                    .filter_map(|(name, attribute)| Some((name.clone(), value_of(attribute)?)));
                self.node.holds(Some(&Value::Object(members.collect())))
            }
            Scope::Body => body.is_some_and(|body| body.is_object() && self.node.holds(Some(body))),
        }
    }
}

/// An attribute as JSON; `Binary` ones match nothing.
fn value_of(attribute: &Attribute) -> Option<Value> {
    let kind = attribute.data_type.as_str();
    if kind == "String.Array" {
        return serde_json::from_str(&attribute.value).ok().filter(Value::is_array);
    }
    match kind.split('.').next() {
        Some("String") => Some(Value::String(attribute.value.clone())),
        Some("Number") => serde_json::from_str(&attribute.value).ok().filter(Value::is_number),
        _ => None,
    }
}

impl Node {
    fn holds(&self, value: Option<&Value>) -> bool {
        match self {
            Self::All(members) => members.iter().all(|(name, node)| node.holds_in(value, name)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(value)),
            Self::Leaf(conditions) => match value {
                Some(Value::Array(items)) if !items.is_empty() => items
                    .iter()
                    .any(|item| conditions.iter().any(|condition| condition.holds(Some(item)))),
                value => conditions.iter().any(|condition| condition.holds(value)),
            },
        }
    }

    /// Whether it holds for the member `name` of `value`. A list of objects holds if one of them does.
    fn holds_in(&self, value: Option<&Value>, name: &str) -> bool {
        if name == parse::OR {
            return self.holds(value);
        }
        match value {
            Some(Value::Array(items)) => items.iter().any(|item| self.holds_in(Some(item), name)),
            value => self.holds(value.and_then(|value| value.get(name))),
        }
    }
}

#[cfg(test)]
mod tests;
