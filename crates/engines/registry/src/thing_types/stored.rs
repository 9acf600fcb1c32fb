//! Thing types as documents.

use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ThingType, ThingTypeProperties};
use crate::typed_documents::Typed;

/// What is stored of a thing type beside its name and its times.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    id: String,
    properties: ThingTypeProperties,
    deprecated: Option<Timestamp>,
}

pub(super) fn record_of(thing_type: &ThingType) -> Record {
    let ThingType { name: _, id, properties, deprecated, created: _ } = thing_type.clone();
    Record { id, properties, deprecated }
}

pub(super) fn thing_type_of(stored: Typed<Record>) -> ThingType {
    let Typed { value: Record { id, properties, deprecated }, document } = stored;
    ThingType { name: document.name, id, properties, deprecated, created: document.created }
}
