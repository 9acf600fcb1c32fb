//! The resource types. Each is one file here and one line in [`ALL`].

mod custom_metric;
mod delivery_stream;
mod dimension;
mod hec_token;
mod mitigation_action;
mod policy;
mod security_profile;
mod siem_index;
mod sns_topic;
mod thing_group;
mod topic_rule;

use picket_core::{Account, PolicyName};
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use crate::error::Problems;
use crate::node::Node;
pub use crate::shape::{Property, Shape};

/// Every resource type a template may use.
pub const ALL: &[&dyn ResourceType] = &[
    &custom_metric::CustomMetric,
    &delivery_stream::DeliveryStream,
    &dimension::Dimension,
    &hec_token::HecToken,
    &mitigation_action::MitigationAction,
    &policy::Policy,
    &security_profile::SecurityProfile,
    &siem_index::SiemIndex,
    &sns_topic::SnsTopic,
    &thing_group::ThingGroup,
    &topic_rule::TopicRule,
];

/// A type of resource: its properties, and what they make in the registry. Pure; the provisioner does
/// the writing.
pub trait ResourceType: std::fmt::Debug + Send + Sync {
    /// The name in templates, for example `AWS::IoT::Policy`.
    fn name(&self) -> &'static str;

    /// What it is, in a sentence.
    fn doc(&self) -> &'static str;

    /// Its properties.
    fn properties(&self) -> &'static [Property];

    /// The property that names it.
    fn name_property(&self) -> &'static str;

    /// Why `name` is not a name for it.
    fn name_problem(&self, name: &str) -> Option<String>;

    /// What `Ref` yields: its name, but for those types that AWS refers to by ARN.
    fn reference(&self, name: &str, account: &Account) -> String {
        let _ = account;
        name.to_owned()
    }

    /// What its ARN calls it before the slash, for those whose tags are kept by ARN and not in the
    /// document.
    fn tagged_as(&self) -> Option<&'static str> {
        None
    }

    /// What `Fn::GetAtt` yields.
    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)>;

    /// What it makes. `members` are its properties in the shape of the API, without the name.
    ///
    /// # Errors
    /// A property and what is wrong with it.
    fn item(&self, name: &str, members: Map<String, Value>)
    -> Result<Item, (&'static str, String)>;
}

/// Something the registry holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A thing group.
    Group {
        /// Its name.
        name: String,
        /// The group it lies in.
        parent: Option<String>,
    },
    /// An IoT policy.
    Policy {
        /// Its name.
        name: PolicyName,
        /// The JSON document.
        document: Value,
    },
    /// A named document.
    Document {
        /// Its kind.
        kind: DocumentKind,
        /// Its name.
        name: String,
        /// The JSON document.
        body: Value,
    },
}

/// A resource that is ready to be created.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub(crate) name: String,
    /// What `Ref` yields.
    pub(crate) reference: String,
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) item: Item,
    /// The tags it gets when it is created.
    pub(crate) tags: Option<Tags>,
}

/// Tags that are kept by ARN.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tags {
    pub(crate) arn: String,
    pub(crate) pairs: Vec<(String, String)>,
}

impl Planned {
    /// Reads the resolved `properties` of a resource at `place`.
    pub(crate) fn read(
        kind: &dyn ResourceType,
        properties: &Node,
        place: &str,
        account: &Account,
        problems: &mut Problems,
    ) -> Option<Self> {
        let place = format!("{place}.Properties");
        let Node::Map(pairs) = properties else {
            problems.push(place, format!("must be an object, not {}", properties.kind()));
            return None;
        };
        let mut members = crate::shape::object(pairs, kind.properties(), &place, problems);
        let naming = kind.name_property();
        let api = kind.properties().iter().find(|it| it.name == naming).map(|it| it.api);
        let name = api.and_then(|api| members.shift_remove(api));
        let name = name.as_ref().and_then(Value::as_str)?;
        if let Some(problem) = kind.name_problem(name) {
            problems.push(format!("{place}.{naming}"), problem);
            return None;
        }
        let tags = kind.tagged_as().and_then(|part| {
            let pairs = pairs_of(members.shift_remove("tags")?);
            Some(Tags { arn: account.iot_arn(&format!("{part}/{name}")), pairs })
        });
        match kind.item(name, members) {
            Ok(item) => Some(Self {
                tags,
                name: name.to_owned(),
                reference: kind.reference(name, account),
                attributes: kind.attributes(name, account),
                item,
            }),
            Err((property, problem)) => {
                problems.push(format!("{place}.{property}"), problem);
                None
            }
        }
    }
}

/// A tag in the shape of the API.
const TAG: &[Property] = &[
    Property::required("Key", "Key", Shape::Text),
    Property::required("Value", "Value", Shape::Text),
];

fn pairs_of(tags: Value) -> Vec<(String, String)> {
    let Value::Array(tags) = tags else { return Vec::new() };
    let text = |tag: &Value, member: &str| tag.get(member)?.as_str().map(str::to_owned);
    tags.iter().filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect()
}

/// Checks that a name is 1 to `length_max` letters, digits and `extra` characters.
fn check_name(name: &str, length_max: usize, extra: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
    let good = (1..=length_max).contains(&name.len()) && name.chars().all(allowed);
    (!good).then(|| format!("must be 1 to {length_max} of a-z, A-Z, 0-9{}", and(extra)))
}

fn and(extra: &str) -> String {
    extra.chars().map(|c| format!(", `{c}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_listed_once_by_name_and_names_itself_by_a_required_property() {
        let names: Vec<&str> = ALL.iter().map(|kind| kind.name()).collect();
        for kind in ALL {
            assert_eq!(names.iter().filter(|name| **name == kind.name()).count(), 1);
            assert!(kind.doc().ends_with('.'), "{}", kind.name());
            let naming = kind.properties().iter().find(|it| it.name == kind.name_property());
            assert!(naming.is_some_and(|it| it.required), "{}", kind.name());
            assert!(kind.name_problem("a").is_none() && kind.name_problem("a/b").is_some());
            assert!(kind.name_problem("").is_some());
        }
    }
}
