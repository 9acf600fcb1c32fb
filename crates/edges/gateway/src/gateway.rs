//! Starting and stopping.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use picket_broker::Broker;
use picket_core::{Account, Clock, Ledger, LedgerSnapshot, Tasks};
use picket_ports::directory::DirectoryChange;
use picket_ports::{
    AccessKeys, CloudMetrics, ConnectionLog, Directory, IotLog, JustInTime, ReportIntake,
};
use picket_registry::RightsBook;
use tokio::sync::broadcast::Receiver;

use crate::config::{GatewayConfig, InvalidGatewayConfig};
use crate::counters::{Counters, GatewayCounters};
use crate::doors::{BoundAddresses, open_doors};
use crate::faults::Faults;
use crate::https::Https;
use crate::just_in_time::Introductions;
use crate::lifecycle::Lifecycle;
use crate::listener::listen;
use crate::live::Live;
use crate::log::Log;
use crate::rates::{AccountRates, ClientBook};
use crate::shared::Shared;
use crate::standing::Terms;
use crate::tls::ServerIdentity;

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
    /// Who may sign a WebSocket's address; without it nobody may.
    pub access_keys: Option<Arc<dyn AccessKeys>>,
    /// Registers certificates that introduce themselves; without it none can.
    pub just_in_time: Option<Arc<dyn JustInTime>>,
    /// Serves HTTP on the ALPN port beside `/mqtt`. Requests carry a [`picket_ports::HttpPeer`].
    pub https: Option<Router>,
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

/// The running front door.
pub struct Gateway {
    shared: Arc<Shared>,
    /// Listeners and the followers of the registry.
    listeners: Tasks,
    connections: Tasks,
    /// Lifecycle events, also of the last connections.
    events: Tasks,
    addresses: BoundAddresses,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// How often the access keys of operators who are connected are looked at.
const KEYS_ROUND: Duration = Duration::from_millis(500);

impl Gateway {
    /// Opens the listeners and serves them until [`Gateway::shut_down`].
    pub async fn start(config: GatewayConfig, parts: GatewayParts) -> Result<Self, GatewayError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(GatewayError::Config { problems });
        }
        let terms = Terms {
            allow_expired: config.allow_expired_certificates,
            just_in_time: parts.just_in_time.is_some(),
        };
        let doors = open_doors(&config, &parts, terms).await?;
        // Before the first connection, so that no change is missed.
        let changes = parts.directory.changes();
        let events = Tasks::new();
        let gateway = Self {
            shared: Arc::new(share(config, parts, terms, &events)),
            listeners: Tasks::new(),
            connections: Tasks::new(),
            events,
            addresses: doors.addresses,
        };
        gateway.follow(changes);
        for (listener, door) in doors.open {
            let (shared, connections) = (Arc::clone(&gateway.shared), gateway.connections.clone());
            let stop = gateway.listeners.token();
            let listening = listen(listener, Arc::new(door), shared, connections, stop);
            gateway.listeners.spawn("mqtt listener", listening);
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
        let lines = self.shared.iot_log.get().map_or(0, |log| log.dropped());
        self.shared.counters.snapshot(self.shared.lifecycle.dropped(), lines)
    }

    /// Who came, left and was refused.
    pub fn connection_log(&self) -> Arc<dyn ConnectionLog> {
        Arc::clone(&self.shared.log) as Arc<dyn ConnectionLog>
    }

    /// Writes what devices do into `log` from now on. The first call counts.
    pub fn attach_iot_log(&self, log: Arc<dyn IotLog>) {
        self.shared.iot_log.get_or_init(|| log);
    }

    /// How long the gateway's tasks have been running, by name; see [`Tasks::busy`].
    pub fn busy(&self) -> Vec<(&'static str, Duration)> {
        let scopes = [&self.listeners, &self.connections, &self.events];
        scopes.into_iter().flat_map(Tasks::busy).collect()
    }

    /// Stops accepting, lets each connection finish the publishes it has taken, tells the clients and
    /// closes. False if something was not done after `grace`.
    pub async fn shut_down(&self, grace: Duration) -> bool {
        let listeners_ended = self.listeners.shut_down(grace).await;
        self.shared.live.stop_all();
        let connections_ended = self.connections.shut_down(grace).await;
        listeners_ended & connections_ended & self.events.shut_down(grace).await
    }

    fn follow(&self, changes: Receiver<DirectoryChange>) {
        let (shared, stop) = (Arc::clone(&self.shared), self.listeners.token());
        self.listeners.spawn("registry changes", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = shared.live.follow(changes) => {}
            }
        });
        let Some(keys) = self.shared.access_keys.clone() else { return };
        let (shared, stop) = (Arc::clone(&self.shared), self.listeners.token());
        self.listeners.spawn("operators' access keys", async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(KEYS_ROUND) => {}
                }
                let now = shared.clock.now();
                shared.live.check_operators(|owner| keys.is_still(owner, now));
            }
        });
    }
}

fn share(config: GatewayConfig, parts: GatewayParts, terms: Terms, events: &Tasks) -> Shared {
    let skew = Duration::from_secs(u64::from(config.signature_skew_seconds));
    Shared {
        rights: RightsBook::new(Arc::clone(&parts.directory), parts.account),
        lifecycle: Lifecycle::start(Arc::clone(&parts.broker), events),
        https: Https::new(parts.https, skew),
        introductions: parts.just_in_time.map(Introductions::new),
        log: Arc::new(Log::new(config.connection_log_events)),
        rates: AccountRates::new(&config),
        config,
        directory: parts.directory,
        cloud_metrics: parts.cloud_metrics,
        reports: parts.reports,
        access_keys: parts.access_keys,
        broker: parts.broker,
        clock: parts.clock,
        counters: Counters::default(),
        ledger: Ledger::new("gateway"),
        live: Live::default(),
        terms,
        clients: ClientBook::default(),
        iot_log: OnceLock::new(),
        report_faults: Faults::default(),
        rule_faults: Faults::default(),
        store_faults: Faults::default(),
    }
}
