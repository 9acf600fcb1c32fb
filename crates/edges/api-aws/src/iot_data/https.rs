//! The data operations and the credential provider on the gateway's HTTPS port, where AWS has its data
//! endpoint.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use http::Request;
use picket_wire_aws::{AwsCode, AwsError, Protocol};

use super::SERVICE;
use crate::endpoint::{Endpoint, Only, render_error};

/// Publish, retained messages and connections, for callers with a signature and for devices with a client
/// certificate; and the credentials of role aliases, for devices. The listener puts a [`picket_ports::HttpPeer`] into the extensions of each request. Nothing else of the
/// endpoint is reachable here.
pub fn https_router(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/topics/{*topic}", any(answer))
        .route("/retainedMessage", any(answer))
        .route("/retainedMessage/{*topic}", any(answer))
        .route("/connections/{*client}", any(answer))
        .route("/role-aliases/{alias}/credentials", any(credentials))
        .fallback(nothing_here)
        .with_state(endpoint)
}

async fn answer(State(endpoint): State<Endpoint>, mut request: Request<Body>) -> Response {
    request.extensions_mut().insert(Only(&SERVICE));
    endpoint.answer(request).await.map(Body::new)
}

async fn credentials(State(endpoint): State<Endpoint>, mut request: Request<Body>) -> Response {
    request.extensions_mut().insert(Only(&crate::credentials::SERVICE));
    endpoint.answer(request).await.map(Body::new)
}

async fn nothing_here() -> Response {
    let text =
        "only messages, retained messages, connections and credentials are served at this address";
    let error = AwsError::new(AwsCode::ResourceNotFound, text);
    let request_id = uuid::Uuid::new_v4().to_string();
    render_error(&error, Protocol::RestJson, &request_id).map(Body::new)
}
