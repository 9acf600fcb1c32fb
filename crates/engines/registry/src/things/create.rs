//! `CreateThing`.

use std::collections::BTreeMap;

use picket_ports::RegistryError;
use picket_ports::registry::Thing;
use uuid::Uuid;

use crate::attributes::first_pairs;
use crate::checked::{self, ENTRY_NAME};
use crate::registry_events::Happened;
use crate::{ATTEMPTS_MAX, ControlError, ControlPlane};

/// A thing to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewThing {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_name: Option<String>,
    /// The billing group it is to be in.
    pub billing_group: Option<String>,
    /// Its attributes; those with an empty value are left out.
    pub attributes: BTreeMap<String, String>,
}

impl ControlPlane {
    /// `CreateThing`. A thing of this name that is configured the same is returned as it is; of many
    /// callers at once who ask for the same, one creates it and all get it.
    pub async fn create_thing(&self, new: NewThing) -> Result<Thing, ControlError> {
        let thing = self.checked_thing(new)?;
        let kept = match (&thing.type_name, &thing.billing_group) {
            (None, None) => None,
            _ => Some(self.references.share().await),
        };
        if let Some(type_name) = &thing.type_name {
            self.check_type_takes_things(type_name).await?;
        }
        if let Some(billing_group) = &thing.billing_group {
            self.check_billing_group(billing_group).await?;
        }
        let (thing, is_new) = self.stored_or_same(thing).await?;
        drop(kept);
        if is_new {
            self.in_force().await;
            self.announce_thing(Happened::Created, &thing).await;
            self.announce_types(&thing, None).await;
        }
        Ok(thing)
    }

    /// The thing as it would be stored, if its texts and the number of its attributes are in order.
    pub(crate) fn checked_thing(&self, new: NewThing) -> Result<Thing, ControlError> {
        let NewThing { name, type_name, billing_group, attributes } = new;
        let name = checked::thing_name(&name)?;
        type_name.iter().try_for_each(|name| ENTRY_NAME.check("thingTypeName", name))?;
        billing_group.iter().try_for_each(|name| ENTRY_NAME.check("billingGroupName", name))?;
        let attributes = first_pairs(&attributes)?;
        self.check_attribute_count(&attributes, type_name.as_deref())?;
        let id = Uuid::new_v4().to_string();
        let now = self.parts.clock.now();
        Ok(Thing { type_name, billing_group, attributes, ..Thing::new(name, id, now) })
    }

    /// Stores `thing`, or finds the one of its name that is the same. Says whether it was stored.
    async fn stored_or_same(&self, thing: Thing) -> Result<(Thing, bool), ControlError> {
        for _ in 0..ATTEMPTS_MAX {
            match self.parts.registry.create_thing(&thing).await {
                Ok(()) => return Ok((thing, true)),
                Err(RegistryError::AlreadyExists { .. }) => {}
                Err(other) => return Err(other.into()),
            }
            match self.thing(&thing.name).await {
                Ok(existing) => return Ok((self.same_thing(&thing, existing)?, false)),
                // It went away between the two steps, so the name is free again.
                Err(ControlError::NotFound { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Err(ControlError::Unavailable(format!("thing {} comes and goes", thing.name)))
    }

    fn same_thing(&self, wanted: &Thing, existing: Thing) -> Result<Thing, ControlError> {
        let is_same = existing.type_name == wanted.type_name
            && existing.billing_group == wanted.billing_group
            && existing.attributes == wanted.attributes;
        if is_same {
            return Ok(existing);
        }
        Err(ControlError::AlreadyExists {
            kind: "thing",
            arn: self.thing_arn(&existing.name),
            name: existing.name.to_string(),
            id: existing.id,
        })
    }
}
