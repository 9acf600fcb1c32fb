//! Which role each route asks for.

use axum::http::Method;

use picket_core::Role;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// A session of a user with this role or a higher one.
    AtLeast(Role),
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// The path with its parameters, as in the OpenAPI document.
    pub path: &'static str,
    /// What it asks for.
    pub access: Access,
}

const fn route(method: Method, path: &'static str, access: Access) -> Route {
    Route { method, path, access }
}

const VIEWER: Access = Access::AtLeast(Role::Viewer);
const ANALYST: Access = Access::AtLeast(Role::Analyst);
const ADMIN: Access = Access::AtLeast(Role::Admin);

/// Every route of the API. What is not listed is refused.
pub const ROUTES: &[Route] = &[
    route(Method::GET, "/api/v1/openapi.json", Access::Open),
    route(Method::POST, "/api/v1/session", Access::Open),
    route(Method::GET, "/api/v1/session", VIEWER),
    route(Method::DELETE, "/api/v1/session", VIEWER),
    route(Method::GET, "/api/v1/overview", VIEWER),
    route(Method::GET, "/api/v1/pipeline", VIEWER),
    route(Method::GET, "/api/v1/things", VIEWER),
    route(Method::POST, "/api/v1/things", ADMIN),
    route(Method::GET, "/api/v1/things/{name}", VIEWER),
    route(Method::GET, "/api/v1/things/{name}/metrics", VIEWER),
    route(Method::GET, "/api/v1/alarms", VIEWER),
    route(Method::GET, "/api/v1/profiles", VIEWER),
    route(Method::GET, "/api/v1/profiles/{name}", VIEWER),
    route(Method::POST, "/api/v1/search", ANALYST),
];

/// What `method` on `path` asks for; `None` if there is no such route. HEAD is answered as GET is.
pub(crate) fn required(method: &Method, path: &str) -> Option<Access> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|route| route.method == *method && route.path == path).map(|r| r.access)
}
