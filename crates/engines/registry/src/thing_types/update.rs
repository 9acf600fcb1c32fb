//! `UpdateThingType` and `DeprecateThingType`.

use picket_ports::registry::DocumentKind;

use super::create::lock_name;
use super::stored::{record_of, thing_type_of};
use super::{ThingType, ThingTypeChange};
use crate::checked::ENTRY_NAME;
use crate::registry_events::Happened;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `UpdateThingType`.
    pub async fn update_thing_type(
        &self,
        name: &str,
        change: ThingTypeChange,
    ) -> Result<ThingType, ControlError> {
        let limits = &self.parts.limits;
        self.change_thing_type(name, |thing_type| {
            thing_type.properties.apply(change);
            thing_type.properties.check(limits)
        })
        .await
    }

    /// `DeprecateThingType`; with `is_undone` the type can be used again. What is so already stays as
    /// it is, with the time at which it became so.
    pub async fn deprecate_thing_type(
        &self,
        name: &str,
        is_undone: bool,
    ) -> Result<ThingType, ControlError> {
        let now = self.parts.clock.now();
        self.change_thing_type(name, |thing_type| {
            thing_type.deprecated =
                if is_undone { None } else { thing_type.deprecated.or(Some(now)) };
            Ok(())
        })
        .await
    }

    async fn change_thing_type(
        &self,
        name: &str,
        change: impl FnOnce(&mut ThingType) -> Result<(), ControlError>,
    ) -> Result<ThingType, ControlError> {
        ENTRY_NAME.check("thingTypeName", name)?;
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        let stored = self.typed(DocumentKind::ThingType, name).await?;
        let stored = stored.ok_or_else(|| ControlError::not_found("thing type", name))?;
        let document = stored.document.clone();
        let before = thing_type_of(stored);
        let mut after = before.clone();
        change(&mut after)?;
        if after == before {
            return Ok(after);
        }
        self.replace_typed(&document, &record_of(&after)).await?;
        self.announce_thing_type(Happened::Updated, &after).await;
        Ok(after)
    }
}
