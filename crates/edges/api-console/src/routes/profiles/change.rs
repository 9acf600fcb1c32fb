//! Making, replacing and deleting security profiles.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_registry::ProfileContent;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ProfileView, view};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::routes::{Body, Name};
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProfile {
    name: String,
    document: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replacement {
    document: Map<String, Value>,
    #[serde(default)]
    expected_version: Option<u64>,
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(NewProfile { name, document }): Body<NewProfile>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<ProfileView>)> {
    let content = ProfileContent::new(document);
    let made = state.control.create_security_profile(&name, content, &[]).await?;
    let changed = Extension(Changed(format!("securityprofile/{name}")));
    Ok((StatusCode::CREATED, changed, Json(view(&state, made).await?)))
}

/// Puts the document in the place of all the profile says.
pub(crate) async fn replace(
    State(state): State<Shared>,
    Name(name): Name,
    Body(Replacement { document, expected_version }): Body<Replacement>,
) -> ApiResult<Json<ProfileView>> {
    let content = ProfileContent::new(document);
    let changed = state.control.replace_security_profile(&name, content, expected_version).await?;
    Ok(Json(view(&state, changed).await?))
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    // AWS takes the deletion of what is not there for done; a person wants to know.
    state.control.security_profile(&name).await?;
    state.control.delete_security_profile(&name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
