//! Whom a security profile watches.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::audit::Changed;
use crate::error::ApiResult;
use crate::routes::{Name, Params};
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetParams {
    /// Of a thing group, or of all, all registered or all unregistered things.
    arn: String,
}

pub(crate) async fn attach(
    State(state): State<Shared>,
    Name(name): Name,
    Params(TargetParams { arn }): Params<TargetParams>,
) -> ApiResult<(StatusCode, Extension<Changed>)> {
    state.control.attach_security_profile(&name, &arn).await?;
    Ok((StatusCode::NO_CONTENT, changed(&name, &arn)))
}

pub(crate) async fn detach(
    State(state): State<Shared>,
    Name(name): Name,
    Params(TargetParams { arn }): Params<TargetParams>,
) -> ApiResult<(StatusCode, Extension<Changed>)> {
    state.control.detach_security_profile(&name, &arn).await?;
    Ok((StatusCode::NO_CONTENT, changed(&name, &arn)))
}

fn changed(name: &str, arn: &str) -> Extension<Changed> {
    Extension(Changed(format!("securityprofile/{name} {arn}")))
}
