//! Functions inside values: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join` and the pseudo parameters.

use std::collections::BTreeMap;

use picket_core::Account;

use crate::error::{Problems, nearest, shown};
use crate::node::Node;
use crate::resources::Planned;

const FUNCTIONS: &[&str] = &["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"];
/// What all functions of a template may yield in all, so that a small template cannot become a huge one.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// What names stand for. A resource without an entry in `planned` is one that has problems itself.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) account: &'a Account,
    pub(crate) parameters: &'a BTreeMap<String, Node>,
    /// Names of all parameters, those without a usable value too.
    pub(crate) parameter_names: Vec<&'a str>,
    pub(crate) resource_ids: Vec<&'a str>,
    pub(crate) planned: BTreeMap<String, Planned>,
    pub(crate) bytes_used: usize,
}

impl Scope<'_> {
    /// `node` with all functions replaced by what they yield. `None` if it is `AWS::NoValue`, or has
    /// problems, which are noted.
    pub(crate) fn resolve(
        &mut self,
        node: &Node,
        place: &str,
        problems: &mut Problems,
    ) -> Option<Node> {
        if problems.is_full() {
            return None;
        }
        if let Some((name, argument)) = node.single_pair() {
            match name {
                "Ref" => return self.reference(argument, place, problems),
                "Fn::GetAtt" => return self.attribute(argument, place, problems),
                "Fn::Sub" => return self.substitute(argument, place, problems),
                "Fn::Join" => return self.join(argument, place, problems),
                _ if name.starts_with("Fn::") => {
                    let near = nearest(name, FUNCTIONS.iter().copied());
                    let name = shown(name);
                    problems.push(place, format!("function `{name}` is not supported{near}"));
                    return None;
                }
                _ => {}
            }
        }
        match node {
            Node::List(items) => {
                let items = items.iter().enumerate().filter_map(|(at, item)| {
                    self.resolve(item, &format!("{place}[{at}]"), problems)
                });
                Some(Node::List(items.collect()))
            }
            Node::Map(pairs) => {
                let pairs = pairs.iter().filter_map(|(name, value)| {
                    let place = format!("{place}.{}", shown(name));
                    Some((name.clone(), self.resolve(value, &place, problems)?))
                });
                Some(Node::Map(pairs.collect()))
            }
            scalar => Some(scalar.clone()),
        }
    }

    fn reference(&mut self, argument: &Node, place: &str, problems: &mut Problems) -> Option<Node> {
        let Some(name) = argument.scalar() else {
            problems.push(place, format!("Ref takes a name, not {}", argument.kind()));
            return None;
        };
        let found = self.named(name, place, problems)?;
        self.spend(&found, place, problems).then_some(found)
    }

    /// What `Ref name` yields.
    fn named(&self, name: &str, place: &str, problems: &mut Problems) -> Option<Node> {
        if let Some(value) = self.parameters.get(name) {
            return Some(value.clone());
        }
        if let Some(resource) = self.planned.get(name) {
            return Some(Node::Text(resource.reference.clone()));
        }
        let pseudo = [
            ("AWS::AccountId", self.account.id.as_str()),
            ("AWS::Region", self.account.region.as_str()),
            ("AWS::Partition", "aws"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ];
        if let Some((_, value)) = pseudo.iter().find(|(known, _)| *known == name) {
            return Some(Node::Text((*value).to_owned()));
        }
        let known = self.parameter_names.iter().chain(&self.resource_ids).copied();
        let all = known.chain(pseudo.iter().map(|(name, _)| *name)).chain(["AWS::NoValue"]);
        // What is declared and has problems of its own was reported there.
        if !all.clone().any(|known| known == name) {
            let near = nearest(name, all);
            let name = shown(name);
            problems.push(place, format!("there is no parameter or resource `{name}`{near}"));
        }
        None
    }

    fn attribute(&mut self, argument: &Node, place: &str, problems: &mut Problems) -> Option<Node> {
        let parts = match argument {
            Node::List(parts) => match parts.as_slice() {
                [id, attribute] => id.scalar().zip(attribute.scalar()),
                _ => None,
            },
            whole => whole.scalar().and_then(|text| text.split_once('.')),
        };
        let Some((id, attribute)) = parts else {
            problems.push(place, "Fn::GetAtt takes a resource and one of its attributes");
            return None;
        };
        let found = Node::Text(self.attribute_of(id, attribute, place, problems)?);
        self.spend(&found, place, problems).then_some(found)
    }

    fn attribute_of(
        &self,
        id: &str,
        attribute: &str,
        place: &str,
        problems: &mut Problems,
    ) -> Option<String> {
        let Some(resource) = self.planned.get(id) else {
            if !self.resource_ids.contains(&id) {
                let near = nearest(id, self.resource_ids.iter().copied());
                problems.push(place, format!("there is no resource `{}`{near}", shown(id)));
            }
            return None;
        };
        let found = resource.attributes.iter().find(|(name, _)| *name == attribute);
        if found.is_none() {
            let known: Vec<&str> = resource.attributes.iter().map(|(name, _)| *name).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let attribute = shown(attribute);
            problems.push(place, format!("`{id}` has no attribute `{attribute}`; it has {known}"));
        }
        found.map(|(_, value)| value.clone())
    }

    fn substitute(
        &mut self,
        argument: &Node,
        place: &str,
        problems: &mut Problems,
    ) -> Option<Node> {
        let (text, own) = match argument {
            Node::List(parts) => match parts.as_slice() {
                [text, Node::Map(own)] => (text.scalar(), own.as_slice()),
                _ => (None, [].as_slice()),
            },
            whole => (whole.scalar(), [].as_slice()),
        };
        let Some(text) = text else {
            problems.push(place, "Fn::Sub takes a text, or a list of a text and an object");
            return None;
        };
        let mut values = BTreeMap::new();
        for (name, node) in own {
            let place = format!("{place}.{}", shown(name));
            let value = self.resolve(node, &place, problems)?;
            values.insert(name.as_str(), scalar_of(value, &place, problems)?);
        }
        let mut result = String::new();
        for piece in pieces(text) {
            let value = match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Literal(name) => format!("${{{name}}}"),
                Piece::Name(name) => match values.get(name) {
                    Some(value) => value.clone(),
                    None => self.inserted(name, place, problems)?,
                },
            };
            result.push_str(&value);
            if result.len() > BYTES_MAX {
                break;
            }
        }
        let result = Node::Text(result);
        self.spend(&result, place, problems).then_some(result)
    }

    /// What `${name}` yields.
    fn inserted(&self, name: &str, place: &str, problems: &mut Problems) -> Option<String> {
        match name.split_once('.') {
            Some((id, attribute)) => self.attribute_of(id, attribute, place, problems),
            None => scalar_of(self.named(name, place, problems)?, place, problems),
        }
    }

    fn join(&mut self, argument: &Node, place: &str, problems: &mut Problems) -> Option<Node> {
        let Node::List(parts) = argument else {
            problems.push(place, "Fn::Join takes a list of a delimiter and a list");
            return None;
        };
        let (delimiter, items) = match parts.as_slice() {
            [delimiter, items] => (delimiter.scalar(), self.resolve(items, place, problems)?),
            _ => (None, Node::Null),
        };
        let (Some(delimiter), Node::List(items)) = (delimiter, items) else {
            problems.push(place, "Fn::Join takes a list of a delimiter and a list");
            return None;
        };
        let items: Option<Vec<String>> =
            items.into_iter().map(|item| scalar_of(item, place, problems)).collect();
        let result = Node::Text(items?.join(delimiter));
        self.spend(&result, place, problems).then_some(result)
    }

    /// Counts what a function yielded; false once that is too much.
    fn spend(&mut self, node: &Node, place: &str, problems: &mut Problems) -> bool {
        let bytes = match node {
            Node::List(items) => items.iter().filter_map(Node::scalar).map(str::len).sum(),
            scalar => scalar.scalar().map_or(0, str::len),
        };
        let before = self.bytes_used;
        self.bytes_used = before.saturating_add(bytes);
        if self.bytes_used > BYTES_MAX && before <= BYTES_MAX {
            problems.push(place, format!("functions yield more than {BYTES_MAX} bytes"));
        }
        self.bytes_used <= BYTES_MAX
    }
}

fn scalar_of(node: Node, place: &str, problems: &mut Problems) -> Option<String> {
    match node {
        Node::Plain(text) | Node::Text(text) => Some(text),
        other => {
            problems.push(place, format!("needs a text here, not {}", other.kind()));
            None
        }
    }
}

/// A part of the text of `Fn::Sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// `${!Name}`, which yields `${Name}`.
    Literal(&'a str),
    Name(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inner, next)) = after.split_once('}') else { break };
        pieces.push(Piece::Text(before));
        pieces.push(match inner.strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None => Piece::Name(inner.trim()),
        });
        rest = next;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The names between `${` and `}` in the text of `Fn::Sub`.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) | Piece::Literal(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dollar_with_a_brace_begins_a_name() {
        let names = |text| placeholders(text).collect::<Vec<_>>();
        assert_eq!(names("$aws/${A}/${!iot:B}/${ C }/${D"), ["A", "C"]);
        assert_eq!(pieces("${!x}"), [Piece::Text(""), Piece::Literal("x"), Piece::Text("")]);
    }
}
