//! Dimensions: named sets of topic filters.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_registry::{Dimension, NewDimension};
use serde::{Deserialize, Serialize};

use super::{Body, Name};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub(crate) struct DimensionView {
    name: String,
    values: Vec<String>,
}

impl From<Dimension> for DimensionView {
    fn from(dimension: Dimension) -> Self {
        let Dimension { name, dimension_type: _, values, created: _, modified: _ } = dimension;
        Self { name, values }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct DimensionList {
    dimensions: Vec<DimensionView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDimensionBody {
    name: String,
    values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Values {
    values: Vec<String>,
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<DimensionList>> {
    let dimensions = state.control.dimensions().await?;
    Ok(Json(DimensionList { dimensions: dimensions.into_iter().map(Into::into).collect() }))
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(NewDimensionBody { name, values }): Body<NewDimensionBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<DimensionView>)> {
    let new = NewDimension::topic_filter(name, values);
    let made = state.control.create_dimension(new, &[]).await?;
    let changed = Extension(Changed(format!("dimension/{}", made.name)));
    Ok((StatusCode::CREATED, changed, Json(made.into())))
}

pub(crate) async fn replace(
    State(state): State<Shared>,
    Name(name): Name,
    Body(Values { values }): Body<Values>,
) -> ApiResult<Json<DimensionView>> {
    Ok(Json(state.control.update_dimension(&name, values).await?.into()))
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    // AWS takes the deletion of what is not there for done; a person wants to know.
    state.control.dimension(&name).await?;
    state.control.delete_dimension(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
