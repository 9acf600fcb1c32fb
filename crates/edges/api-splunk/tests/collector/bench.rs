//! A running collector, its storage, and an index that keeps events in a durable log.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use picket_api_splunk::{HecConfig, HecDeps, HecServer};
use picket_core::{ManualClock, Tasks, Timestamp};
use picket_fjall::{FjallConfig, FjallStore};
use picket_ports::event_log::{EventLog, Position};
use picket_ports::registry::{DocumentKind, Documents};
use picket_ports::{EventIndex, EventLogs, IndexError, IndexedEvent};
use picket_sqlite::SqliteRegistry;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::client::{Answer, Client};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);
/// Grace of every shutdown in these tests.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// An index whose events are records of a log; searchable when the test says so.
#[derive(Debug)]
pub(crate) struct LogIndex {
    log: Arc<dyn EventLog>,
    searchable: watch::Sender<u64>,
    pub(crate) failing: AtomicU8,
}

pub(crate) const BUSY: u8 = 1;
pub(crate) const STORAGE: u8 = 2;
pub(crate) const STOPPING: u8 = 3;

#[async_trait]
impl EventIndex for LogIndex {
    fn has_index(&self, name: &str) -> bool {
        ["iot", "main", "other"].contains(&name)
    }

    async fn append(&self, events: Vec<IndexedEvent>) -> Result<u64, IndexError> {
        match self.failing.load(Ordering::SeqCst) {
            BUSY => return Err(IndexError::Busy),
            STORAGE => return Err(IndexError::Storage("the disk is gone".to_owned())),
            STOPPING => return Err(IndexError::ShuttingDown),
            _ => {}
        }
        let count = events.len() as u64;
        let records = events.iter().map(|event| Bytes::from(shown(event).to_string())).collect();
        let first = self.log.append(0, records).await.unwrap();
        Ok(first.sequence + count - 1)
    }

    fn searchable(&self) -> watch::Receiver<u64> {
        self.searchable.subscribe()
    }
}

fn shown(event: &IndexedEvent) -> Value {
    json!({
        "time": event.time.as_millis(),
        "index": event.index,
        "host": event.host,
        "source": event.source,
        "sourcetype": event.sourcetype,
        "raw": String::from_utf8_lossy(&event.raw),
        "fields": event.fields,
    })
}

pub(crate) struct Bench {
    pub(crate) server: HecServer,
    pub(crate) index: Arc<LogIndex>,
    pub(crate) registry: Arc<SqliteRegistry>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) tasks: Tasks,
    pub(crate) at: SocketAddr,
    pub(crate) store: Arc<FjallStore>,
    pub(crate) dir: Arc<tempfile::TempDir>,
}

/// Settings of a collector without TLS on a free port.
pub(crate) fn plain() -> HecConfig {
    HecConfig { listen: "127.0.0.1:0".parse().unwrap(), tls: false, ..HecConfig::default() }
}

/// Tokens as registry documents. `plain` is the usual one.
const TOKENS: &[(&str, &str)] = &[
    ("plain", r#"{"token":"plain-token"}"#),
    ("acks", r#"{"token":"ack-token","useACK":true,"index":"iot"}"#),
    ("easy", r#"{"token":"easy-token","useACK":true,"channelOptional":true}"#),
    ("off", r#"{"token":"off-token","disabled":true}"#),
    ("query", r#"{"token":"query-token","allowQueryStringAuth":true}"#),
    (
        "fleet",
        r#"{"token":"fleet-token","index":"iot","indexes":["iot","missing"],"source":"s",
        "sourcetype":"st","host":"h"}"#,
    ),
    ("broken", r#"{"tokem":"x"}"#),
];

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(plain(), None).await
    }

    pub(crate) async fn with(config: HecConfig, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let registry = open_registry(dir.path()).await;
        for (name, body) in TOKENS {
            registry.create_document(DocumentKind::HecToken, name, body, NOW).await.unwrap();
        }
        // Small enough a reserve for the disks tests run on.
        let settings = FjallConfig { free_bytes_min: 1 << 20, ..FjallConfig::default() };
        let store = Arc::new(FjallStore::open_with(dir.path().join("store"), settings).unwrap());
        Self::on(config, tls, (dir, store, registry)).await
    }

    /// The same data with a server of its own, as after a restart.
    pub(crate) async fn restart(self, config: HecConfig) -> Self {
        assert!(self.tasks.shut_down(GRACE).await);
        Self::on(config, None, (self.dir, self.store, self.registry)).await
    }

    async fn on(
        config: HecConfig,
        tls: Option<Arc<rustls::ServerConfig>>,
        (dir, store, registry): (Arc<tempfile::TempDir>, Arc<FjallStore>, Arc<SqliteRegistry>),
    ) -> Self {
        let log = store.open("events", 1).await.unwrap();
        let index = Arc::new(LogIndex {
            log,
            searchable: watch::Sender::new(0),
            failing: AtomicU8::new(0),
        });
        let (clock, tasks) = (Arc::new(ManualClock::at(NOW)), Tasks::new());
        let deps = HecDeps {
            index: index.clone(),
            registry: registry.clone(),
            states: store.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            tls,
        };
        let server = HecServer::open(config, deps).await.unwrap();
        let at = server.address();
        Self { server, index, registry, clock, tasks, at, store, dir }
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, head: &str, body: &[u8]) -> Answer {
        Client::connect(self.at).await.request(head, body).await
    }

    /// A body for `/services/collector/event` with a token.
    pub(crate) async fn event(&self, token: &str, body: &[u8]) -> Answer {
        self.send(&post("/services/collector/event", token), body).await
    }

    /// Everything that was stored, in order.
    pub(crate) async fn stored(&self) -> Vec<Value> {
        let from = Position { partition: 0, sequence: 1 };
        let records = self.index.log.read(from, 1_000_000, usize::MAX).await.unwrap();
        records.iter().map(|record| serde_json::from_slice(&record.payload).unwrap()).collect()
    }

    /// The texts of everything that was stored.
    pub(crate) async fn raws(&self) -> Vec<String> {
        self.stored().await.iter().map(|event| event["raw"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes everything that was appended so far searchable.
    pub(crate) fn make_searchable(&self) {
        self.index.searchable.send_replace(self.index.log.next_sequence(0) - 1);
    }
}

async fn open_registry(dir: &Path) -> Arc<SqliteRegistry> {
    Arc::new(SqliteRegistry::open(dir.join("registry.db")).await.unwrap())
}

/// The head of a POST with a token, without its length.
pub(crate) fn post(path: &str, token: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: picket\r\nAuthorization: Splunk {token}\r\n")
}

/// Waits until `done`, 5 seconds at most.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + GRACE;
    while !done().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
