//! Listening, connections and background work of the collector.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use picket_core::{Clock, Ledger, Tasks};
use picket_ports::registry::DocumentKind;
use picket_ports::{EventIndex, LogError, Registry, RegistryError, StateBatch, StateStores};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::acks::{AckBook, AckLimits};
use super::body::{BodyReader, Budget};
use super::config::HecConfig;
use super::service::Collector;
use super::stats::{Counters, HecStats};
use super::tokens::{HecToken, TokenTable};

/// Largest head of a request.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Acknowledgement numbers of one run of the server. A later run starts after them.
const IDS_PER_RUN_BITS: u32 = 32;

/// What the collector needs from the rest of the server.
#[derive(Debug)]
pub struct HecDeps {
    /// Where events go.
    pub index: Arc<dyn EventIndex>,
    /// Where the tokens are.
    pub registry: Arc<dyn Registry>,
    /// Where the run is counted, so that acknowledgement ids of an earlier run do not come again.
    pub states: Arc<dyn StateStores>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The scope of connections and background work.
    pub tasks: Tasks,
    /// The certificate; must be there if the configuration says TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// Why the collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is taken or not ours.
    #[error("the event collector cannot listen on {address}; choose another `hec.listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// TLS is on and there is no certificate.
    #[error("`hec.tls` is on and no certificate was given")]
    NoCertificate,
    /// The tokens could not be read.
    #[error("the HEC tokens could not be read")]
    Registry(#[from] RegistryError),
    /// The run could not be counted.
    #[error("the event collector's state could not be read or written")]
    State(#[from] LogError),
}

/// A running collector.
#[derive(Debug)]
pub struct HecServer {
    address: SocketAddr,
    tls: bool,
    collector: Arc<Collector>,
}

impl HecServer {
    /// Starts to listen. Ends when the tasks of `deps` are told to stop.
    pub async fn open(config: HecConfig, deps: HecDeps) -> Result<Self, OpenError> {
        let acceptor = match (config.tls, deps.tls) {
            (true, None) => return Err(OpenError::NoCertificate),
            (true, Some(tls)) => Some(TlsAcceptor::from(tls)),
            (false, _) => None,
        };
        // From here on a change of the registry is noticed; tokens are read after that.
        let revision = deps.registry.documents_revision();
        let tokens = load_tokens(&*deps.registry).await?;
        let first_id = count_run(&*deps.states).await? << IDS_PER_RUN_BITS;
        let limits = AckLimits {
            channels_max: config.channels_max,
            channel_acks_max: config.channel_acks_max,
            acks_max: config.acks_max,
            idle: config.channel_idle(),
        };
        let collector = Arc::new(Collector {
            index: deps.index,
            tokens: RwLock::new(Arc::new(tokens)),
            acks: Mutex::new(AckBook::new(limits, first_id)),
            reader: BodyReader {
                bytes_max: config.body_bytes_max,
                timeout: Duration::from_secs(config.body_timeout_seconds),
                budget: Budget::new(config.memory_bytes_max),
            },
            clock: deps.clock,
            tasks: deps.tasks.clone(),
            ledger: Arc::new(Ledger::new("hec")),
            counters: Counters::default(),
            config,
        });
        let listener = listen(collector.config.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|source| OpenError::Listen { address: collector.config.listen, source })?;
        let tls = acceptor.is_some();
        let tasks = deps.tasks;
        tasks.spawn("hec-tokens", follow_tokens(collector.clone(), deps.registry, revision));
        tasks.spawn("hec-channels", sweep_channels(collector.clone()));
        tasks.spawn("hec-listener", accept(listener, acceptor, collector.clone()));
        Ok(Self { address, tls, collector })
    }

    /// Where the collector listens, with the port it got.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, host and port for a client on this machine.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// Events in, out and refused.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.collector.ledger.clone()
    }

    /// Answers and broken connections so far.
    pub fn stats(&self) -> HecStats {
        self.collector.counters.stats()
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, OpenError> {
    TcpListener::bind(address).await.map_err(|source| OpenError::Listen { address, source })
}

async fn load_tokens(registry: &dyn Registry) -> Result<TokenTable, RegistryError> {
    let mut tokens = Vec::new();
    for document in registry.documents(DocumentKind::HecToken).await? {
        match HecToken::parse(&document.name, &document.body) {
            Ok(token) => tokens.push(token),
            Err(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                tracing::error!(problems = problems.join("; "), "a HEC token is not usable");
            }
        }
    }
    Ok(TokenTable::new(tokens))
}

/// How many runs there were before this one.
async fn count_run(states: &dyn StateStores) -> Result<u64, LogError> {
    let state = states.open_state("hec").await?;
    let stored = state.get(b"runs").await?;
    let runs =
        stored.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()).map_or(0, u64::from_be_bytes);
    let mut batch = StateBatch::default();
    batch.put("runs", (runs + 1).to_be_bytes());
    state.commit(batch).await?;
    Ok(runs)
}

async fn follow_tokens(
    collector: Arc<Collector>,
    registry: Arc<dyn Registry>,
    mut revision: watch::Receiver<u64>,
) {
    loop {
        tokio::select! {
            () = collector.tasks.stopping() => return,
            changed = revision.changed() => if changed.is_err() { return },
        }
        match load_tokens(&*registry).await {
            Ok(tokens) => {
                let mut current =
                    collector.tokens.write().unwrap_or_else(std::sync::PoisonError::into_inner);
                *current = Arc::new(tokens);
            }
            Err(error) => {
                tracing::error!(%error, "HEC tokens were not reloaded; the old ones stay")
            }
        }
    }
}

async fn sweep_channels(collector: Arc<Collector>) {
    let period = (collector.config.channel_idle() / 4)
        .clamp(Duration::from_secs(1), Duration::from_secs(60));
    let mut ticks = tokio::time::interval(period);
    loop {
        tokio::select! {
            () = collector.tasks.stopping() => return,
            _ = ticks.tick() => collector.sweep(),
        }
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, collector: Arc<Collector>) {
    let seats = Arc::new(Semaphore::new(collector.config.connections_max));
    let tasks = collector.tasks.clone();
    loop {
        let accepted = tokio::select! {
            () = tasks.stopping() => return,
            accepted = accept_one(&listener, &seats) => accepted,
        };
        match accepted {
            Some((stream, peer, seat)) => {
                let serving = serve(stream, peer, tls.clone(), collector.clone());
                tasks.spawn("hec-connection", async move {
                    serving.await;
                    drop(seat);
                });
            }
            // Out of file descriptors, most likely: give others time to close theirs.
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn accept_one(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let seat = seats.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, seat)),
        Err(error) => {
            tracing::warn!(%error, "a HEC connection could not be accepted");
            None
        }
    }
}

/// Answers go out at once, and a peer that does not take them is cut off in time.
fn tune(stream: &TcpStream, config: &HecConfig) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let patience = Duration::from_secs(config.body_timeout_seconds);
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(patience))
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    collector: Arc<Collector>,
) {
    if let Err(error) = tune(&stream, &collector.config) {
        tracing::debug!(%error, "a HEC connection could not be tuned");
    }
    let Some(tls) = tls else { return serve_http(stream, peer, collector).await };
    let patience = Duration::from_secs(collector.config.handshake_timeout_seconds);
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(patience, tls.accept(stream)) => accepted,
        () = collector.tasks.stopping() => return,
    };
    match accepted {
        Ok(Ok(stream)) => serve_http(stream, peer, collector).await,
        Ok(Err(error)) => {
            collector.counters.bad_handshake();
            tracing::debug!(%peer, %error, "TLS handshake failed");
        }
        Err(_) => {
            collector.counters.bad_handshake();
            tracing::debug!(%peer, "TLS handshake took too long");
        }
    }
}

async fn serve_http<S>(stream: S, peer: SocketAddr, collector: Arc<Collector>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let tasks = collector.tasks.clone();
    let idle = Duration::from_secs(collector.config.idle_timeout_seconds);
    let service = service_fn(|request| {
        let collector = collector.clone();
        async move { Ok::<_, std::convert::Infallible>(collector.answer(peer.ip(), request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(idle);
    http.max_buf_size(HEAD_BYTES_MAX).max_header_size(HEAD_BYTES_MAX);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    collector.counters.bad_connection();
                    tracing::debug!(%peer, %error, "HEC connection ended");
                }
                return;
            }
            () = tasks.stopping(), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
