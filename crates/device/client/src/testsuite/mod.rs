//! A small MQTT endpoint for tests of this crate and of those that use it: real sockets, mutual TLS by
//! a certificate authority of its own, and misbehaviour on request. Not a broker: a message goes
//! nowhere but into the endpoint's record, and what the endpoint answers goes to the sender only.

mod authority;
mod connection;
mod record;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use picket_core::{Clock, SystemClock, Tasks};
use picket_wire_report::{Format, RejectCode, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::{Endpoint, Identity, IdentityPaths, Message};
use authority::Authority;
pub use record::{Received, Record};

/// Gives what is to be sent to the sender of a message.
pub type Reply = Arc<dyn Fn(&Received) -> Vec<Message> + Send + Sync>;
/// Gives the MQTT 5 reason code to refuse with, or `None` to allow.
pub type Refuse = Arc<dyn Fn(&str) -> Option<u8> + Send + Sync>;

/// How the endpoint behaves.
#[derive(Clone)]
pub struct Behaviour {
    /// Asked with the client id at CONNECT.
    pub refuse_connect: Refuse,
    /// Asked with the topic of a publish. A 3.1.1 client is disconnected instead, as AWS does.
    pub refuse_publish: Refuse,
    /// Asked with the topic filter of a subscription.
    pub refuse_subscribe: Refuse,
    /// Answers to a message, sent if the sender has subscribed to their topics.
    pub reply: Reply,
    /// Whether publishes are acknowledged.
    pub acknowledge: bool,
    /// Whether PINGREQ is answered.
    pub answer_pings: bool,
    /// The Receive Maximum told to MQTT 5 clients.
    pub receive_maximum: u16,
}

impl Default for Behaviour {
    /// Allows everything and accepts every report.
    fn default() -> Self {
        Self {
            refuse_connect: Arc::new(|_| None),
            refuse_publish: Arc::new(|_| None),
            refuse_subscribe: Arc::new(|_| None),
            reply: Arc::new(accept_report),
            acknowledge: true,
            answer_pings: true,
            receive_maximum: 100,
        }
    }
}

/// Answers a defender report with `accepted`, or `rejected` if it cannot be decoded.
pub fn accept_report(received: &Received) -> Vec<Message> {
    answer_report(received, |_| None)
}

/// Answers a defender report: `refuse` may give code and message of a rejection.
pub fn answer_report(
    received: &Received,
    refuse: impl Fn(&Received) -> Option<(RejectCode, String)>,
) -> Vec<Message> {
    let Some((thing, format)) = report_topic(&received.topic) else { return Vec::new() };
    let now = SystemClock.now();
    let decoded = picket_wire_report::decode(format, &received.payload);
    let (end, response) = match (refuse(received), decoded) {
        (Some((code, message)), decoded) => {
            let id = decoded.ok().map(|report| report.report_id);
            ("rejected", Response::rejected(thing, id, code, message, now))
        }
        (None, Ok(report)) => ("accepted", Response::accepted(thing, report.report_id, now)),
        (None, Err(error)) => {
            let code = RejectCode::InvalidPayload;
            let response = Response::rejected(thing, error.report_id, code, error.to_string(), now);
            ("rejected", response)
        }
    };
    let topic = format!("{}/{end}", received.topic);
    vec![Message { topic, payload: response.encode(format), retain: false }]
}

/// Thing and format of a defender report topic.
pub fn report_topic(topic: &str) -> Option<(&str, Format)> {
    let (thing, rest) = topic.strip_prefix("$aws/things/")?.split_once('/')?;
    match rest {
        "defender/metrics/json" => Some((thing, Format::Json)),
        "defender/metrics/cbor" => Some((thing, Format::Cbor)),
        _ => None,
    }
}

/// A running endpoint. Ends when dropped.
pub struct TestEndpoint {
    secure: SocketAddr,
    plain: SocketAddr,
    record: Arc<Record>,
    authority: Authority,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for TestEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestEndpoint").field("secure", &self.secure).finish_non_exhaustive()
    }
}

