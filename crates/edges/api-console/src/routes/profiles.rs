//! Security profiles.

use axum::Json;
use axum::extract::State;
use picket_core::{ErrorCode, Timestamp};
use picket_ports::registry::{Document, DocumentKind};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Name;
use crate::error::{ApiError, ApiResult};
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub(crate) struct ProfileView {
    name: String,
    version: u64,
    created_ms: Timestamp,
    modified_ms: Timestamp,
    /// The profile in AWS's shape.
    document: Box<RawValue>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProfileList {
    profiles: Vec<ProfileView>,
}

fn view(document: Document) -> ApiResult<ProfileView> {
    let Document { name, body, version, created, modified, kind: _ } = document;
    let body = RawValue::from_string(body).map_err(|error| {
        tracing::error!(profile = name, %error, "a stored security profile is not JSON");
        ApiError::new(ErrorCode::Internal, "a stored security profile cannot be read")
    })?;
    Ok(ProfileView { name, version, created_ms: created, modified_ms: modified, document: body })
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<ProfileList>> {
    let documents = state.registry.documents(DocumentKind::SecurityProfile).await?;
    let profiles = documents.into_iter().map(view).collect::<ApiResult<_>>()?;
    Ok(Json(ProfileList { profiles }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<Json<ProfileView>> {
    let document = state.registry.document(DocumentKind::SecurityProfile, &name).await?;
    Ok(Json(view(document)?))
}
