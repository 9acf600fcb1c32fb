//! Things: the registered devices.

use async_trait::async_trait;
use picket_core::{ThingName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Page, Result, Rows};

/// A registered device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Its name, which devices use as client id.
    pub name: ThingName,
    /// UUID text; another one when a thing of the same name is created again.
    pub id: String,
    /// Its type's name.
    pub type_name: Option<String>,
    /// The billing group it is in.
    pub billing_group: Option<String>,
    /// Attribute pairs in name order.
    pub attributes: Vec<(String, String)>,
    /// 1 at creation, one more with each change.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
}

impl Thing {
    /// A thing at version 1 with nothing but a name.
    pub fn new(name: ThingName, id: impl Into<String>, created: Timestamp) -> Self {
        Self {
            name,
            id: id.into(),
            type_name: None,
            billing_group: None,
            attributes: Vec::new(),
            version: 1,
            created,
        }
    }
}

/// Which things to list; every member that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingFilter {
    /// The type's name.
    pub type_name: Option<String>,
    /// The billing group's name.
    pub billing_group: Option<String>,
    /// An attribute that must be there.
    pub attribute_name: Option<String>,
    /// Its value; of any attribute when no name is given.
    pub attribute_value: Option<String>,
    /// Whether `attribute_value` is only the beginning of the value.
    pub value_is_prefix: bool,
    /// The beginning of the name.
    pub name_prefix: Option<String>,
}

/// Storage of things.
#[async_trait]
pub trait Things: Send + Sync {
    /// Adds a thing. `AlreadyExists` if the name is taken.
    async fn create_thing(&self, thing: &Thing) -> Result<()>;
    /// One thing.
    async fn thing(&self, name: &ThingName) -> Result<Thing>;
    /// Things in name order.
    async fn things(&self, filter: &ThingFilter, page: &Page) -> Result<Rows<Thing>>;
    /// How many things there are.
    async fn count_things(&self) -> Result<u64>;
    /// Replaces a thing whose stored version is one less than `thing.version`, else
    /// `VersionConflict`. `id`, `name` and `created` must be the stored ones.
    async fn replace_thing(&self, thing: &Thing) -> Result<()>;
    /// Removes a thing and its memberships. `InUse` while a certificate is attached to it;
    /// `VersionConflict` if `expected_version` is given and not the stored one.
    async fn delete_thing(&self, name: &ThingName, expected_version: Option<u64>) -> Result<()>;
}
