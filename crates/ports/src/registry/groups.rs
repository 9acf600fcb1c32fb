//! Static thing groups and who is in them.

use async_trait::async_trait;
use picket_core::{ThingName, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Page, Result, Rows};

/// A static thing group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingGroup {
    /// Its name.
    pub name: String,
    /// UUID text.
    pub id: String,
    /// The group it lies in, fixed for life.
    pub parent: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Attribute pairs in name order.
    pub attributes: Vec<(String, String)>,
    /// 1 at creation, one more with each change.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
}

impl ThingGroup {
    /// A group at version 1 with nothing but a name and a parent.
    pub fn new(
        name: impl Into<String>,
        id: impl Into<String>,
        parent: Option<String>,
        created: Timestamp,
    ) -> Self {
        Self {
            name: name.into(),
            id: id.into(),
            parent,
            description: None,
            attributes: Vec::new(),
            version: 1,
            created,
        }
    }
}

/// Which groups to list; every member that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFilter {
    /// The beginning of the name.
    pub name_prefix: Option<String>,
    /// The group they lie in directly.
    pub parent: Option<String>,
    /// With `parent`: all its descendants, not the direct children alone.
    pub is_recursive: bool,
}

/// Storage of groups and memberships.
#[async_trait]
pub trait Groups: Send + Sync {
    /// Adds a group. `AlreadyExists`; `NotFound` if the parent does not exist.
    async fn create_group(&self, group: &ThingGroup) -> Result<()>;
    /// One group.
    async fn group(&self, name: &str) -> Result<ThingGroup>;
    /// Groups in name order.
    async fn groups(&self, filter: &GroupFilter, page: &Page) -> Result<Rows<ThingGroup>>;
    /// The group and its ancestors, the group itself first, the root last.
    async fn group_line(&self, name: &str) -> Result<Vec<ThingGroup>>;
    /// Replaces a group whose stored version is one less than `group.version`, else
    /// `VersionConflict`. `id`, `name`, `parent` and `created` must be the stored ones.
    async fn replace_group(&self, group: &ThingGroup) -> Result<()>;
    /// Removes a group with its memberships and policy attachments. `InUse` while it has children;
    /// `VersionConflict` if `expected_version` is given and not the stored one.
    async fn delete_group(&self, name: &str, expected_version: Option<u64>) -> Result<()>;

    /// Puts a thing into a group; fine if it is in it already. `NotFound` for either.
    async fn add_to_group(&self, thing: &ThingName, group: &str) -> Result<()>;
    /// Takes a thing out of a group; fine if it is not in it.
    async fn remove_from_group(&self, thing: &ThingName, group: &str) -> Result<()>;
    /// Members of `group` in name order; with `is_recursive` those of its descendants too, each once.
    async fn things_in_group(
        &self,
        group: &str,
        is_recursive: bool,
        page: &Page,
    ) -> Result<Rows<ThingName>>;
    /// The groups a thing is in directly, in name order.
    async fn groups_of_thing(&self, thing: &ThingName) -> Result<Vec<String>>;
}
