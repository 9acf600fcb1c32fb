//! The API's handlers, one file per resource.

mod alarms;
mod extract;
mod overview;
mod profiles;
mod search;
mod session;
mod things;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use picket_core::ErrorCode;

pub(crate) use self::extract::{Body, Name, Params};
use crate::error::ApiError;
use crate::state::Shared;
use crate::{assets, gate, headers};

/// The API's description.
const OPENAPI: &str = include_str!("../openapi.json");

/// The whole service: the API behind its gate, and the console's files.
pub(crate) fn router(state: Shared) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/session", get(session::show).post(session::log_in).delete(session::log_out))
        .route("/api/v1/overview", get(overview::show))
        .route("/api/v1/pipeline", get(overview::pipeline))
        .route("/api/v1/things", get(things::list::list).post(things::create::create))
        .route("/api/v1/things/{name}", get(things::detail::show))
        .route("/api/v1/things/{name}/metrics", get(things::metrics::show))
        .route("/api/v1/alarms", get(alarms::list))
        .route("/api/v1/profiles", get(profiles::list))
        .route("/api/v1/profiles/{name}", get(profiles::show))
        .route("/api/v1/search", post(search::run))
        .method_not_allowed_fallback(no_such_method)
        .route_layer(middleware::from_fn_with_state(state.clone(), gate::pass))
        .fallback(get(assets::serve))
        .layer(DefaultBodyLimit::max(state.config.body_bytes_max))
        .layer(middleware::map_response(complete))
        .with_state(state)
}

async fn openapi() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], OPENAPI).into_response()
}

async fn no_such_method() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is no such route")
}

async fn complete(mut response: Response) -> Response {
    headers::complete(response.headers_mut());
    response
}
