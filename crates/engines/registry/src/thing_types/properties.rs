//! What a thing type says about its things.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ControlError;
use crate::checked::{ATTRIBUTE_NAME, DESCRIPTION, TextRule, shown};
use crate::limits::RegistryLimits;

/// `thingTypeProperties`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThingTypeProperties {
    /// What the type is for.
    pub description: Option<String>,
    /// Names of attributes that things of this type are searched by.
    pub searchable_attributes: Vec<String>,
    /// What goes into the MQTT 5 user properties of a device's messages. Kept and shown; messages
    /// are not enriched with it.
    pub propagating_attributes: Vec<PropagatingAttribute>,
}

/// A user property and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropagatingAttribute {
    /// The name of the user property.
    pub user_property: String,
    /// Where its value comes from.
    pub from: PropagatedFrom,
}

/// Where the value of a user property comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropagatedFrom {
    /// An attribute of the thing.
    ThingAttribute(String),
    /// Something known of the connection: one of [`CONNECTION_ATTRIBUTES`].
    Connection(String),
}

/// A change of properties; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingTypeChange {
    /// What the type is for.
    pub description: Option<String>,
    /// As in [`ThingTypeProperties`].
    pub searchable_attributes: Option<Vec<String>>,
    /// As in [`ThingTypeProperties`].
    pub propagating_attributes: Option<Vec<PropagatingAttribute>>,
}

/// What of a connection a user property can show.
pub(crate) const CONNECTION_ATTRIBUTES: [&str; 2] = ["iot:ClientId", "iot:Thing.ThingName"];

const USER_PROPERTY: TextRule = TextRule {
    chars_min: 1,
    chars_max: 128,
    pattern: "[a-zA-Z0-9:$.]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || ":$.".contains(c),
};

impl ThingTypeProperties {
    /// Makes `change` on these.
    pub(crate) fn apply(&mut self, change: ThingTypeChange) {
        let ThingTypeChange { description, searchable_attributes, propagating_attributes } = change;
        if let Some(description) = description {
            self.description = Some(description).filter(|text| !text.is_empty());
        }
        if let Some(searchable_attributes) = searchable_attributes {
            self.searchable_attributes = searchable_attributes;
        }
        if let Some(propagating_attributes) = propagating_attributes {
            self.propagating_attributes = propagating_attributes;
        }
    }

    /// Whether both say the same; the order of lists does not matter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        fn set<T: Ord>(items: &[T]) -> BTreeSet<&T> {
            items.iter().collect()
        }
        self.description == other.description
            && set(&self.searchable_attributes) == set(&other.searchable_attributes)
            && set(&self.propagating_attributes) == set(&other.propagating_attributes)
    }

    pub(crate) fn check(&self, limits: &RegistryLimits) -> Result<(), ControlError> {
        if let Some(description) = &self.description {
            DESCRIPTION.check("thingTypeDescription", description)?;
        }
        let counts = [
            (
                "searchableAttributes",
                self.searchable_attributes.len(),
                limits.searchable_attributes_max,
            ),
            (
                "propagatingAttributes",
                self.propagating_attributes.len(),
                limits.propagating_attributes_max,
            ),
        ];
        for (member, count, count_max) in counts {
            if count > count_max {
                return Err(ControlError::Invalid(format!(
                    "`{member}` has {count} members; at most {count_max} are allowed"
                )));
            }
        }
        for name in &self.searchable_attributes {
            ATTRIBUTE_NAME.check("searchableAttributes", name)?;
        }
        self.propagating_attributes.iter().try_for_each(PropagatingAttribute::check)
    }
}

impl PropagatingAttribute {
    fn check(&self) -> Result<(), ControlError> {
        USER_PROPERTY.check("userPropertyKey", &self.user_property)?;
        match &self.from {
            PropagatedFrom::ThingAttribute(name) => ATTRIBUTE_NAME.check("thingAttribute", name),
            PropagatedFrom::Connection(name) => {
                if CONNECTION_ATTRIBUTES.contains(&name.as_str()) {
                    return Ok(());
                }
                let [first, second] = CONNECTION_ATTRIBUTES;
                Err(ControlError::Invalid(format!(
                    "`connectionAttribute` is `{}`, but must be `{first}` or `{second}`",
                    shown(name)
                )))
            }
        }
    }
}
