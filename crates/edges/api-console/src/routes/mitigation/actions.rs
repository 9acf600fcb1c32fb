//! What can be done: mitigation actions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::Timestamp;
use picket_mitigate::{ActionChange, ActionParams, MitigationAction, NewAction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::Changed;
use crate::error::ApiResult;
use crate::routes::{Body, Name};
use crate::state::Shared;

/// The role of an action where none is named; Picket needs none, AWS's clients show it.
const ROLE: &str = "picket-mitigation";

#[derive(Debug, Serialize)]
pub(crate) struct ActionView {
    name: String,
    r#type: &'static str,
    /// AWS's `actionParams`.
    params: Value,
    role_arn: String,
    created_ms: Timestamp,
}

impl From<MitigationAction> for ActionView {
    fn from(action: MitigationAction) -> Self {
        let MitigationAction { name, role_arn, params, created, .. } = action;
        let (r#type, params) = (params.action_type(), params.to_json());
        Self { name, r#type, params, role_arn, created_ms: created }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ActionList {
    actions: Vec<ActionView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewActionBody {
    name: String,
    #[serde(default)]
    role_arn: Option<String>,
    params: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionChangeBody {
    #[serde(default)]
    role_arn: Option<String>,
    #[serde(default)]
    params: Option<Value>,
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<ActionList>> {
    let actions = state.mitigation.actions().await?;
    Ok(Json(ActionList { actions: actions.into_iter().map(ActionView::from).collect() }))
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewActionBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<ActionView>)> {
    let NewActionBody { name, role_arn, params } = new;
    let params = ActionParams::read(&params)?;
    let role_arn = role_arn.unwrap_or_else(|| state.control.role_arn("/", ROLE));
    let new = NewAction { name, role_arn, params, tags: Vec::new() };
    let made = state.mitigation.create_action(new).await?;
    let changed = Extension(Changed(format!("mitigationaction/{}", made.name)));
    Ok((StatusCode::CREATED, changed, Json(made.into())))
}

pub(crate) async fn change(
    State(state): State<Shared>,
    Name(name): Name,
    Body(change): Body<ActionChangeBody>,
) -> ApiResult<Json<ActionView>> {
    let ActionChangeBody { role_arn, params } = change;
    let params = params.as_ref().map(ActionParams::read).transpose()?;
    let changed = state.mitigation.update_action(&name, ActionChange { role_arn, params }).await?;
    Ok(Json(changed.into()))
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    state.mitigation.delete_action(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
