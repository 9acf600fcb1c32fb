//! Thing types.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::Timestamp;
use picket_ports::registry::Page;
use picket_registry::{ThingType, ThingTypeProperties};
use serde::{Deserialize, Serialize};

use super::{Body, Name};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::state::Shared;

/// They are few; a fleet of a million has dozens.
const TYPES_MAX: u32 = 10_000;

#[derive(Debug, Serialize)]
pub(crate) struct TypeView {
    name: String,
    description: Option<String>,
    searchable_attributes: Vec<String>,
    is_deprecated: bool,
    created_ms: Timestamp,
}

impl From<ThingType> for TypeView {
    fn from(kind: ThingType) -> Self {
        let ThingType { name, id: _, properties, deprecated, created } = kind;
        Self {
            name,
            description: properties.description,
            searchable_attributes: properties.searchable_attributes,
            is_deprecated: deprecated.is_some(),
            created_ms: created,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TypeList {
    types: Vec<TypeView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewType {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    searchable_attributes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deprecation {
    undo: bool,
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<TypeList>> {
    let found = state.control.list_thing_types(None, &Page::first(TYPES_MAX)).await?;
    Ok(Json(TypeList { types: found.rows.into_iter().map(TypeView::from).collect() }))
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewType>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<TypeView>)> {
    let NewType { name, description, searchable_attributes } = new;
    let properties = ThingTypeProperties {
        description,
        searchable_attributes,
        ..ThingTypeProperties::default()
    };
    let made = state.control.create_thing_type(&name, properties, &[]).await?;
    let changed = Extension(Changed(format!("thingtype/{}", made.name)));
    Ok((StatusCode::CREATED, changed, Json(made.into())))
}

pub(crate) async fn deprecate(
    State(state): State<Shared>,
    Name(name): Name,
    Body(asked): Body<Deprecation>,
) -> ApiResult<StatusCode> {
    state.control.deprecate_thing_type(&name, asked.undo).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    state.control.delete_thing_type(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
