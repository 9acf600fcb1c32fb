//! People who may log in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::{Role, Secret, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Body, Name};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::state::Shared;
use crate::users::{self, KnownUser, UserChange};

#[derive(Debug, Serialize)]
pub(crate) struct UserView {
    name: String,
    role: Role,
    created_ms: Timestamp,
    modified_ms: Timestamp,
}

impl From<KnownUser> for UserView {
    fn from(user: KnownUser) -> Self {
        let KnownUser { name, role, created, modified } = user;
        Self { name, role, created_ms: created, modified_ms: modified }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct UserList {
    users: Vec<UserView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    name: String,
    password: Secret,
    role: Role,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    password: Option<Secret>,
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<UserList>> {
    let users = users::list(&*state.registry).await?;
    Ok(Json(UserList { users: users.into_iter().map(UserView::from).collect() }))
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewUser>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<UserView>)> {
    let NewUser { name, password, role } = new;
    let made = users::create(&*state.registry, &*state.clock, &name, (&password, role)).await?;
    let changed = Extension(Changed(format!("user/{}", made.name)));
    Ok((StatusCode::CREATED, changed, Json(made.into())))
}

pub(crate) async fn change(
    State(state): State<Shared>,
    Name(name): Name,
    Body(changes): Body<Changes>,
) -> ApiResult<Json<UserView>> {
    let change = UserChange { role: changes.role, password: changes.password };
    let changed = users::change(&*state.registry, &*state.clock, &name, change).await?;
    Ok(Json(changed.into()))
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    users::delete(&*state.registry, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
