//! Changing what the registry says of a thing.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use picket_registry::{AttributeChange, ThingChange, TypeChange};
use serde::{Deserialize, Deserializer};

use crate::error::ApiResult;
use crate::routes::{Body, Name};
use crate::state::Shared;

/// What is left out stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Change {
    /// `Some(None)` takes the type away.
    #[serde(deserialize_with = "present")]
    type_name: Option<Option<String>>,
    attributes: Option<BTreeMap<String, String>>,
}

/// Tells a member that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(crate) async fn change(
    State(state): State<Shared>,
    Name(name): Name,
    Body(change): Body<Change>,
) -> ApiResult<StatusCode> {
    let type_name = match change.type_name {
        None => TypeChange::Keep,
        Some(None) => TypeChange::Remove,
        Some(Some(name)) => TypeChange::Set(name),
    };
    let attributes =
        change.attributes.map(|attributes| AttributeChange { attributes, is_merge: false });
    let change = ThingChange { type_name, attributes, expected_version: None };
    state.control.update_thing(&name, &change).await?;
    Ok(StatusCode::NO_CONTENT)
}
