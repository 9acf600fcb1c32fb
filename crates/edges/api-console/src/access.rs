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
    /// For a route that changes something: what the change is called in the audit trail, by AWS's
    /// name where there is one.
    pub change: Option<&'static str>,
}

const fn route(method: Method, path: &'static str, access: Access) -> Route {
    Route { method, path, access, change: None }
}

/// A route by which an administrator changes something.
const fn change(method: Method, path: &'static str, operation: &'static str) -> Route {
    Route { method, path, access: ADMIN, change: Some(operation) }
}

/// A route by which an analyst says what an alarm was found to be.
const fn verify(method: Method, path: &'static str) -> Route {
    let change = Some("PutVerificationStateOnViolation");
    Route { method, path, access: ANALYST, change }
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
    change(Method::POST, "/api/v1/things", "CreateThing"),
    route(Method::GET, "/api/v1/things/{name}", VIEWER),
    route(Method::GET, "/api/v1/things/{name}/metrics", VIEWER),
    route(Method::GET, "/api/v1/alarms", VIEWER),
    route(Method::GET, "/api/v1/alarms/{id}", VIEWER),
    verify(Method::PUT, "/api/v1/alarms/{id}/verification"),
    verify(Method::PUT, "/api/v1/alarm-verifications"),
    route(Method::GET, "/api/v1/profiles", VIEWER),
    change(Method::POST, "/api/v1/profiles", "CreateSecurityProfile"),
    route(Method::GET, "/api/v1/profiles/{name}", VIEWER),
    change(Method::PUT, "/api/v1/profiles/{name}", "UpdateSecurityProfile"),
    change(Method::DELETE, "/api/v1/profiles/{name}", "DeleteSecurityProfile"),
    change(Method::PUT, "/api/v1/profiles/{name}/targets", "AttachSecurityProfile"),
    change(Method::DELETE, "/api/v1/profiles/{name}/targets", "DetachSecurityProfile"),
    route(Method::POST, "/api/v1/profile-check", VIEWER),
    route(Method::GET, "/api/v1/metric-catalogue", VIEWER),
    route(Method::GET, "/api/v1/custom-metrics", VIEWER),
    change(Method::POST, "/api/v1/custom-metrics", "CreateCustomMetric"),
    change(Method::PUT, "/api/v1/custom-metrics/{name}", "UpdateCustomMetric"),
    change(Method::DELETE, "/api/v1/custom-metrics/{name}", "DeleteCustomMetric"),
    route(Method::GET, "/api/v1/dimensions", VIEWER),
    change(Method::POST, "/api/v1/dimensions", "CreateDimension"),
    change(Method::PUT, "/api/v1/dimensions/{name}", "UpdateDimension"),
    change(Method::DELETE, "/api/v1/dimensions/{name}", "DeleteDimension"),
    route(Method::POST, "/api/v1/search", ANALYST),
    change(Method::PATCH, "/api/v1/things/{name}", "UpdateThing"),
    change(Method::DELETE, "/api/v1/things/{name}", "DeleteThing"),
    route(Method::GET, "/api/v1/thing-types", VIEWER),
    change(Method::POST, "/api/v1/thing-types", "CreateThingType"),
    change(Method::POST, "/api/v1/thing-types/{name}/deprecation", "DeprecateThingType"),
    change(Method::DELETE, "/api/v1/thing-types/{name}", "DeleteThingType"),
    route(Method::GET, "/api/v1/groups", VIEWER),
    change(Method::POST, "/api/v1/groups", "CreateThingGroup"),
    route(Method::GET, "/api/v1/groups/{name}", VIEWER),
    change(Method::DELETE, "/api/v1/groups/{name}", "DeleteThingGroup"),
    change(Method::PUT, "/api/v1/groups/{name}/things/{thing}", "AddThingToThingGroup"),
    change(Method::DELETE, "/api/v1/groups/{name}/things/{thing}", "RemoveThingFromThingGroup"),
    route(Method::GET, "/api/v1/certificates", VIEWER),
    change(Method::POST, "/api/v1/certificates", "CreateKeysAndCertificate"),
    route(Method::GET, "/api/v1/certificates/{id}", VIEWER),
    change(Method::PATCH, "/api/v1/certificates/{id}", "UpdateCertificate"),
    change(Method::DELETE, "/api/v1/certificates/{id}", "DeleteCertificate"),
    change(Method::PUT, "/api/v1/certificates/{id}/things/{thing}", "AttachThingPrincipal"),
    change(Method::DELETE, "/api/v1/certificates/{id}/things/{thing}", "DetachThingPrincipal"),
    change(Method::PUT, "/api/v1/certificates/{id}/policies/{policy}", "AttachPolicy"),
    change(Method::DELETE, "/api/v1/certificates/{id}/policies/{policy}", "DetachPolicy"),
    change(Method::POST, "/api/v1/certificate-requests", "CreateCertificateFromCsr"),
    route(Method::GET, "/api/v1/authorities", VIEWER),
    change(Method::POST, "/api/v1/authorities", "RegisterCACertificate"),
    route(Method::GET, "/api/v1/authorities/{id}", VIEWER),
    change(Method::PATCH, "/api/v1/authorities/{id}", "UpdateCACertificate"),
    change(Method::DELETE, "/api/v1/authorities/{id}", "DeleteCACertificate"),
    route(Method::GET, "/api/v1/registration-code", ADMIN),
    route(Method::GET, "/api/v1/endpoint", VIEWER),
    route(Method::GET, "/api/v1/policies", VIEWER),
    change(Method::POST, "/api/v1/policies", "CreatePolicy"),
    route(Method::POST, "/api/v1/policy-check", VIEWER),
    route(Method::POST, "/api/v1/policy-explanation", VIEWER),
    route(Method::POST, "/api/v1/rights-explanation", VIEWER),
    route(Method::GET, "/api/v1/policies/{name}", VIEWER),
    change(Method::DELETE, "/api/v1/policies/{name}", "DeletePolicy"),
    change(Method::POST, "/api/v1/policies/{name}/versions", "CreatePolicyVersion"),
    change(Method::DELETE, "/api/v1/policies/{name}/versions/{version}", "DeletePolicyVersion"),
    change(Method::PUT, "/api/v1/policies/{name}/default-version", "SetDefaultPolicyVersion"),
    change(Method::PUT, "/api/v1/policies/{name}/groups/{group}", "AttachPolicy"),
    change(Method::DELETE, "/api/v1/policies/{name}/groups/{group}", "DetachPolicy"),
    route(Method::GET, "/api/v1/connections", VIEWER),
    route(Method::GET, "/api/v1/connections/{client_id}", VIEWER),
    change(Method::DELETE, "/api/v1/connections/{client_id}", "DeleteConnection"),
    route(Method::GET, "/api/v1/connection-log", VIEWER),
    route(Method::GET, "/api/v1/notification-topics", VIEWER),
    change(Method::POST, "/api/v1/notification-topics", "CreateTopic"),
    change(Method::DELETE, "/api/v1/notification-topics/{name}", "DeleteTopic"),
    change(Method::POST, "/api/v1/notification-topics/{name}/test", "Publish"),
    change(Method::POST, "/api/v1/notification-topics/{name}/subscriptions", "Subscribe"),
    change(Method::DELETE, "/api/v1/notification-topics/{name}/subscriptions/{id}", "Unsubscribe"),
    route(Method::GET, "/api/v1/notification-topics/{name}/subscriptions/{id}/undelivered", VIEWER),
    route(Method::GET, "/api/v1/mitigation-actions", VIEWER),
    change(Method::POST, "/api/v1/mitigation-actions", "CreateMitigationAction"),
    change(Method::PUT, "/api/v1/mitigation-actions/{name}", "UpdateMitigationAction"),
    change(Method::DELETE, "/api/v1/mitigation-actions/{name}", "DeleteMitigationAction"),
    route(Method::POST, "/api/v1/mitigation-plan", ANALYST),
    route(Method::GET, "/api/v1/mitigation-tasks", VIEWER),
    change(Method::POST, "/api/v1/mitigation-tasks", "StartDetectMitigationActionsTask"),
    route(Method::GET, "/api/v1/mitigation-tasks/{id}", VIEWER),
    change(
        Method::POST,
        "/api/v1/mitigation-tasks/{id}/cancel",
        "CancelDetectMitigationActionsTask",
    ),
    route(Method::GET, "/api/v1/changes", ADMIN),
    route(Method::GET, "/api/v1/users", ADMIN),
    change(Method::POST, "/api/v1/users", "CreateUser"),
    change(Method::PATCH, "/api/v1/users/{name}", "UpdateUser"),
    change(Method::DELETE, "/api/v1/users/{name}", "DeleteUser"),
    route(Method::GET, "/api/v1/mqtt/messages", ADMIN),
    change(Method::POST, "/api/v1/mqtt/messages", "Publish"),
    route(Method::GET, "/api/v1/things/{name}/series", VIEWER),
    route(Method::GET, "/api/v1/metric-values", VIEWER),
    route(Method::GET, "/api/v1/metric-bands", VIEWER),
    route(Method::POST, "/api/v1/profile-preview", ANALYST),
    route(Method::POST, "/api/v1/profile-suggestion", ANALYST),
];

/// The route of `method` on `path`, if there is one. HEAD is answered as GET is.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Route> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|route| route.method == *method && route.path == path)
}
