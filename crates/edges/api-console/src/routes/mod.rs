//! The API's handlers, one file per resource.

mod alarms;
mod authorities;
mod certificates;
mod changes;
mod connections;
mod custom_metrics;
mod dimensions;
mod endpoint;
mod extract;
mod groups;
mod metrics;
mod mitigation;
mod mqtt;
mod notifications;
mod overview;
mod paging;
mod policies;
mod profiles;
mod search;
mod session;
mod thing_types;
mod things;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use picket_core::ErrorCode;

pub(crate) use self::extract::{Body, Name, Names, Params};
use crate::error::ApiError;
use crate::state::Shared;
use crate::{assets, gate, headers};

/// The API's description.
const OPENAPI: &str = include_str!("../openapi.json");

/// The whole service: the API behind its gate, and the console's files.
pub(crate) fn router(state: Shared) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .merge(watching())
        .merge(security_profiles())
        .merge(fleet())
        .merge(certificates())
        .merge(policies())
        .merge(operating())
        .merge(notifying())
        .merge(datapoints())
        .merge(mitigating())
        .method_not_allowed_fallback(no_such_method)
        .route_layer(middleware::from_fn_with_state(state.clone(), gate::pass))
        .fallback(get(assets::serve))
        .layer(DefaultBodyLimit::max(state.config.body_bytes_max))
        .layer(middleware::map_response(complete))
        .with_state(state)
}

fn watching() -> Router<Shared> {
    Router::new()
        .route("/api/v1/session", get(session::show).post(session::log_in).delete(session::log_out))
        .route("/api/v1/overview", get(overview::show))
        .route("/api/v1/pipeline", get(overview::pipeline))
        .route("/api/v1/alarms", get(alarms::list))
        .route("/api/v1/alarms/{id}", get(alarms::show))
        .route("/api/v1/alarms/{id}/verification", put(alarms::verify))
        .route("/api/v1/alarm-verifications", put(alarms::verify_many))
        .route("/api/v1/search", post(search::run))
}

fn security_profiles() -> Router<Shared> {
    Router::new()
        .route("/api/v1/profiles", get(profiles::list).post(profiles::create))
        .route(
            "/api/v1/profiles/{name}",
            get(profiles::show).put(profiles::replace).delete(profiles::delete),
        )
        .route("/api/v1/profiles/{name}/targets", put(profiles::attach).delete(profiles::detach))
        .route("/api/v1/profile-check", post(profiles::check))
        .route("/api/v1/metric-catalogue", get(profiles::catalogue))
        .route("/api/v1/custom-metrics", get(custom_metrics::list).post(custom_metrics::create))
        .route(
            "/api/v1/custom-metrics/{name}",
            put(custom_metrics::rename).delete(custom_metrics::delete),
        )
        .route("/api/v1/dimensions", get(dimensions::list).post(dimensions::create))
        .route("/api/v1/dimensions/{name}", put(dimensions::replace).delete(dimensions::delete))
}

fn fleet() -> Router<Shared> {
    Router::new()
        .route("/api/v1/things", get(things::list::list).post(things::create::create))
        .route(
            "/api/v1/things/{name}",
            get(things::detail::show).patch(things::change::change).delete(things::delete::delete),
        )
        .route("/api/v1/things/{name}/metrics", get(things::metrics::show))
        .route("/api/v1/thing-types", get(thing_types::list).post(thing_types::create))
        .route("/api/v1/thing-types/{name}", delete(thing_types::delete))
        .route("/api/v1/thing-types/{name}/deprecation", post(thing_types::deprecate))
        .route("/api/v1/groups", get(groups::list).post(groups::create))
        .route("/api/v1/groups/{name}", get(groups::show).delete(groups::delete))
        .route(
            "/api/v1/groups/{name}/things/{thing}",
            put(groups::add_thing).delete(groups::remove_thing),
        )
}

