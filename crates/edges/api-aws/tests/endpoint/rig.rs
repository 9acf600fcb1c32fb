//! A running endpoint and a client of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use picket_api_aws::{AwsConfig, AwsServer};
use picket_core::{Clock as _, ManualClock, Secret, SystemClock, Tasks};
use picket_ports::Registry;
use picket_ports::alarms::by_hand::AlarmsByHand;
use picket_ports::findings::by_hand::FindingsByHand;
use picket_ports::metric_history::by_hand::HistoryByHand;
use picket_registry::{ControlPlane, NewAccessKey};
use picket_sqlite::SqliteRegistry;
use picket_wire_aws::sigv4::Signer;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::absent;

pub(crate) struct Rig {
    pub(crate) server: AwsServer,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) control: Arc<ControlPlane>,
    pub(crate) alarms: Arc<AlarmsByHand>,
    pub(crate) findings: Arc<FindingsByHand>,
    pub(crate) history: Arc<HistoryByHand>,
    pub(crate) clock: ManualClock,
    pub(crate) admin: NewAccessKey,
    pub(crate) viewer: NewAccessKey,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

/// A request before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Ask {
    pub(crate) fn new(method: Method, target: &str) -> Self {
        Self { method, target: target.to_owned(), headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new(Method::GET, target)
    }

    pub(crate) fn put(target: &str) -> Self {
        Self::new(Method::PUT, target)
    }

    pub(crate) fn post(target: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::new(Method::POST, target) }
    }

    pub(crate) fn form(body: &str) -> Self {
        Self::post("/", body.to_owned()).with("content-type", "application/x-www-form-urlencoded")
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the status, the code wherever the protocol says it, and that the message has `words`.
    pub(crate) fn is_error(&self, status: u16, code: &str, words: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        if self.text.starts_with('<') {
            assert!(self.text.contains(&format!("<Code>{code}</Code>")), "{self:?}");
        } else {
            assert_eq!(self.header("x-amzn-errortype"), code, "{self:?}");
            assert_eq!(self.json()["__type"], code, "{self:?}");
        }
        assert!(self.text.contains(words), "{self:?}");
        assert_eq!(self.header("x-amzn-requestid").len(), 36, "{self:?}");
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(AwsConfig::default()).await
    }

    pub(crate) async fn with(config: AwsConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
        let registry: Arc<dyn Registry> = Arc::new(opened);
        let tasks = Tasks::new();
        let clock = ManualClock::at(SystemClock.now());
        let admin = absent::user(&*registry, "admin").await;
        let viewer = absent::user(&*registry, "viewer").await;
        let alarms = Arc::new(AlarmsByHand::default());
        let history = Arc::new(HistoryByHand::default());
        let findings = Arc::new(FindingsByHand::default());
        let books = (alarms.clone() as _, findings.clone());
        let mut deps = absent::deps(&registry, books, Arc::new(clock.clone()), &tasks).await;
        deps.metric_history = history.clone();
        let config = AwsConfig { listen: ([127, 0, 0, 1], 0).into(), ..config };
        let control = deps.control.clone();
        let server = AwsServer::bind(config, deps).await.unwrap();
        Self {
            server,
            registry,
            control,
            alarms,
            findings,
            history,
            clock,
            admin,
            viewer,
            tasks,
            _folder: folder,
        }
    }

    pub(crate) fn signer(&self, key: &NewAccessKey, service: &str) -> Signer {
        Signer::new(&key.key.id, key.secret.clone(), "us-east-1", service)
    }

    pub(crate) fn host(&self) -> String {
        self.server.local_addr().to_string()
    }

    /// The request with its Host and without a signature.
    pub(crate) fn plain(&self, ask: &Ask) -> http::Request<Full<Bytes>> {
        let mut builder = http::Request::builder().method(&ask.method).uri(&ask.target);
        builder = builder.header("host", self.host());
        for (name, value) in &ask.headers {
            builder = builder.header(*name, value);
        }
        builder.body(Full::new(ask.body.clone())).unwrap()
    }

    pub(crate) fn signed(&self, ask: &Ask, signer: &Signer) -> http::Request<Full<Bytes>> {
        let (mut parts, body) = self.plain(ask).into_parts();
        signer.sign(&mut parts, &ask.body, self.clock.now()).unwrap();
        http::Request::from_parts(parts, body)
    }

    pub(crate) async fn send(&self, request: http::Request<Full<Bytes>>) -> Reply {
        let stream = TcpStream::connect(self.server.local_addr()).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        self.tasks.spawn("test-client", async move {
            // The server may end the connection of a bad client.
            drop(connection.await);
        });
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Reply { status: head.status, headers: head.headers, text }
    }

    /// Asks as the admin.
    pub(crate) async fn admin(&self, service: &str, ask: Ask) -> Reply {
        self.send(self.signed(&ask, &self.signer(&self.admin, service))).await
    }

    /// Asks as the viewer.
    pub(crate) async fn viewer(&self, service: &str, ask: Ask) -> Reply {
        self.send(self.signed(&ask, &self.signer(&self.viewer, service))).await
    }

    /// Asks with a secret that is not the admin's.
    pub(crate) fn forger(&self, service: &str) -> Signer {
        Signer::new(&self.admin.key.id, Secret::new("not the secret at all"), "us-east-1", service)
    }

    pub(crate) async fn end(self) {
        self.stop().await;
    }

    /// Stops the endpoint; the registry stays.
    pub(crate) async fn stop(&self) {
        assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
    }
}
