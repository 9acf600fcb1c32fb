//! A collector of HEC that can misbehave, over real TLS.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use picket_core::Tasks;
use picket_wire_hec::{Envelope, EventBody, Events, Limits, ack, compression};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// How a data request is answered.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// 200 with an ackId.
    Accept,
    /// 200 with this ackId.
    AcceptAs(u64),
    /// 200 without an ackId.
    AcceptUnconfirmed,
    /// This status and body.
    Answer(u16, String),
    /// Takes the beginning of the body and closes the connection.
    Cut,
}

/// How acknowledgement queries are answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Acks {
    /// True at once.
    AtOnce,
    /// True from the n-th query of an id on.
    After(u32),
    /// Never.
    Never,
}

/// A data request as it came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) headers: HashMap<String, String>,
    /// Unpacked.
    pub(super) body: Bytes,
    pub(super) accepted: bool,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<VecDeque<Act>>,
    usual: Mutex<Act>,
    acks: Mutex<Acks>,
    queries: Mutex<HashMap<u64, u32>>,
    next_ack: Mutex<u64>,
    seen: Mutex<Vec<Seen>>,
}

/// The collector.
#[derive(Debug)]
pub(super) struct Collector {
    shared: Arc<Shared>,
    pub(super) address: SocketAddr,
    pub(super) ca_pem: String,
    tasks: Tasks,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            usual: Mutex::new(Act::Accept),
            acks: Mutex::new(Acks::AtOnce),
            queries: Mutex::default(),
            next_ack: Mutex::new(0),
            seen: Mutex::default(),
        });
        let (acceptor, ca_pem) = acceptor();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tasks = Tasks::new();
        tasks.spawn("collector", serve(listener, acceptor, shared.clone(), tasks.clone()));
        Self { shared, address, ca_pem, tasks }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The next data requests are answered so, those after as usual.
    pub(super) fn script(&self, acts: impl IntoIterator<Item = Act>) {
        self.shared.script.lock().extend(acts);
    }

    pub(super) fn usually(&self, act: Act) {
        *self.shared.usual.lock() = act;
    }

    pub(super) fn acknowledge(&self, acks: Acks) {
        *self.shared.acks.lock() = acks;
    }

    /// Whether the acknowledgement of this id was asked for.
    pub(super) fn was_asked(&self, id: u64) -> bool {
        self.shared.queries.lock().contains_key(&id)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }

    /// The JSON of the events of all accepted requests, in order.
    pub(super) fn events(&self) -> Vec<String> {
        self.envelopes(|envelope| match &envelope.event {
            EventBody::Text(text) => text.to_string(),
            EventBody::Json(json) => (*json).to_owned(),
            other => format!("{other:?}"),
        })
    }

    /// The values of index-time field `name`.
    pub(super) fn field(&self, name: &str) -> Vec<String> {
        let found = self.envelopes(|envelope| {
            let field = envelope.fields.iter().find(|(field, _)| field == name);
            field.map(|(_, values)| values.join(","))
        });
        found.into_iter().flatten().collect()
    }

    fn envelopes<T>(&self, read: impl Fn(&Envelope<'_>) -> T) -> Vec<T> {
        let seen = self.seen();
        let accepted = seen.iter().filter(|request| request.accepted);
        let events = accepted.flat_map(|it| Events::new(&it.body, Limits::default()));
        events.map(|event| read(&event.unwrap())).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.tasks.token().cancel();
    }
}

fn acceptor() -> (TlsAcceptor, String) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca_certificate.pem())
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>, tasks: Tasks) {
    loop {
        let (stream, _) = tokio::select! {
            () = tasks.stopping() => return,
            accepted = listener.accept() => accepted.unwrap(),
        };
        let (acceptor, shared, token) = (acceptor.clone(), shared.clone(), tasks.token());
        tasks.spawn("collector-connection", async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(|request| answer(shared.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = token.cancelled() => {}
                ended = connection => drop(ended),
            }
        });
    }
}

type Answer = Result<Response<Full<Bytes>>, std::io::Error>;

async fn answer(shared: Arc<Shared>, mut request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    if path == "/services/collector/ack" {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        return Ok(acknowledgements(&shared, &body));
    }
    let scripted = shared.script.lock().pop_front();
    let act = scripted.unwrap_or_else(|| shared.usual.lock().clone());
    if matches!(act, Act::Cut) {
        drop(request.body_mut().frame().await);
        return Err(std::io::Error::other("cut"));
    }
    let headers: HashMap<String, String> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    let body = match headers.get("content-encoding").map(String::as_str) {
        Some("gzip") => compression::unpack(&body, 64 << 20).unwrap().into(),
        _ => body,
    };
    let (status, text) = match &act {
        Act::AcceptUnconfirmed => (200, r#"{"text":"Success","code":0}"#.to_owned()),
        Act::Answer(status, text) => (*status, text.clone()),
        Act::AcceptAs(id) => (200, format!(r#"{{"text":"Success","code":0,"ackId":{id}}}"#)),
        Act::Accept | Act::Cut => {
            let mut next = shared.next_ack.lock();
            *next += 1;
            (200, format!(r#"{{"text":"Success","code":0,"ackId":{}}}"#, *next - 1))
        }
    };
    shared.seen.lock().push(Seen { path, headers, body, accepted: status == 200 });
    Ok(response(status, text))
}

fn acknowledgements(shared: &Shared, body: &[u8]) -> Response<Full<Bytes>> {
    let ids = ack::parse_query(body, 10_000).unwrap();
    let acks = *shared.acks.lock();
    let mut queries = shared.queries.lock();
    let status = |id: u64| {
        let times = queries.entry(id).or_default();
        *times += 1;
        match acks {
            Acks::AtOnce => true,
            Acks::After(n) => *times >= n,
            Acks::Never => false,
        }
    };
    let mut status = status;
    let statuses: Vec<(u64, bool)> = ids.into_iter().map(|id| (id, status(id))).collect();
    response(200, ack::write_answer(&statuses))
}

fn response(status: u16, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    if status == 302 {
        let target = hyper::header::HeaderValue::from_static("/services/collector/raw");
        response.headers_mut().insert(hyper::header::LOCATION, target);
    }
    response
}
