//! An engine on real storage in a temporary directory, on a runtime of its own that can be killed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use picket_core::{Account, Clock, SystemClock, Tasks, Timestamp, TraceId};
use picket_fjall::{FjallConfig, FjallStore};
use picket_ports::registry::{DocumentKind, Documents};
use picket_ports::{Delivery, DeliveryError, Receipt, Record};
use picket_sqlite::SqliteRegistry;

use super::collector::Collector;
use crate::{DeliveryConfig, DeliveryDeps, DeliveryEngine, Functions, StreamStatus};

pub(super) const STREAM: &str = "dd-DeliveryStream";
pub(super) const NATIVE: &str =
    "arn:aws:lambda:eu-west-1:123456789012:function:picket-device-defender-transform:$LATEST";
const DEADLINE: Duration = Duration::from_secs(20);

/// The settings of a test.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) config: DeliveryConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) functions: Option<Arc<dyn Functions>>,
    pub(super) ca_pem: Vec<String>,
}

impl Setup {
    /// A fast line to `collector`, which is not known as our own.
    pub(super) fn to(collector: &Collector) -> Self {
        let config = DeliveryConfig {
            interval_max_ms: Some(5),
            ack_poll_min_ms: 5,
            ack_poll_max_ms: 20,
            backoff_ms: 5,
            drain_ms: 100,
            allow_hosts: vec![collector.address.to_string()],
            ..DeliveryConfig::default()
        };
        let ca_pem = vec![collector.ca_pem.clone()];
        Self { config, clock: Arc::new(SystemClock), functions: None, ca_pem }
    }
}

/// A document with these members added to, or put in place of, a usual Splunk destination's.
pub(super) fn document(collector: &Collector, members: serde_json::Value) -> String {
    let mut destination = serde_json::json!({
        "HECEndpoint": collector.url(), "HECEndpointType": "Event", "HECToken": "secret-token",
        "RetryOptions": {"DurationInSeconds": 60},
        "S3Configuration": {"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::backup"},
    });
    for (name, value) in members.as_object().unwrap() {
        destination[name] = value.clone();
    }
    serde_json::json!({"SplunkDestinationConfiguration": destination}).to_string()
}

pub(super) fn lambda(arn: &str) -> serde_json::Value {
    serde_json::json!({"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [
        {"ParameterName": "LambdaArn", "ParameterValue": arn},
        {"ParameterName": "NumberOfRetries", "ParameterValue": "2"}]}]})
}

/// A running engine.
pub(super) struct Rig {
    pub(super) dir: Arc<tempfile::TempDir>,
    pub(super) registry: Arc<SqliteRegistry>,
    pub(super) engine: Arc<DeliveryEngine>,
    pub(super) tasks: Tasks,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Rig {
    /// A new directory with one stream of this document.
    pub(super) async fn new(setup: &Setup, body: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let registry = SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap();
        let now = SystemClock.now();
        registry.create_document(DocumentKind::DeliveryStream, STREAM, body, now).await.unwrap();
        drop(registry);
        Self::open(setup, dir).await
    }

    /// Opens what is in `dir`.
    pub(super) async fn open(setup: &Setup, dir: Arc<tempfile::TempDir>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let tasks = Tasks::new();
        let (setup, path, inner) = (setup.clone(), dir.path().to_owned(), tasks.clone());
        let opened = runtime.handle().spawn(async move {
            let registry = Arc::new(SqliteRegistry::open(path.join("registry.db")).await.unwrap());
            let store = Arc::new(open_store(&path).await);
            let deps = DeliveryDeps {
                logs: store.clone(),
                states: store,
                registry: registry.clone(),
                functions: setup.functions,
                root: path.join("s3"),
                extra_roots: setup.ca_pem,
                account: Account { region: "eu-west-1".to_owned(), id: "123456789012".to_owned() },
                clock: setup.clock,
                tasks: inner,
            };
            (registry, DeliveryEngine::open(setup.config, deps).await.unwrap())
        });
        let (registry, engine) = opened.await.unwrap();
        Self { dir, registry, engine, tasks, runtime: Some(runtime) }
    }

    /// Ends everything at once, in the middle of whatever it does. Gives back what is on disk.
    pub(super) fn kill(mut self) -> Arc<tempfile::TempDir> {
        let dir = self.dir.clone();
        let runtime = self.runtime.take().unwrap();
        drop(self);
        // A runtime must not be waited for on an async thread.
        std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(10)))
            .join()
            .unwrap();
        dir
    }

    pub(super) async fn put(&self, data: &str) -> Result<Vec<Receipt>, DeliveryError> {
        self.put_all(&[data]).await
    }

    pub(super) async fn put_all(&self, all: &[&str]) -> Result<Vec<Receipt>, DeliveryError> {
        let records = all.iter().map(|data| record(data)).collect();
        self.engine.put(STREAM, records).await
    }

    pub(super) async fn redefine(&self, body: &str) {
        let kind = DocumentKind::DeliveryStream;
        let now = SystemClock.now();
        self.registry.replace_document(kind, STREAM, body, None, now).await.unwrap();
    }

    pub(super) fn status(&self) -> StreamStatus {
        self.engine.statuses().pop().unwrap()
    }

    /// Waits until nothing is in flight, and checks that the account adds up.
    pub(super) async fn settled(&self) -> picket_core::LedgerSnapshot {
        eventually("everything has ended", || self.engine.ledger().in_flight == 0).await;
        let ledger = self.engine.ledger();
        let dropped: u64 = ledger.dropped.values().sum();
        assert_eq!(ledger.received, ledger.delivered + dropped + ledger.in_flight, "{ledger:?}");
        ledger
    }

    /// The backup objects: key and text.
    pub(super) fn objects(&self) -> Vec<(String, String)> {
        let root = self.dir.path().join("s3");
        let mut found = Vec::new();
        collect(&root, &mut found);
        found.sort();
        let object = |path: PathBuf| {
            let key = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            (key, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned())
        };
        found.into_iter().map(object).collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Opens the store; a killed predecessor may hold its lock for a moment longer.
async fn open_store(path: &Path) -> FjallStore {
    let began = Instant::now();
    loop {
        let config = FjallConfig { free_bytes_min: 0, ..FjallConfig::default() };
        match FjallStore::open_with(path.join("log"), config) {
            Ok(store) => return store,
            Err(error) if began.elapsed() < DEADLINE => drop(error),
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(super) fn record(data: &str) -> Record {
    Record {
        data: Bytes::copy_from_slice(data.as_bytes()),
        arrived: Timestamp::from_millis(1_735_689_600_120),
        traces: vec![TraceId { log: "reports".to_owned(), partition: 3, sequence: 42 }],
    }
}

/// Waits for `condition`, and fails after a deadline.
pub(super) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
