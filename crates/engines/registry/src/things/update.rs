//! `UpdateThing`.

use picket_core::ThingName;
use picket_ports::RegistryError;
use picket_ports::registry::Thing;

use crate::attributes::{AttributeChange, changed_pairs};
use crate::checked::{self, ENTRY_NAME};
use crate::registry_events::Happened;
use crate::{ATTEMPTS_MAX, ControlError, ControlPlane};

/// What is to become of a thing's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TypeChange {
    /// It stays.
    #[default]
    Keep,
    /// The thing gets this type.
    Set(String),
    /// The thing loses its type.
    Remove,
}

/// What is to become of a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingChange {
    /// Its type.
    pub type_name: TypeChange,
    /// Its attributes; `None` leaves them alone.
    pub attributes: Option<AttributeChange>,
    /// Do it only if the thing is at this version.
    pub expected_version: Option<u64>,
}

impl ControlPlane {
    /// `UpdateThing`. Without an expected version the change is made on whatever is there, together
    /// with what others change at the same time.
    pub async fn update_thing(
        &self,
        name: &str,
        change: &ThingChange,
    ) -> Result<Thing, ControlError> {
        let name = checked::thing_name(name)?;
        let held = self.locks.hold(&[&lock_name(&name)]).await;
        let kept = match &change.type_name {
            TypeChange::Set(type_name) => {
                ENTRY_NAME.check("thingTypeName", type_name)?;
                let kept = self.references.share().await;
                self.check_type_for(&name, type_name).await?;
                Some(kept)
            }
            TypeChange::Keep | TypeChange::Remove => None,
        };
        let (before, after) = self
            .replace_thing(&name, change.expected_version, |thing| self.make_change(thing, change))
            .await?;
        drop((kept, held));
        self.in_force().await;
        self.announce_thing(Happened::Updated, &after).await;
        self.announce_types(&after, before.type_name.as_deref()).await;
        Ok(after)
    }

    /// Changes a thing by compare-and-swap, again where somebody else was faster. Returns it as it was
    /// and as it is.
    pub(crate) async fn replace_thing(
        &self,
        name: &ThingName,
        expected_version: Option<u64>,
        change: impl Fn(&mut Thing) -> Result<(), ControlError>,
    ) -> Result<(Thing, Thing), ControlError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.thing(name).await?;
            check_version("thing", name.as_str(), expected_version, before.version)?;
            let mut after = before.clone();
            change(&mut after)?;
            after.version = before.version + 1;
            match self.parts.registry.replace_thing(&after).await {
                Ok(()) => return Ok((before, after)),
                Err(RegistryError::VersionConflict { .. }) => {}
                Err(RegistryError::NotFound { .. }) => {
                    return Err(ControlError::not_found("thing", name.as_str()));
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(ControlError::changed_too_often("thing", name.as_str()))
    }

    /// Refuses a type the thing cannot get. It may keep one that has been deprecated since.
    async fn check_type_for(&self, name: &ThingName, wanted: &str) -> Result<(), ControlError> {
        if self.thing(name).await?.type_name.as_deref() == Some(wanted) {
            return Ok(());
        }
        self.check_type_takes_things(wanted).await
    }

    fn make_change(&self, thing: &mut Thing, change: &ThingChange) -> Result<(), ControlError> {
        match &change.type_name {
            TypeChange::Keep => {}
            TypeChange::Remove => thing.type_name = None,
            TypeChange::Set(wanted) => thing.type_name = Some(wanted.clone()),
        }
        if let Some(attributes) = &change.attributes {
            thing.attributes = changed_pairs(&thing.attributes, attributes)?;
        }
        self.check_attribute_count(&thing.attributes, thing.type_name.as_deref())
    }
}

/// Held while a thing is changed, so that callers wait for each other and do not try until they give up.
pub(crate) fn lock_name(name: &ThingName) -> String {
    format!("thing/{name}")
}

/// Refuses another version than the expected one.
pub(crate) fn check_version(
    kind: &'static str,
    name: &str,
    expected: Option<u64>,
    actual: u64,
) -> Result<(), ControlError> {
    match expected {
        Some(expected) if expected != actual => {
            Err(ControlError::VersionConflict { kind, name: name.to_owned(), expected, actual })
        }
        _ => Ok(()),
    }
}
