//! The sections of a template.

use crate::error::{Problems, nearest, shown};
use crate::node::Node;
use crate::parameters::Declared;
use crate::resources::{self, ResourceType};

const RESOURCES_MAX: usize = 500;
const SECTIONS: &[&str] =
    &["AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs"];
/// Sections of CloudFormation that would change what a template means.
const UNSUPPORTED_SECTIONS: &[&str] =
    &["Mappings", "Conditions", "Transform", "Globals", "Rules", "Hooks"];
const RESOURCE_MEMBERS: &[&str] = &["Type", "Properties", "DependsOn", "Metadata"];
const OUTPUT_MEMBERS: &[&str] = &["Value", "Description"];

/// A template, taken apart. Nothing is resolved yet.
#[derive(Debug, Default)]
pub(crate) struct Template {
    pub(crate) parameters: Vec<Declared>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) outputs: Vec<(String, Node)>,
}

/// A resource as it is written.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) kind: &'static dyn ResourceType,
    pub(crate) properties: Node,
    pub(crate) depends_on: Vec<String>,
}

impl Template {
    /// Takes `root` apart; what is wrong goes to `problems`.
    pub(crate) fn read(root: Node, problems: &mut Problems) -> Self {
        let mut template = Self::default();
        let Node::Map(sections) = root else {
            problems.push("the template", format!("must be an object, not {}", root.kind()));
            return template;
        };
        if !sections.iter().any(|(name, _)| name == "Resources") {
            problems.push("Resources", "is missing");
        }
        for (name, node) in sections {
            match name.as_str() {
                "AWSTemplateFormatVersion" if node.scalar() != Some("2010-09-09") => {
                    problems.push(name, "must be 2010-09-09");
                }
                "Parameters" => {
                    let declared = members(&name, node, problems).into_iter();
                    template.parameters = declared
                        .filter_map(|(id, node)| Declared::read(id, node, problems))
                        .collect();
                }
                "Resources" => template.read_resources(node, problems),
                "Outputs" => template.read_outputs(node, problems),
                other if SECTIONS.contains(&other) => {}
                other if UNSUPPORTED_SECTIONS.contains(&other) => {
                    problems.push(name, "this section is not supported yet");
                }
                other => {
                    let near = nearest(other, SECTIONS.iter().copied());
                    problems.push(shown(other), format!("is no section of a template{near}"));
                }
            }
        }
        template
    }

    fn read_resources(&mut self, node: Node, problems: &mut Problems) {
        let found = members("Resources", node, problems);
        if found.len() > RESOURCES_MAX {
            let count = found.len();
            problems.push("Resources", format!("{count} are too many; at most 500 are allowed"));
            return;
        }
        for (id, node) in found {
            self.resources.extend(Resource::read(id, node, problems));
        }
    }

    fn read_outputs(&mut self, node: Node, problems: &mut Problems) {
        for (name, node) in members("Outputs", node, problems) {
            let place = format!("Outputs.{name}");
            let mut value = None;
            for (member, node) in known_members(&place, node, OUTPUT_MEMBERS, problems) {
                if member == "Value" {
                    value = Some(node);
                }
            }
            match value {
                Some(value) => self.outputs.push((name, value)),
                None => problems.push(format!("{place}.Value"), "is missing"),
            }
        }
    }
}

impl Resource {
    fn read(id: String, node: Node, problems: &mut Problems) -> Option<Self> {
        let place = format!("Resources.{id}");
        let (mut kind, mut properties, mut depends_on) = (None, Node::Map(Vec::new()), Vec::new());
        let mut is_typed = false;
        for (member, node) in known_members(&place, node, RESOURCE_MEMBERS, problems) {
            let place = format!("{place}.{member}");
            match member.as_str() {
                "Type" => {
                    is_typed = true;
                    kind = type_of(&place, &node, problems);
                }
                "Properties" => properties = node,
                "DependsOn" => depends_on = names(&place, &node, problems),
                _ => {}
            }
        }
        if !is_typed {
            problems.push(format!("{place}.Type"), "is missing");
        }
        Some(Self { id, kind: kind?, properties, depends_on })
    }
}

fn type_of(place: &str, node: &Node, problems: &mut Problems) -> Option<&'static dyn ResourceType> {
    let name = node.scalar().unwrap_or_default();
    let found = resources::ALL.iter().copied().find(|kind| kind.name() == name);
    if found.is_none() {
        let near = nearest(name, resources::ALL.iter().map(|kind| kind.name()));
        let name = shown(name);
        problems.push(place, format!("`{name}` is not a resource type this version knows{near}"));
    }
    found
}

fn names(place: &str, node: &Node, problems: &mut Problems) -> Vec<String> {
    let items = match node {
        Node::List(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let names: Vec<String> = items.iter().filter_map(Node::scalar).map(str::to_owned).collect();
    if names.len() < items.len() {
        problems.push(place, "must be the logical id of a resource, or a list of them");
    }
    names
}

/// The members of a section or declaration, whose names are logical ids.
fn members(place: &str, node: Node, problems: &mut Problems) -> Vec<(String, Node)> {
    let Node::Map(pairs) = node else {
        problems.push(place, format!("must be an object, not {}", node.kind()));
        return Vec::new();
    };
    let is_id = |id: &str| {
        (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let (good, bad): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(id, _)| is_id(id));
    for (id, _) in bad {
        problems
            .push(format!("{place}.{}", shown(&id)), "a logical id is 1 to 255 of A-Z, a-z, 0-9");
    }
    good
}

/// The members of an object that has a fixed set of them.
pub(crate) fn known_members(
    place: &str,
    node: Node,
    known: &[&str],
    problems: &mut Problems,
) -> Vec<(String, Node)> {
    let Node::Map(pairs) = node else {
        problems.push(place, format!("must be an object, not {}", node.kind()));
        return Vec::new();
    };
    let (good, bad): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| known.contains(&name.as_str()));
    for (name, _) in bad {
        if problems.is_full() {
            break;
        }
        let near = nearest(&name, known.iter().copied());
        let problem = format!("is not supported here{near}");
        problems.push(format!("{place}.{}", shown(&name)), problem);
    }
    good
}
