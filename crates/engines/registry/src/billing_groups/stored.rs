//! Billing groups as documents.

use serde::{Deserialize, Serialize};

use super::BillingGroup;
use crate::typed_documents::Typed;

/// What is stored of a billing group beside its name, its version and its times.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) description: Option<String>,
}

pub(super) fn billing_group_of(stored: Typed<Record>) -> BillingGroup {
    let Typed { value: Record { id, description }, document } = stored;
    let (name, version, created) = (document.name, document.version, document.created);
    BillingGroup { name, id, description, version, created }
}
