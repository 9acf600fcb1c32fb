//! `CreateThingType`.

use picket_ports::registry::DocumentKind;
use uuid::Uuid;

use super::stored::record_of;
use super::{ThingType, ThingTypeProperties};
use crate::checked::ENTRY_NAME;
use crate::registry_events::Happened;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `CreateThingType`. A type of this name with the same properties is returned as it is, with the
    /// tags it has.
    pub async fn create_thing_type(
        &self,
        name: &str,
        properties: ThingTypeProperties,
        tags: &[(String, String)],
    ) -> Result<ThingType, ControlError> {
        ENTRY_NAME.check("thingTypeName", name)?;
        properties.check(&self.parts.limits)?;
        self.check_first_tags(tags)?;
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        match self.describe_thing_type(name).await {
            Ok(existing) => return self.same_thing_type(&properties, existing),
            Err(ControlError::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
        let (id, created) = (Uuid::new_v4().to_string(), self.parts.clock.now());
        let name = name.to_owned();
        let thing_type = ThingType { name, id, properties, deprecated: None, created };
        self.set_first_tags(&self.thing_type_arn(&thing_type.name), tags).await?;
        let (kind, record) = (DocumentKind::ThingType, record_of(&thing_type));
        if !self.add_typed(kind, &thing_type.name, &record).await? {
            // Another process was faster.
            let existing = self.describe_thing_type(&thing_type.name).await?;
            return self.same_thing_type(&thing_type.properties, existing);
        }
        self.announce_thing_type(Happened::Created, &thing_type).await;
        Ok(thing_type)
    }

    fn same_thing_type(
        &self,
        wanted: &ThingTypeProperties,
        existing: ThingType,
    ) -> Result<ThingType, ControlError> {
        if existing.properties.is_same(wanted) {
            return Ok(existing);
        }
        Err(ControlError::AlreadyExists {
            kind: "thing type",
            arn: self.thing_type_arn(&existing.name),
            name: existing.name,
            id: existing.id,
        })
    }
}

pub(super) fn lock_name(name: &str) -> String {
    format!("thing-type/{name}")
}
