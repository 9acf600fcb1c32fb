//! Operations on thing types (spec iot-core §2.2).

mod create;
mod delete;
mod properties;
mod stored;
mod update;

#[cfg(test)]
mod tests;

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::{DocumentKind, Page, Rows};

use crate::checked::ENTRY_NAME;
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

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
        match self.parts.registry.document(DocumentKind::ThingType, name).await {
            Ok(document) => stored::read(&document),
            Err(RegistryError::NotFound { .. }) => Err(ControlError::not_found("thing type", name)),
            Err(other) => Err(other.into()),
        }
    }

    /// `ListThingTypes`, in name order; with `name_prefix` only those whose names begin so.
    pub async fn list_thing_types(
        &self,
        name_prefix: Option<&str>,
        page: &Page,
    ) -> Result<Rows<ThingType>, ControlError> {
        name_prefix.iter().try_for_each(|name| ENTRY_NAME.check("thingTypeName", name))?;
        let mut documents = self.parts.registry.documents(DocumentKind::ThingType).await?;
        documents.retain(|document| name_prefix.is_none_or(|it| document.name.starts_with(it)));
        let Rows { rows, next } = page_of(documents, page, |document| &document.name);
        let rows = rows.iter().map(stored::read).collect::<Result<_, _>>()?;
        Ok(Rows { rows, next })
    }

    /// The ARN of thing type `name`.
    pub fn thing_type_arn(&self, name: &str) -> String {
        self.parts.account.iot_arn(&format!("thingtype/{name}"))
    }
}
