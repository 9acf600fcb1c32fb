//! The one shape of every error answer: `{"error":{"code","message","line"?,"column"?}}`.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use picket_core::{Classified, ErrorCode};
use picket_ports::SearchError;
use serde::Serialize;

/// An error on its way to the caller. The message holds nothing an outsider may not read.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    message: String,
    position: Option<(u32, u32)>,
    retry_after_seconds: Option<u64>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error of kind `code` that says `message`.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), position: None, retry_after_seconds: None }
    }

    /// A request that breaks a rule.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Invalid, message)
    }

    /// The caller should try again after `seconds`.
    pub(crate) fn throttled(message: impl Into<String>, seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(seconds.max(1)),
            ..Self::new(ErrorCode::Throttled, message)
        }
    }
}

impl<E: Classified> From<E> for ApiError {
    fn from(error: E) -> Self {
        if error.code().is_server_fault() {
            tracing::error!(%error, "a console request failed");
        }
        Self::new(error.code(), error.public_message())
    }
}

/// A search error with its place in the text. Apart from `From`, which knows of no places.
pub(crate) fn of_search(error: SearchError) -> ApiError {
    match error {
        SearchError::Syntax { message, line, column } => ApiError {
            position: Some((line, column)),
            ..ApiError::new(ErrorCode::Invalid, message)
        },
        other => ApiError::from(other),
    }
}

/// What `code` is called in JSON and its HTTP status.
const fn wire(code: ErrorCode) -> (&'static str, StatusCode) {
    match code {
        ErrorCode::NotFound => ("not_found", StatusCode::NOT_FOUND),
        ErrorCode::AlreadyExists => ("already_exists", StatusCode::CONFLICT),
        ErrorCode::Invalid => ("invalid", StatusCode::BAD_REQUEST),
        ErrorCode::Conflict => ("conflict", StatusCode::CONFLICT),
        ErrorCode::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
        ErrorCode::Forbidden => ("forbidden", StatusCode::FORBIDDEN),
        ErrorCode::Throttled => ("throttled", StatusCode::TOO_MANY_REQUESTS),
        ErrorCode::LimitExceeded => ("limit_exceeded", StatusCode::UNPROCESSABLE_ENTITY),
        ErrorCode::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        ErrorCode::Timeout => ("timeout", StatusCode::GATEWAY_TIMEOUT),
        ErrorCode::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

#[derive(Debug, Serialize)]
struct Body {
    error: Detail,
}

#[derive(Debug, Serialize)]
struct Detail {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (code, status) = wire(self.code);
        let (line, column) = self.position.unzip();
        let body = Body { error: Detail { code, message: self.message, line, column } };
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
