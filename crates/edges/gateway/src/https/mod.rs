//! HTTPS on the ALPN port: MQTT over WebSocket at `/mqtt`, everything else for the router that the
//! server gives (spec iot-core §3.1, §2.10).

mod signed;
mod upgrade;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use picket_core::CertificateId;
use picket_ports::{HttpPeer, connections};
use picket_wire_aws::sigv4::{Rules, Verifier};
use picket_wire_aws::{AwsCode, AwsError, Protocol};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::connection::{Io, Peer};
use crate::door::Door;
use crate::listener::Arrived;
use crate::live::Proven;
use crate::shared::Shared;
use crate::standing::Standing;
use crate::tls::TlsStream;
use crate::websocket::WsStream;
use upgrade::Upgrade;

/// Largest head of a request; a signed address with a session token has two KiB.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Largest body passed on; routes have lower limits of their own.
const BODY_BYTES_MAX: usize = 1 << 20;
/// How long one request may take, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What HTTP needs beside what all connections share.
#[derive(Debug)]
pub(crate) struct Https {
    verifier: Verifier,
    router: Option<Router>,
}

impl Https {
    /// `skew` is how far the clock of a signer may be off.
    pub(crate) fn new(router: Option<Router>, skew: Duration) -> Self {
        let rules = Rules { clock_skew_max: skew, ..Rules::default() };
        Self { verifier: Verifier::new(rules), router }
    }
}

/// One HTTP connection.
struct Visit {
    peer: Peer,
    /// Its key was proven in the handshake.
    certificate: Option<CertificateId>,
    door: Arc<Door>,
    shared: Arc<Shared>,
    /// The WebSocket that the connection is to become.
    upgrade: Mutex<Option<Upgrade>>,
}

/// Serves HTTP on `tls`. What is left is a connection that is about to speak MQTT, if it has become a
/// WebSocket.
pub(crate) async fn serve(
    tls: Box<TlsStream>,
    (peer, certificate): (Peer, Option<CertificateId>),
    door: &Arc<Door>,
    shared: &Arc<Shared>,
    stop: CancellationToken,
) -> Option<Arrived> {
    let head_timeout = Duration::from_millis(shared.config.http_timeout_ms);
    let visit = Arc::new(Visit {
        peer,
        certificate,
        door: Arc::clone(door),
        shared: Arc::clone(shared),
        upgrade: Mutex::default(),
    });
    let service = service_fn(|request| {
        let visit = Arc::clone(&visit);
        async move { Ok::<_, Infallible>(visit.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(tls), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection ended");
    }
    let upgrade = visit.upgrade.lock().take()?;
    visit.become_websocket(upgrade).await
}

impl Visit {
    async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        if let Some(id) = &self.certificate {
            let standing = self.shared.standing(id, None);
            if standing != Standing::Active {
                return refusal(AwsCode::Forbidden, standing.problem());
            }
        }
        if request.uri().path() == "/mqtt" {
            return self.begin_upgrade(&mut request);
        }
        let Some(router) = self.shared.https.router.clone() else {
            return refusal(AwsCode::ResourceNotFound, "nothing is served here but /mqtt");
        };
        request
            .extensions_mut()
            .insert(HttpPeer { address: self.peer.address, certificate: self.certificate.clone() });
        let request = request.map(|body| Body::new(Limited::new(body, BODY_BYTES_MAX)));
        match timeout(REQUEST_TIMEOUT, router.oneshot(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_late) => {
                let mut response = refusal(AwsCode::InvalidRequest, "the request took too long");
                *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
                response
            }
        }
    }

    /// MQTT, once HTTP has let go of the stream.
    async fn become_websocket(&self, upgrade: Upgrade) -> Option<Arrived> {
        let upgraded = match upgrade.on.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "an upgrade failed");
                return None;
            }
        };
        let Ok(parts) = upgraded.downcast::<TokioIo<Box<TlsStream>>>() else {
            tracing::error!("an upgraded connection is not what it was before");
            return None;
        };
        // A message may carry several packets, and the largest one may come in one message.
        let message_bytes_max = 2 * self.door.rules.packet_bytes_max() as usize;
        let tls = parts.io.into_inner();
        let stream = WsStream::new(tls, parts.read_buf, message_bytes_max).await;
        let io = Io::new(Box::new(stream), self.shared.write_timeout());
        let peer = Peer { carrier: connections::Transport::WebSocket, ..self.peer.clone() };
        Some(Arrived { io, peer, proven: upgrade.proven })
    }

    /// Who the client has proven to be by its certificate.
    fn proven_by_certificate(&self) -> Option<Proven> {
        self.certificate.clone().map(Proven::Certificate)
    }
}

/// An error in the shape that AWS's clients read.
fn refusal(code: AwsCode, message: &str) -> Response<Body> {
    respond(&AwsError::new(code, message))
}

fn respond(error: &AwsError) -> Response<Body> {
    let request_id = uuid::Uuid::new_v4().to_string();
    let rendered = error.render(Protocol::RestJson, &request_id);
    let mut builder = Response::builder()
        .status(rendered.status)
        .header("content-type", rendered.content_type)
        .header("x-amzn-requestid", request_id);
    if let Some(kind) = rendered.error_type {
        builder = builder.header("x-amzn-errortype", kind);
    }
    builder.body(Body::from(rendered.body)).unwrap_or_default()
}