fn certificates() -> Router<Shared> {
    Router::new()
        .route("/api/v1/certificates", get(certificates::list).post(certificates::create))
        .route(
            "/api/v1/certificates/{id}",
            get(certificates::show).patch(certificates::change).delete(certificates::delete),
        )
        .route(
            "/api/v1/certificates/{id}/things/{thing}",
            put(certificates::attach_thing).delete(certificates::detach_thing),
        )
        .route(
            "/api/v1/certificates/{id}/policies/{policy}",
            put(certificates::attach_policy).delete(certificates::detach_policy),
        )
        .route("/api/v1/certificate-requests", post(certificates::create_from_request))
        .route("/api/v1/authorities", get(authorities::list).post(authorities::create))
        .route(
            "/api/v1/authorities/{id}",
            get(authorities::show).patch(authorities::change).delete(authorities::delete),
        )
        .route("/api/v1/registration-code", get(authorities::code))
        .route("/api/v1/endpoint", get(endpoint::show))
}

fn policies() -> Router<Shared> {
    Router::new()
        .route("/api/v1/policies", get(policies::list).post(policies::create))
        .route("/api/v1/policy-check", post(policies::check))
        .route("/api/v1/policy-explanation", post(policies::explain))
        .route("/api/v1/rights-explanation", post(policies::rights))
        .route("/api/v1/policies/{name}", get(policies::show).delete(policies::delete))
        .route("/api/v1/policies/{name}/versions", post(policies::create_version))
        .route("/api/v1/policies/{name}/versions/{version}", delete(policies::delete_version))
        .route("/api/v1/policies/{name}/default-version", put(policies::set_default))
        .route(
            "/api/v1/policies/{name}/groups/{group}",
            put(policies::attach_group).delete(policies::detach_group),
        )
}

fn operating() -> Router<Shared> {
    Router::new()
        .route("/api/v1/connections", get(connections::list))
        .route("/api/v1/connections/{client_id}", get(connections::show).delete(connections::end))
        .route("/api/v1/connection-log", get(connections::log))
        .route("/api/v1/changes", get(changes::list))
        .route("/api/v1/users", get(users::list).post(users::create))
        .route("/api/v1/users/{name}", patch(users::change).delete(users::delete))
        .route("/api/v1/mqtt/messages", get(mqtt::follow).post(mqtt::publish))
}

fn datapoints() -> Router<Shared> {
    Router::new()
        .route("/api/v1/things/{name}/series", get(metrics::series))
        .route("/api/v1/metric-values", get(metrics::values))
        .route("/api/v1/metric-bands", get(metrics::bands))
        .route("/api/v1/profile-preview", post(metrics::preview))
        .route("/api/v1/profile-suggestion", post(metrics::suggest))
}

fn notifying() -> Router<Shared> {
    let topics = "/api/v1/notification-topics";
    let below = |rest: &str| format!("{topics}/{{name}}{rest}");
    Router::new()
        .route(topics, get(notifications::list).post(notifications::create))
        .route(&below(""), delete(notifications::delete))
        .route(&below("/test"), post(notifications::test))
        .route(&below("/subscriptions"), post(notifications::subscribe))
        .route(&below("/subscriptions/{id}"), delete(notifications::unsubscribe))
        .route(&below("/subscriptions/{id}/undelivered"), get(notifications::undelivered))
}

fn mitigating() -> Router<Shared> {
    use mitigation::{actions, plan, tasks};
    Router::new()
        .route("/api/v1/mitigation-actions", get(actions::list).post(actions::create))
        .route("/api/v1/mitigation-actions/{name}", put(actions::change).delete(actions::delete))
        .route("/api/v1/mitigation-plan", post(plan::make))
        .route("/api/v1/mitigation-tasks", get(tasks::list).post(tasks::start))
        .route("/api/v1/mitigation-tasks/{id}", get(tasks::show))
        .route("/api/v1/mitigation-tasks/{id}/cancel", post(tasks::cancel))
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
