//! The request that turns an HTTP connection into a WebSocket (RFC 6455 §4.2, spec iot-core §3.1).

use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use picket_wire_aws::sigv4::SignatureError;
use picket_wire_aws::{AwsCode, Protocol};
use sha1::{Digest as _, Sha1};

use super::{Visit, refusal, respond, signed};
use crate::connection::Refusal;
use crate::counters::Refused;
use crate::live::Proven;

/// Sub-protocols that mean MQTT, the better name first.
const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];
const VERSION: &str = "13";
/// RFC 6455 §1.3.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A WebSocket that has been promised.
pub(super) struct Upgrade {
    pub(super) on: OnUpgrade,
    pub(super) proven: Proven,
}

/// What is right about a request for a WebSocket.
#[derive(Debug, PartialEq, Eq)]
struct Handshake {
    accept: String,
    protocol: &'static str,
}

/// Whether one of the comma-separated parts of the header is `wanted`.
fn lists(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut parts = values.flat_map(|value| value.split(','));
    parts.any(|part| part.trim().eq_ignore_ascii_case(wanted))
}

impl Handshake {
    /// Reads the headers of a request; the error says what is wrong with it.
    fn read(headers: &HeaderMap) -> Result<Self, &'static str> {
        let asks = lists(headers, header::CONNECTION, "upgrade")
            && lists(headers, header::UPGRADE, "websocket");
        if !asks {
            return Err("this is for WebSockets: the request has no Upgrade: websocket");
        }
        if !lists(headers, header::SEC_WEBSOCKET_VERSION, VERSION) {
            return Err("the version of the WebSocket protocol has to be 13");
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY);
        let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16));
        let key = key.ok_or("Sec-WebSocket-Key has to be 16 bytes in base64")?;
        let offered = |name: &&str| lists(headers, header::SEC_WEBSOCKET_PROTOCOL, name);
        let protocol = PROTOCOLS.into_iter().find(offered);
        let protocol = protocol.ok_or("the sub-protocol has to be mqtt")?;
        let digest = Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize();
        Ok(Self { accept: STANDARD.encode(digest), protocol })
    }

    fn response(&self) -> Response<Body> {
        let text = |text: &str| HeaderValue::from_str(text).ok();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(self.protocol));
        headers.extend(text(&self.accept).map(|it| (header::SEC_WEBSOCKET_ACCEPT, it)));
        response
    }
}

impl Visit {
    /// Promises a WebSocket to whoever asks rightly and has proven who it is: by a signature, or else by
    /// the certificate of the connection.
    pub(super) fn begin_upgrade(&self, request: &mut Request<Incoming>) -> Response<Body> {
        let handshake = match Handshake::read(request.headers()) {
            Ok(handshake) if request.method() == Method::GET => handshake,
            Ok(_) => return self.refuse_upgrade("a WebSocket is asked for by GET"),
            Err(problem) => return self.refuse_upgrade(problem),
        };
        let proven = match self.prove(request) {
            Ok(proven) => proven,
            Err(error) => return self.refuse_signature(&error),
        };
        let on = hyper::upgrade::on(request);
        *self.upgrade.lock() = Some(Upgrade { on, proven });
        handshake.response()
    }

    fn prove(&self, request: &Request<Incoming>) -> Result<Proven, SignatureError> {
        let is_signed = request.headers().contains_key(header::AUTHORIZATION)
            || request.uri().query().is_some_and(|query| query.contains("X-Amz-"));
        if !is_signed && let Some(proven) = self.proven_by_certificate() {
            return Ok(proven);
        }
        let shared = &self.shared;
        let (verifier, keys) = (&shared.https.verifier, shared.access_keys.as_ref());
        let owner = signed::signer(request, verifier, keys, shared.clock.now())?;
        Ok(Proven::Operator(Arc::new(owner)))
    }

    fn refuse_signature(&self, error: &SignatureError) -> Response<Body> {
        let refusal = Refusal::silent(error.message.clone(), Refused::Signature);
        self.shared.refuse(&self.peer, &self.door, refusal);
        let mut response = respond(&error.to_aws(Protocol::RestJson));
        // Device SDKs take anything else for a fault that passes.
        *response.status_mut() = StatusCode::FORBIDDEN;
        response
    }

    fn refuse_upgrade(&self, problem: &'static str) -> Response<Body> {
        let silent = Refusal::silent(problem, Refused::WebSocket);
        self.shared.refuse(&self.peer, &self.door, silent);
        let mut response = refusal(AwsCode::InvalidRequest, problem);
        let version = HeaderValue::from_static(VERSION);
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: &[(&'static str, &'static str)]) -> Result<Handshake, &'static str> {
        let mut headers = HeaderMap::new();
        let good = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", "mqttv3.1, mqtt"),
        ];
        for (name, value) in good.iter().chain(change) {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        Handshake::read(&headers)
    }

    #[test]
    fn the_answer_is_that_of_the_standards_example() {
        let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned();
        assert_eq!(read(&[]), Ok(Handshake { accept, protocol: "mqtt" }));
        let old = read(&[("sec-websocket-protocol", "mqttv3.1")]).unwrap();
        assert_eq!(old.protocol, "mqttv3.1");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (change, said) in [
            (("upgrade", "h2c"), "Upgrade"),
            (("connection", "close"), "Upgrade"),
            (("sec-websocket-version", "8"), "version"),
            (("sec-websocket-key", "dGhl"), "16 bytes"),
            (("sec-websocket-protocol", "chat"), "sub-protocol"),
        ] {
            let problem = read(&[change]).unwrap_err();
            assert!(problem.contains(said), "{change:?}: {problem}");
        }
    }
}
