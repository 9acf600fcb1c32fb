//! Operations on things (spec iot-core §2.1).

mod create;
mod delete;
mod update;

#[cfg(test)]
mod tests;

use picket_core::ThingName;
use picket_ports::RegistryError;
use picket_ports::registry::{DocumentKind, Page, Rows, Thing, ThingFilter};

use crate::attributes::{Pairs, check_count};
use crate::checked::{self, ATTRIBUTE_NAME, ATTRIBUTE_VALUE, ENTRY_NAME};
use crate::{ControlError, ControlPlane};

pub use create::NewThing;
pub use update::{ThingChange, TypeChange};
pub(crate) use update::{check_version, lock_name};

impl ControlPlane {
    /// `DescribeThing`.
    pub async fn describe_thing(&self, name: &str) -> Result<Thing, ControlError> {
        self.thing(&checked::thing_name(name)?).await
    }

    /// `ListThings`. A filter by a type that does not exist finds nothing.
    pub async fn list_things(
        &self,
        filter: &ThingFilter,
        page: &Page,
    ) -> Result<Rows<Thing>, ControlError> {
        for (member, name) in
            [("thingTypeName", &filter.type_name), ("billingGroupName", &filter.billing_group)]
        {
            name.iter().try_for_each(|name| ENTRY_NAME.check(member, name))?;
        }
        filter.name_prefix.iter().try_for_each(|text| ENTRY_NAME.check("namePrefix", text))?;
        let ThingFilter { attribute_name, attribute_value, .. } = filter;
        attribute_name.iter().try_for_each(|text| ATTRIBUTE_NAME.check("attributeName", text))?;
        attribute_value
            .iter()
            .try_for_each(|text| ATTRIBUTE_VALUE.check("attributeValue", text))?;
        Ok(self.parts.registry.things(filter, page).await?)
    }

    /// The ARN of thing `name`.
    pub fn thing_arn(&self, name: &ThingName) -> String {
        self.parts.account.iot_arn(&format!("thing/{name}"))
    }

    pub(crate) async fn thing(&self, name: &ThingName) -> Result<Thing, ControlError> {
        self.parts.registry.thing(name).await.map_err(|error| match error {
            RegistryError::NotFound { .. } => ControlError::not_found("thing", name.as_str()),
            other => other.into(),
        })
    }

    fn check_attribute_count(
        &self,
        attributes: &Pairs,
        type_name: Option<&str>,
    ) -> Result<(), ControlError> {
        let limits = &self.parts.limits;
        match type_name {
            None => check_count(attributes, limits.thing_attributes_max, "a thing without a type"),
            Some(_) => {
                check_count(attributes, limits.typed_thing_attributes_max, "a thing with a type")
            }
        }
    }

    /// Refuses a type that is not there or is deprecated. Held references keep it that way.
    pub(crate) async fn check_type_takes_things(
        &self,
        type_name: &str,
    ) -> Result<(), ControlError> {
        let thing_type = self.describe_thing_type(type_name).await?;
        if thing_type.deprecated.is_some() {
            return Err(ControlError::Invalid(format!(
                "thing type {type_name} is deprecated, no more things can be associated with it"
            )));
        }
        Ok(())
    }

    /// Refuses a billing group that is not there. Held references keep it there.
    pub(crate) async fn check_billing_group(&self, name: &str) -> Result<(), ControlError> {
        ENTRY_NAME.check("billingGroupName", name)?;
        let found = self.parts.registry.document(DocumentKind::BillingGroup, name).await;
        found.map(|_| ()).map_err(|error| match error {
            RegistryError::NotFound { .. } => ControlError::not_found("billing group", name),
            other => other.into(),
        })
    }
}
