//! Things in billing groups.

use picket_core::ThingName;
use picket_ports::registry::{Page, Rows, ThingFilter};

use crate::references::NameOrArn;
use crate::registry_events::Happened;
use crate::things::lock_name;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `AddThingToBillingGroup`. A thing that is in another billing group moves.
    pub async fn add_thing_to_billing_group(
        &self,
        thing: NameOrArn<'_>,
        billing_group: NameOrArn<'_>,
    ) -> Result<(), ControlError> {
        let thing = thing.thing(&self.parts.account)?;
        let billing_group = billing_group.billing_group(&self.parts.account)?;
        let held = self.locks.hold(&[&lock_name(&thing)]).await;
        let kept = self.references.share().await;
        self.check_billing_group(billing_group).await?;
        if self.thing(&thing).await?.billing_group.as_deref() == Some(billing_group) {
            return Ok(());
        }
        let wanted = Some(billing_group.to_owned());
        let (_, after) = self
            .replace_thing(&thing, None, |thing| {
                thing.billing_group.clone_from(&wanted);
                Ok(())
            })
            .await?;
        drop((kept, held));
        self.in_force().await;
        self.announce_thing(Happened::Updated, &after).await;
        Ok(())
    }

    /// `RemoveThingFromBillingGroup`; fine if the thing is not in it.
    pub async fn remove_thing_from_billing_group(
        &self,
        thing: NameOrArn<'_>,
        billing_group: NameOrArn<'_>,
    ) -> Result<(), ControlError> {
        let thing = thing.thing(&self.parts.account)?;
        let billing_group = billing_group.billing_group(&self.parts.account)?;
        self.check_billing_group(billing_group).await?;
        let _held = self.locks.hold(&[&lock_name(&thing)]).await;
        self.release(&thing, billing_group).await
    }

    /// `ListThingsInBillingGroup`, in name order.
    pub async fn list_things_in_billing_group(
        &self,
        billing_group: &str,
        page: &Page,
    ) -> Result<Rows<ThingName>, ControlError> {
        self.check_billing_group(billing_group).await?;
        let Rows { rows, next } = self.parts.registry.things(&members(billing_group), page).await?;
        Ok(Rows { rows: rows.into_iter().map(|thing| thing.name).collect(), next })
    }

    /// Takes `thing` out of `billing_group` if it is in it. Takes no lock, since its caller may hold one.
    pub(super) async fn release(
        &self,
        thing: &ThingName,
        billing_group: &str,
    ) -> Result<(), ControlError> {
        if self.thing(thing).await?.billing_group.as_deref() != Some(billing_group) {
            return Ok(());
        }
        let (_, after) = self
            .replace_thing(thing, None, |thing| {
                // It may have moved in between.
                thing.billing_group.take_if(|group| group == billing_group);
                Ok(())
            })
            .await?;
        self.in_force().await;
        self.announce_thing(Happened::Updated, &after).await;
        Ok(())
    }
}

/// All things in a billing group.
pub(super) fn members(billing_group: &str) -> ThingFilter {
    ThingFilter { billing_group: Some(billing_group.to_owned()), ..ThingFilter::default() }
}
