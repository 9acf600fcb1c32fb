//! HTTP answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use picket_wire_hec::{Reply, ReplyCode, Route};

/// What goes back to the sender.
pub(crate) type HecResponse = Response<Full<Bytes>>;

/// An answer with a HEC code.
pub(crate) fn reply(reply: Reply) -> HecResponse {
    let mut response = json(reply.code.status(), reply.to_json());
    if matches!(reply.code.status(), 429 | 503) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// An answer with a HEC code and nothing more.
pub(crate) fn code(code: ReplyCode) -> HecResponse {
    reply(Reply::of(code))
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: String) -> HecResponse {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// 404, and with the same body 405, as Splunk answers them.
pub(crate) fn not_found(status: u16) -> HecResponse {
    let text = "The requested URL was not found on this server.";
    json(status, format!("{{\"text\":\"{text}\",\"code\":404}}"))
}

/// 405 for a route that exists.
pub(crate) fn bad_method(route: Route) -> HecResponse {
    let mut response = not_found(405);
    response.headers_mut().insert(ALLOW, allowed(route));
    response
}

/// The answer to OPTIONS, for which nobody has to prove who they are.
pub(crate) fn options(route: Route) -> HecResponse {
    let mut response = Response::new(Full::new(Bytes::new()));
    response.headers_mut().insert(ALLOW, allowed(route));
    response
}

const fn allowed(route: Route) -> HeaderValue {
    match route {
        Route::Event | Route::Raw => HeaderValue::from_static("POST,OPTIONS"),
        Route::Ack => HeaderValue::from_static("POST,GET,OPTIONS"),
        Route::Health => HeaderValue::from_static("GET,HEAD,OPTIONS"),
    }
}
