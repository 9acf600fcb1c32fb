//! Operations on static thing groups (spec iot-core §2.3). There are no dynamic groups.

mod create;
mod delete;
mod list;
mod members;
mod update;

#[cfg(test)]
mod tests;

use picket_ports::RegistryError;
use picket_ports::registry::ThingGroup;

use crate::checked::ENTRY_NAME;
use crate::{ControlError, ControlPlane};

pub use create::NewGroup;
pub use list::GroupListing;
pub use members::GroupMoves;
pub use update::GroupChange;

/// A group with its place in the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedGroup {
    /// The group.
    pub group: ThingGroup,
    /// Its parent first, the root last.
    pub ancestors: Vec<ThingGroup>,
}

impl ControlPlane {
    /// `DescribeThingGroup`.
    pub async fn describe_thing_group(&self, name: &str) -> Result<PlacedGroup, ControlError> {
        ENTRY_NAME.check("thingGroupName", name)?;
        let line = self.parts.registry.group_line(name).await;
        let mut line = line.map_err(|error| group_error(error, name))?.into_iter();
        match line.next() {
            Some(group) => Ok(PlacedGroup { group, ancestors: line.collect() }),
            None => Err(ControlError::not_found("thing group", name)),
        }
    }

    /// The ARN of thing group `name`.
    pub fn thing_group_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("thinggroup/{name}"))
    }

    pub(crate) async fn group(&self, name: &str) -> Result<ThingGroup, ControlError> {
        let found = self.parts.registry.group(name).await;
        found.map_err(|error| group_error(error, name))
    }

    /// The uppermost group of the hierarchy `name` is in.
    async fn root_of(&self, name: &str) -> Result<String, ControlError> {
        let PlacedGroup { group, mut ancestors } = self.describe_thing_group(name).await?;
        Ok(ancestors.pop().map_or(group.name, |root| root.name))
    }
}

fn group_error(error: RegistryError, name: &str) -> ControlError {
    match error {
        RegistryError::NotFound { .. } => ControlError::not_found("thing group", name),
        other => other.into(),
    }
}

/// Held while a group is made, changed or taken away.
fn lock_name(name: &str) -> String {
    format!("thing-group/{name}")
}
