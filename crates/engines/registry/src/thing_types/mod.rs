//! Operations on thing types (spec iot-core §2.2).

mod create;
mod delete;
mod properties;
mod stored;
mod update;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::registry::{DocumentKind, Page, Rows};

use crate::checked::ENTRY_NAME;
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

use stored::thing_type_of;

pub use properties::{PropagatedFrom, PropagatingAttribute, ThingTypeChange, ThingTypeProperties};

/// A thing type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingType {
    /// Its name.
    pub name: String,
    /// UUID text.
    pub id: String,
    /// What it says about its things.
    pub properties: ThingTypeProperties,
    /// When it was deprecated, if it is.
    pub deprecated: Option<Timestamp>,
    /// When it was created.
    pub created: Timestamp,
}

impl ControlPlane {
    /// `DescribeThingType`.
    pub async fn describe_thing_type(&self, name: &str) -> Result<ThingType, ControlError> {
        ENTRY_NAME.check("thingTypeName", name)?;
        let found = self.typed(DocumentKind::ThingType, name).await?;
        found.map(thing_type_of).ok_or_else(|| ControlError::not_found("thing type", name))
    }

    /// `ListThingTypes`, in name order; with `name_prefix` only those whose names begin so.
    pub async fn list_thing_types(
        &self,
        name_prefix: Option<&str>,
        page: &Page,
    ) -> Result<Rows<ThingType>, ControlError> {
        name_prefix.iter().try_for_each(|name| ENTRY_NAME.check("thingTypeName", name))?;
        let all = self.all_typed(DocumentKind::ThingType).await?;
        let mut types: Vec<ThingType> = all.into_iter().map(thing_type_of).collect();
        types.retain(|thing_type| name_prefix.is_none_or(|it| thing_type.name.starts_with(it)));
        Ok(page_of(types, page, |thing_type| &thing_type.name))
    }

    /// The ARN of thing type `name`.
    pub fn thing_type_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("thingtype/{name}"))
    }
}
