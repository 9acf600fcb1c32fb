//! Answers and errors as HTTP.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Response, StatusCode};
use http_body_util::Full;
use picket_wire_aws::{AwsError, Protocol, xml};
use serde_json::{Map, Value};

use crate::answer::{Answer, Body};
use crate::operation::{Operation, Service};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The answer of an operation that was done.
pub(super) fn answer(
    answer: Answer,
    service: &Service,
    operation: &Operation,
    request_id: &str,
) -> Response<Full<Bytes>> {
    let (content_type, body) = match answer.body {
        Body::Bytes { content_type, bytes } => (content_type, bytes),
        Body::Members(members) => match service.protocol {
            Protocol::RestJson => ("application/json", json(members)),
            Protocol::Json11 => ("application/x-amz-json-1.1", json(members)),
            Protocol::Query => ("text/xml", document(&members, service, operation, request_id)),
        },
    };
    response(StatusCode::OK, content_type, body, request_id)
}

/// An error.
pub(crate) fn error(
    error: &AwsError,
    protocol: Protocol,
    request_id: &str,
) -> Response<Full<Bytes>> {
    let rendered = error.render(protocol, request_id);
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response =
        response(status, rendered.content_type, Bytes::from(rendered.body), request_id);
    if let Some(error_type) = rendered.error_type {
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(error_type));
    }
    response
}

fn response(
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    request_id: &str,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // It is a UUID, which is always fine in a header.
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

fn json(members: Map<String, Value>) -> Bytes {
    Bytes::from(Value::Object(members).to_string())
}

fn document(
    members: &Map<String, Value>,
    service: &Service,
    operation: &Operation,
    request_id: &str,
) -> Bytes {
    let name = operation.name;
    let mut out = format!("<{name}Response xmlns=\"{}\">", service.namespace.unwrap_or_default());
    out.push_str(&format!("<{name}Result>"));
    xml::members_into(&mut out, members);
    out.push_str(&format!("</{name}Result><ResponseMetadata>"));
    xml::element(&mut out, "RequestId", request_id);
    out.push_str(&format!("</ResponseMetadata></{name}Response>"));
    Bytes::from(out)
}
