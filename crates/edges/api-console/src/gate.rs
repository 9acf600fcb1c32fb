//! What every API request passes: session, role, change token, time limit, and a line in the log for
//! each change.

use std::net::SocketAddr;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use picket_core::{ErrorCode, Role};

use crate::access::{self, Access, Route};
use crate::audit::Change;
use crate::error::{ApiError, ApiResult};
use crate::sessions::Session;
use crate::state::Shared;
use crate::users;

/// The header that carries the session's change token.
pub(crate) const CSRF_HEADER: HeaderName = HeaderName::from_static("x-picket-csrf");
/// Routes that may take as long as a search.
const LONG_PATHS: &[&str] = &[
    "/api/v1/search",
    "/api/v1/metric-bands",
    "/api/v1/profile-preview",
    "/api/v1/profile-suggestion",
];

/// Who asks. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) session: Session,
    pub(crate) role: Role,
    /// The session's token, for log-out.
    pub(crate) token: String,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(not_logged_in)
    }
}

/// The address a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The middleware around all routes of the API.
pub(crate) async fn pass(
    State(state): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_default();
    let route = access::find(&method, &path);
    let caller = match admit(&state, &method, route, request.headers()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let change =
        caller.as_ref().zip(route.and_then(|route| route.change)).map(|(caller, operation)| {
            Change {
                user: caller.session.user.clone(),
                peer: request.extensions().get::<Peer>().map(|peer| peer.0),
                operation,
                path: request.uri().path().trim_start_matches("/api/v1/").to_owned(),
            }
        });
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    let response = limited(&state, &path, next.run(request)).await;
    if let Some(change) = change {
        change.record(&state, state.now(), &response).await;
    }
    response
}

async fn admit(
    state: &Shared,
    method: &Method,
    route: Option<&Route>,
    headers: &HeaderMap,
) -> ApiResult<Option<Caller>> {
    let access = route
        .map(|route| route.access)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "there is no such route"))?;
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if !reads {
        same_origin(headers)?;
    }
    let Access::AtLeast(role) = access else { return Ok(None) };
    let caller = identify(state, headers).await?;
    let token = headers.get(CSRF_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
    if !reads && !caller.session.has_csrf_token(token) {
        let message = format!("the header `{CSRF_HEADER}` does not carry this session's token");
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    if caller.role < role {
        let message = format!(
            "this needs the role {}; user `{}` is {}",
            role.as_str(),
            caller.session.user,
            caller.role.as_str()
        );
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    Ok(Some(caller))
}

/// The caller by cookie. A user that was changed or removed since log-in is not logged in any more.
async fn identify(state: &Shared, headers: &HeaderMap) -> ApiResult<Caller> {
    let token = session_token(state, headers).ok_or_else(not_logged_in)?;
    let session = state.sessions().touch(state.now(), token).ok_or_else(not_logged_in)?;
    let user = users::find(&*state.registry, &session.user).await?;
    let Some(user) = user.filter(|user| user.version == session.user_version) else {
        state.sessions().end(token);
        return Err(not_logged_in());
    };
    Ok(Caller { session, role: user.role, token: token.to_owned() })
}

fn not_logged_in() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, "not logged in, or the session is over")
}

fn session_token<'h>(state: &Shared, headers: &'h HeaderMap) -> Option<&'h str> {
    let name = cookie_name(state.config.secure_cookie);
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The cookie's name. With `__Host-`, browsers make sure that no other host or path has set it.
pub(crate) const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-picket_session" } else { "picket_session" }
}

/// A browser says where a change was asked for; that must be this console. Other clients say nothing.
fn same_origin(headers: &HeaderMap) -> ApiResult<()> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !host.is_empty() && authority.eq_ignore_ascii_case(host) {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::Forbidden, "the request was made by a page of another origin"))
}

async fn limited(state: &Shared, path: &str, answer: impl Future<Output = Response>) -> Response {
    let config = &state.config;
    // A search has its own, better worded limit; this one covers a body that never comes.
    let limit = if LONG_PATHS.contains(&path) || path.ends_with("/metrics") {
        config.search_timeout() + config.search_wait() + config.request_timeout()
    } else {
        config.request_timeout()
    };
    match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        Err(_) => ApiError::new(ErrorCode::Timeout, "the request took too long").into_response(),
    }
}
