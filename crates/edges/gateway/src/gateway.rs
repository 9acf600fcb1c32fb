//! Starting, accepting and stopping.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use picket_broker::Broker;
use picket_core::{Account, Clock, Ledger, LedgerSnapshot, Tasks};
use picket_ports::{CloudMetrics, Directory, ReportIntake};
use rustls_pki_types::CertificateDer;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{GatewayConfig, InvalidGatewayConfig, PlaintextAuth};
use crate::connection::{self, Io, Peer};
use crate::counters::{Counters, GatewayCounters, Refused};
use crate::door::{Door, Proof};
use crate::faults::Faults;
use crate::live::Live;
use crate::rights::PolicyShelf;
use crate::rules::{Rules, RulesConfig};
use crate::tls::{self, ServerIdentity};

/// What a gateway is made of.
#[derive(Debug)]
pub struct GatewayParts {
    /// Certificates, things and policies.
    pub directory: Arc<dyn Directory>,
    /// Counts what each device does.
    pub cloud_metrics: Arc<dyn CloudMetrics>,
    /// Takes reports of device metrics.
    pub reports: Arc<dyn ReportIntake>,
    /// Routes messages; its housekeeping must have been started.
    pub broker: Arc<Broker>,
    /// The time for events and reports.
    pub clock: Arc<dyn Clock>,
    /// The account in policies' ARNs.
    pub account: Account,
    /// Needed if a TLS listener is on.
    pub identity: Option<ServerIdentity>,
}

/// Where the listeners ended up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoundAddresses {
    /// MQTT over mutual TLS.
    pub mqtt: Option<SocketAddr>,
    /// The ALPN port.
    pub alpn: Option<SocketAddr>,
    /// MQTT without TLS.
    pub plaintext: Option<SocketAddr>,
}

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The configuration is wrong.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config {
        /// Every problem.
        problems: Vec<InvalidGatewayConfig>,
    },
    /// A TLS listener is on and there is no server certificate.
    #[error("a TLS listener is on but there is no server certificate; give one or turn it off")]
    NoIdentity,
    /// The server's certificate or key cannot be used.
    #[error("the server's certificate or key cannot be used")]
    Tls(#[from] rustls::Error),
    /// An address is taken or not permitted.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) cloud_metrics: Arc<dyn CloudMetrics>,
    pub(crate) reports: Arc<dyn ReportIntake>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) account: Account,
    pub(crate) counters: Counters,
    pub(crate) ledger: Ledger,
    pub(crate) live: Live,
    pub(crate) policies: PolicyShelf,
    /// Why reports cannot be stored.
    pub(crate) report_faults: Faults,
    /// Why rules cannot be completed.
    pub(crate) rule_faults: Faults,
}

impl Shared {
    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.config.write_timeout_ms)
    }
}

