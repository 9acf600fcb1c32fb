//! Logging in and out.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use picket_core::{ErrorCode, Secret};
use serde::{Deserialize, Serialize};

use super::Body;
use crate::error::{ApiError, ApiResult};
use crate::gate::{Caller, Peer, cookie_name};
use crate::passwords::PASSWORD_BYTES_MAX;
use crate::sessions::Session;
use crate::state::{ConsoleState, Shared};
use picket_core::Role;

use crate::users::{self, NAME_BYTES_MAX, User};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    username: String,
    password: Secret,
}

#[derive(Debug, Serialize)]
pub(crate) struct SessionView {
    user: String,
    role: Role,
    csrf_token: String,
    idle_timeout_seconds: u64,
}

fn view(state: &ConsoleState, session: Session, role: Role) -> SessionView {
    SessionView {
        user: session.user,
        role,
        csrf_token: session.csrf_token,
        idle_timeout_seconds: state.config.session_idle_seconds,
    }
}

pub(crate) async fn log_in(
    State(state): State<Shared>,
    Extension(Peer(peer)): Extension<Peer>,
    Body(given): Body<LogIn>,
) -> ApiResult<Response> {
    if given.username.len() > NAME_BYTES_MAX || given.password.expose().len() > PASSWORD_BYTES_MAX {
        return Err(wrong());
    }
    let admitted = state.lockout().attempt(state.now(), &given.username, peer.ip());
    admitted.map_err(|wait| {
        tracing::warn!(target: "picket::audit", user = given.username, %peer, "log-in refused: too many failures");
        ApiError::throttled("too many failed log-ins; try again later", wait.as_secs() + 1)
    })?;
    let Some(user) = proven(&state, &given).await? else {
        tracing::warn!(target: "picket::audit", user = given.username, %peer, "log-in failed");
        return Err(wrong());
    };
    state.lockout().succeeded(&given.username, peer.ip());
    tracing::info!(target: "picket::audit", user = given.username, %peer, "logged in");
    let (token, session) = state.sessions().start(state.now(), given.username, user.version);
    let cookie = cookie(&state, &token, state.config.session_seconds_max)?;
    Ok(([(SET_COOKIE, cookie)], Json(view(&state, session, user.role))).into_response())
}

/// The user, if the password is right.
async fn proven(state: &Shared, given: &LogIn) -> ApiResult<Option<User>> {
    let user = users::find(&*state.registry, &given.username).await?;
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let right = state.passwords.verify(stored, given.password.clone()).await;
    let right = right.map_err(|error| {
        tracing::error!(%error, "a password was not checked");
        ApiError::new(ErrorCode::Internal, "the password could not be checked")
    })?;
    Ok(user.filter(|_| right))
}

fn wrong() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, "the user name or the password is wrong")
}

pub(crate) async fn show(State(state): State<Shared>, caller: Caller) -> Json<SessionView> {
    Json(view(&state, caller.session, caller.role))
}

pub(crate) async fn log_out(State(state): State<Shared>, caller: Caller) -> ApiResult<Response> {
    state.sessions().end(&caller.token);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie(&state, "", 0)?)]).into_response())
}

fn cookie(state: &ConsoleState, token: &str, seconds: u64) -> ApiResult<HeaderValue> {
    let name = cookie_name(state.config.secure_cookie);
    let secure = if state.config.secure_cookie { "; Secure" } else { "" };
    let text =
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let cookie = HeaderValue::from_str(&text);
    cookie.map_err(|_| ApiError::new(ErrorCode::Internal, "the session could not be started"))
}
