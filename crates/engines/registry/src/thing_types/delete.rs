//! `DeleteThingType`.

use std::time::Duration;

use picket_ports::registry::{DocumentKind, Page, ThingFilter};

use super::ThingType;
use super::create::lock_name;
use crate::registry_events::Happened;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DeleteThingType`. The type must have been deprecated for a while, and no thing may be of it.
    pub async fn delete_thing_type(&self, name: &str) -> Result<(), ControlError> {
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        let alone = self.references.alone().await;
        let thing_type = self.describe_thing_type(name).await?;
        self.check_deprecated_long_enough(&thing_type)?;
        let registry = &self.parts.registry;
        let of_type = ThingFilter { type_name: Some(name.to_owned()), ..ThingFilter::default() };
        if !registry.things(&of_type, &Page::first(1)).await?.rows.is_empty() {
            return Err(ControlError::Invalid(format!(
                "Cannot delete thing type {name}: there are still things associated with it"
            )));
        }
        self.remove_document(DocumentKind::ThingType, name).await?;
        drop(alone);
        registry.untag_all(&self.thing_type_arn(name)).await?;
        self.announce_thing_type(Happened::Deleted, &thing_type).await;
        Ok(())
    }

    fn check_deprecated_long_enough(&self, thing_type: &ThingType) -> Result<(), ControlError> {
        let name = &thing_type.name;
        let minutes = self.parts.limits.thing_type_deletion_minutes;
        let Some(deprecated) = thing_type.deprecated else {
            return Err(ControlError::Invalid(format!(
                "Cannot delete thing type {name}: it must be deprecated for {minutes} minutes first"
            )));
        };
        let passed = self.parts.clock.now().since(deprecated);
        if passed >= Duration::from_secs(minutes.saturating_mul(60)) {
            return Ok(());
        }
        Err(ControlError::Invalid(format!(
            "Cannot delete thing type {name}: it was deprecated {} s ago, and must have been for {minutes} minutes",
            passed.as_secs()
        )))
    }
}