/// The running front door.
pub struct Gateway {
    shared: Arc<Shared>,
    /// Listeners and the follower of the registry.
    listeners: Tasks,
    connections: Tasks,
    addresses: BoundAddresses,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// The port that needs no permission, for where 443 is not permitted.
const UNPRIVILEGED_ALPN_PORT: u16 = 8443;
const TCP_KEEPALIVE: Duration = Duration::from_secs(300);

impl Gateway {
    /// Opens the listeners and serves them until [`Gateway::shut_down`].
    pub async fn start(config: GatewayConfig, parts: GatewayParts) -> Result<Self, GatewayError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(GatewayError::Config { problems });
        }
        let doors = open_doors(&config, &parts).await?;
        // Before the first connection, so that no change is missed.
        let changes = parts.directory.changes();
        let shared = Arc::new(Shared {
            config,
            directory: parts.directory,
            cloud_metrics: parts.cloud_metrics,
            reports: parts.reports,
            broker: parts.broker,
            clock: parts.clock,
            account: parts.account,
            counters: Counters::default(),
            ledger: Ledger::new("gateway"),
            live: Live::default(),
            policies: PolicyShelf::default(),
            report_faults: Faults::default(),
            rule_faults: Faults::default(),
        });
        let gateway = Self {
            shared,
            listeners: Tasks::new(),
            connections: Tasks::new(),
            addresses: doors.addresses,
        };
        gateway.follow(changes);
        for (listener, door) in doors.open {
            gateway.listen(listener, Arc::new(door));
        }
        Ok(gateway)
    }

    /// Where the listeners ended up.
    pub fn addresses(&self) -> BoundAddresses {
        self.addresses
    }

    /// The account book of publishes from clients.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.shared.ledger.snapshot()
    }

    /// Connections open and refused.
    pub fn counters(&self) -> GatewayCounters {
        self.shared.counters.snapshot()
    }

    /// How long the gateway's tasks have been running, by name; see [`Tasks::busy`].
    pub fn busy(&self) -> Vec<(&'static str, Duration)> {
        [&self.listeners, &self.connections].into_iter().flat_map(Tasks::busy).collect()
    }

    /// Stops accepting, lets each connection finish the publishes it has taken, tells the clients and
    /// closes. False if some connections were not done after `grace`.
    pub async fn shut_down(&self, grace: Duration) -> bool {
        let listeners_ended = self.listeners.shut_down(grace).await;
        self.shared.live.stop_all();
        listeners_ended & self.connections.shut_down(grace).await
    }

    fn follow(
        &self,
        changes: tokio::sync::broadcast::Receiver<picket_ports::directory::DirectoryChange>,
    ) {
        let (shared, stop) = (Arc::clone(&self.shared), self.listeners.token());
        self.listeners.spawn("registry changes", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = shared.live.follow(changes) => {}
            }
        });
    }

    fn listen(&self, listener: TcpListener, door: Arc<Door>) {
        let (shared, stop) = (Arc::clone(&self.shared), self.listeners.token());
        let connections = self.connections.clone();
        self.listeners.spawn("mqtt listener", async move {
            loop {
                let accepted = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                match accepted {
                    Ok((stream, from)) => {
                        welcome(&shared, &door, &connections, stream, from);
                    }
                    Err(error) => {
                        tracing::warn!(listener = %door.address, %error, "accept failed");
                        // Out of descriptors, most likely: give some connections time to end.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        });
    }
}

/// Counts a new connection and starts its task.
fn welcome(
    shared: &Arc<Shared>,
    door: &Arc<Door>,
    connections: &Tasks,
    stream: TcpStream,
    from: SocketAddr,
) {
    let address = from.ip().to_canonical();
    let config = &shared.config;
    let (max, per_address_max) = (config.connections_max, config.connections_per_address_max);
    if !shared.counters.admit(address, max, per_address_max) {
        return;
    }
    let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE);
    let set = stream.set_nodelay(true).and(SockRef::from(&stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = set {
        tracing::debug!(%error, "socket options");
    }
    let (shared, door) = (Arc::clone(shared), Arc::clone(door));
    let seat = Seat { shared: Arc::clone(&shared), address };
    connections.spawn("mqtt connection", async move {
        let _seat = seat;
        handshake(stream, address, door, shared).await;
    });
}

/// Counts the connection out, also if its task panics.
struct Seat {
    shared: Arc<Shared>,
    address: std::net::IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.counters.gone(self.address);
    }
}

async fn handshake(
    stream: TcpStream,
    address: std::net::IpAddr,
    door: Arc<Door>,
    shared: Arc<Shared>,
) {
    let Proof::Certificate { acceptor, needs_alpn } = &door.proof else {
        let mut io = Io::new(stream, shared.write_timeout());
        let peer = Peer { address, certificate: None };
        return connection::serve(&mut io, peer, &door, &shared).await;
    };
    // Boxed, as it is large and soon gone.
    match Box::pin(secure(stream, acceptor, *needs_alpn, &shared)).await {
        Ok((mut io, certificate)) => {
            let peer = Peer { address, certificate: Some(certificate) };
            connection::serve(&mut io, peer, &door, &shared).await;
        }
        Err(reason) => shared.counters.refused(reason),
    }
}

/// TLS, and the certificate whose key the client has proven to have.
async fn secure(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    needs_alpn: bool,
    shared: &Shared,
) -> Result<(Box<Io<TlsStream<TcpStream>>>, CertificateDer<'static>), Refused> {
    let limit = Duration::from_millis(shared.config.handshake_timeout_ms);
    let stream = match timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake failed");
            return Err(tls::refusal(&error));
        }
        Err(_late) => return Err(Refused::Handshake),
    };
    let session = stream.get_ref().1;
    if needs_alpn && session.alpn_protocol() != Some(tls::MQTT_ALPN) {
        return Err(Refused::Alpn);
    }
    let certificate = session.peer_certificates().and_then(|chain| chain.first()).cloned();
    let certificate = certificate.ok_or(Refused::Handshake)?.into_owned();
    Ok((Box::new(Io::new(stream, shared.write_timeout())), certificate))
}

#[derive(Default)]
struct Doors {
    open: Vec<(TcpListener, Door)>,
    addresses: BoundAddresses,
}

async fn open_doors(config: &GatewayConfig, parts: &GatewayParts) -> Result<Doors, GatewayError> {
    let mut doors = Doors::default();
    let with_max_qos = |rules: &RulesConfig| {
        let max_qos = rules.max_qos.or(config.max_qos);
        RulesConfig { max_qos, ..rules.clone() }
    };
    let tls_rules = Rules::for_tls(&with_max_qos(&config.tls_rules));
    for (address, alpn) in [(config.mqtt, false), (config.alpn, true)] {
        let Some(address) = address.get() else { continue };
        let identity = parts.identity.as_ref().ok_or(GatewayError::NoIdentity)?;
        let directory = Arc::clone(&parts.directory);
        let allow_expired = config.allow_expired_certificates;
        let tls = tls::server_config(identity, directory, allow_expired, alpn)?;
        let (listener, bound) = bind(address, alpn).await?;
        let place = if alpn { &mut doors.addresses.alpn } else { &mut doors.addresses.mqtt };
        *place = Some(bound);
        doors.open.push((listener, Door::tls(bound, tls_rules.clone(), tls, alpn)));
    }
    if let Some(address) = config.plaintext.get() {
        let (listener, bound) = bind(address, false).await?;
        doors.addresses.plaintext = Some(bound);
        let proof = match (&config.plaintext_auth, &config.plaintext_password) {
            (PlaintextAuth::Password, Some(pair)) => Proof::Password(pair.clone()),
            _ => Proof::None,
        };
        let rules = Rules::for_plaintext(&with_max_qos(&config.plaintext_rules));
        let deny_subscribe = config.plaintext_deny_subscribe.clone().into();
        doors.open.push((listener, Door { address: bound, rules, proof, deny_subscribe }));
    }
    Ok(doors)
}

async fn bind(address: SocketAddr, alpn: bool) -> Result<(TcpListener, SocketAddr), GatewayError> {
    let failed = |address| move |source| GatewayError::Listen { address, source };
    let listener = match TcpListener::bind(address).await {
        Err(error) if alpn && address.port() == 443 && is_forbidden(&error) => {
            let other = SocketAddr::new(address.ip(), UNPRIVILEGED_ALPN_PORT);
            tracing::info!(%other, "port 443 is not permitted");
            TcpListener::bind(other).await.map_err(failed(other))?
        }
        other => other.map_err(failed(address))?,
    };
    let bound = listener.local_addr().map_err(failed(address))?;
    Ok((listener, bound))
}

fn is_forbidden(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}
