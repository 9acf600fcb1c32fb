//! `DeleteThing`.

use picket_ports::RegistryError;
use picket_ports::registry::Thing;

use crate::checked;
use crate::registry_events::{EventKind, Happened, Tied};
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteThing`. A thing that is not there counts as deleted; one with a certificate attached is
    /// refused.
    pub async fn delete_thing(
        &self,
        name: &str,
        expected_version: Option<u64>,
    ) -> Result<(), ControlError> {
        let name = checked::thing_name(name)?;
        let registry = &self.parts.registry;
        let last_seen = self.thing_to_announce(&name).await;
        let groups = match &last_seen {
            Some(_) => self.groups_to_announce(&name).await,
            None => Vec::new(),
        };
        match registry.delete_thing(&name, expected_version).await {
            Ok(()) => {}
            Err(RegistryError::NotFound { .. }) => return Ok(()),
            Err(RegistryError::InUse { .. }) => {
                return Err(ControlError::Invalid(format!(
                    "Cannot delete. Thing {name} is still attached to one or more principals"
                )));
            }
            Err(other) => return Err(other.into()),
        }
        self.in_force().await;
        if let Some(mut thing) = last_seen {
            for group in &groups {
                self.announce_membership(Tied::Removed, &thing, group).await;
            }
            self.announce_thing(Happened::Deleted, &thing).await;
            let type_name = thing.type_name.take();
            self.announce_types(&thing, type_name.as_deref()).await;
        }
        Ok(())
    }

    /// The thing as it is now, if any event of its end would be published.
    async fn thing_to_announce(&self, name: &picket_core::ThingName) -> Option<Thing> {
        let kinds =
            [EventKind::Thing, EventKind::ThingTypeAssociation, EventKind::ThingGroupMembership];
        for kind in kinds {
            if self.announces(kind).await {
                return self.parts.registry.thing(name).await.ok();
            }
        }
        None
    }
}