impl TestEndpoint {
    /// Listens on two free ports of the loopback.
    ///
    /// # Panics
    /// When the machine does not allow it.
    pub fn start(behaviour: Behaviour) -> Self {
        let authority = Authority::generate();
        let acceptor = TlsAcceptor::from(authority.server_config());
        let record = Arc::new(Record::new(behaviour));
        let stop = CancellationToken::new();
        let (started, addresses) = oneshot::channel();
        let parts = Parts { acceptor, record: record.clone(), stop: stop.clone() };
        let thread = std::thread::spawn(move || serve_on_this_thread(parts, started));
        let (secure, plain) = blocking(addresses);
        Self { secure, plain, record, authority, stop, thread: Some(thread) }
    }

    /// Where TLS is spoken.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new("localhost", self.secure.port())
    }

    /// Where MQTT is spoken without TLS.
    pub fn plain_endpoint(&self) -> Endpoint {
        Endpoint::new("127.0.0.1", self.plain.port())
    }

    /// What happened here so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// A new certificate that the endpoint knows, for the device `name`.
    pub fn identity(&self, name: &str) -> Identity {
        self.authority.issue(name).identity()
    }

    /// The same as three files in `directory`.
    pub fn identity_files(&self, directory: &Path, name: &str) -> IdentityPaths {
        self.authority.issue(name).write_to(directory)
    }

    /// A certificate of another authority, which the endpoint refuses. Its owner trusts the endpoint.
    pub fn stranger(&self, name: &str) -> Identity {
        self.authority.issue_by(&Authority::generate(), name).identity()
    }

    /// A certificate whose validity has ended, as three files in `directory`.
    pub fn expired_files(&self, directory: &Path, name: &str) -> IdentityPaths {
        self.authority.issue_expired(name).write_to(directory)
    }

    /// Closes all connections that are open now, without a word.
    pub fn cut(&self) {
        self.record.cut();
    }
}

impl Drop for TestEndpoint {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed already.
            drop(thread.join());
        }
    }
}

struct Parts {
    acceptor: TlsAcceptor,
    record: Arc<Record>,
    stop: CancellationToken,
}

fn serve_on_this_thread(parts: Parts, started: oneshot::Sender<(SocketAddr, SocketAddr)>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let serve = async move {
        let secure = TcpListener::bind("127.0.0.1:0").await?;
        let plain = TcpListener::bind("127.0.0.1:0").await?;
        if started.send((secure.local_addr()?, plain.local_addr()?)).is_ok() {
            accept(secure, plain, parts).await;
        }
        Ok::<(), std::io::Error>(())
    };
    runtime.and_then(|runtime| runtime.block_on(serve)).expect("the test endpoint cannot run");
}

async fn accept(secure: TcpListener, plain: TcpListener, parts: Parts) {
    let Parts { acceptor, record, stop } = parts;
    let tasks = Tasks::new();
    loop {
        tokio::select! {
            Ok((socket, _)) = secure.accept() => {
                let (acceptor, record, stop) = (acceptor.clone(), record.clone(), stop.clone());
                tasks.spawn("test-connection", async move {
                    match acceptor.accept(socket).await {
                        Ok(stream) => connection::serve(stream, record, stop).await,
                        Err(error) => record.tls_failed(error.to_string()),
                    }
                });
            }
            Ok((socket, _)) = plain.accept() => {
                tasks.spawn("test-connection", connection::serve(socket, record.clone(), stop.clone()));
            }
            () = stop.cancelled() => return,
        }
    }
}

/// Waits for the addresses, also from within a runtime.
fn blocking(addresses: oneshot::Receiver<(SocketAddr, SocketAddr)>) -> (SocketAddr, SocketAddr) {
    std::thread::spawn(move || addresses.blocking_recv())
        .join()
        .ok()
        .and_then(Result::ok)
        .expect("the test endpoint did not start")
}
