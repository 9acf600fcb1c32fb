//! An HTTP receiver on a real socket, with TLS if wanted, that answers as it is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use picket_core::Tasks;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request that came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// How a receiver answers.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    Status(u16),
    /// These bytes, whatever they are.
    Bytes(Vec<u8>),
    /// Not at all.
    Silence,
    /// A status at once and a body that never ends.
    Drip,
}

#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    pub(super) root_pem: Option<String>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    requests: Mutex<Vec<Request>>,
    manner: Mutex<Manner>,
}

impl Request {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Receiver {
    /// A receiver at plain HTTP.
    pub(super) async fn plain(tasks: &Tasks) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::at(listener, None, None, tasks)
    }

    /// A receiver with a certificate for 127.0.0.1 and localhost.
    pub(super) async fn tls(tasks: &Tasks) -> Self {
        let (acceptor, root_pem) = tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::at(listener, Some(acceptor), Some(root_pem), tasks)
    }

    /// A receiver at plain HTTP where one was before; that one may take a moment to go.
    pub(super) async fn back_at(address: SocketAddr, tasks: &Tasks) -> Self {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match TcpListener::bind(address).await {
                Ok(listener) => return Self::at(listener, None, None, tasks),
                Err(error) => assert!(Instant::now() < deadline, "{address}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn at(
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        root_pem: Option<String>,
        tasks: &Tasks,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(State { requests: Mutex::default(), manner: Mutex::new(Manner::Status(200)) });
        let (shared, scope) = (state.clone(), tasks.clone());
        tasks.spawn("receiver", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, tls) = (shared.clone(), tls.clone());
                scope.spawn("receiver-connection", async move {
                    match tls {
                        None => shared.serve(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => shared.serve(stream).await,
                            Err(error) => tracing::debug!(%error, "no TLS"),
                        },
                    }
                });
            }
        });
        Self { address, root_pem, state }
    }

    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.root_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    pub(super) fn answers(&self, manner: Manner) {
        *self.state.manner.lock() = manner;
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().clone()
    }

    /// Waits until `count` requests have come.
    pub(super) async fn wait_for(&self, count: usize) -> Vec<Request> {
        super::rig::until("requests", || self.state.requests.lock().len() >= count).await;
        self.requests()
    }
}

impl State {
    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(request) = read_request(&mut stream).await {
            self.requests.lock().push(request);
            let manner = self.manner.lock().clone();
            let written = match manner {
                Manner::Status(status) => {
                    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 4\r\n\r\nsaid");
                    stream.write_all(answer.as_bytes()).await
                }
                Manner::Bytes(bytes) => {
                    drop(stream.write_all(&bytes).await);
                    drop(stream.shutdown().await);
                    return;
                }
                Manner::Silence => std::future::pending().await,
                Manner::Drip => loop {
                    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n";
                    if stream.write_all(head.as_bytes()).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                },
            };
            if written.is_err() {
                return;
            }
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        let mut chunk = [0; 4_096];
        let n = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..n]);
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        let mut chunk = [0; 4_096];
        let n = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        body.extend_from_slice(&chunk[..n]);
    }
    Some(Request { path, headers, body: String::from_utf8(body).unwrap() })
}

/// A server's side of TLS with a certificate of its own, and that certificate.
pub(super) fn tls() -> (TlsAcceptor, String) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let chain: Vec<CertificateDer<'static>> = vec![made.cert.der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}
