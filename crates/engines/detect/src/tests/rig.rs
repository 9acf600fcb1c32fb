//! An engine on real storage in a temporary directory, with a clock that stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use picket_core::{CertificateId, Clock, ManualClock, Tasks, Timestamp};
use picket_fjall::FjallStore;
use picket_ports::directory::{CertificateEntry, DirectoryChange, Principal};
use picket_ports::registry::{DocumentKind, Documents as _};
use picket_ports::reports::ReportFormat;
use picket_ports::{
    CloudMetrics, DeviceCounters, Directory, Message, Publish, PublishError, ReportIntake,
    ReportPublish, ReportReply,
};
use picket_sqlite::SqliteRegistry;
use tokio::sync::broadcast;

use crate::{Dependencies, DetectConfig, DetectEngine};

/// Start of all scenarios: a multiple of every period that is used.
pub(super) const START_MS: i64 = 1_718_000_000_000 - 1_718_000_000_000 % 86_400_000;

/// Groups by thing; a thing is registered if it stands here.
#[derive(Debug)]
pub(super) struct Groups {
    members: Mutex<BTreeMap<String, BTreeSet<String>>>,
    changes: broadcast::Sender<DirectoryChange>,
}

impl Groups {
    pub(super) fn set(&self, thing: &str, groups: &[&str]) {
        let groups = groups.iter().map(|it| (*it).to_owned()).collect();
        self.members.lock().insert(thing.to_owned(), groups);
        drop(self.changes.send(DirectoryChange::Rights));
    }

    pub(super) fn remove(&self, thing: &str) {
        self.members.lock().remove(thing);
        drop(self.changes.send(DirectoryChange::Things));
    }
}

impl Directory for Groups {
    fn certificate(&self, _id: &CertificateId) -> Option<CertificateEntry> {
        None
    }

    fn principal(&self, _certificate: &CertificateId, _client_id: &str) -> Principal {
        Principal::default()
    }

    fn is_registered(&self, name: &str) -> bool {
        self.members.lock().contains_key(name)
    }

    fn groups_of(&self, thing: &str) -> Vec<String> {
        self.members.lock().get(thing).into_iter().flatten().cloned().collect()
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        self.changes.subscribe()
    }
}

/// Keeps what is published, or refuses it.
#[derive(Debug, Default)]
pub(super) struct Topic {
    pub(super) messages: Mutex<Vec<Message>>,
    pub(super) broken: AtomicBool,
}

#[async_trait]
impl Publish for Topic {
    async fn publish(&self, message: Message) -> Result<(), PublishError> {
        if self.broken.load(Ordering::SeqCst) {
            let topic = message.topic.as_ref().to_owned();
            return Err(PublishError::RuleFailed { topic, cause: "broken".to_owned() });
        }
        self.messages.lock().push(message);
        Ok(())
    }
}

pub(super) struct Rig {
    dir: tempfile::TempDir,
    config: DetectConfig,
    pub(super) clock: ManualClock,
    pub(super) registry: Arc<SqliteRegistry>,
    pub(super) groups: Arc<Groups>,
    pub(super) topic: Arc<Topic>,
    tasks: Tasks,
    pub(super) engine: Arc<DetectEngine>,
    handles: BTreeMap<String, Arc<dyn DeviceCounters>>,
}

async fn open(
    dir: &Path,
    config: &DetectConfig,
    others: (&ManualClock, &Arc<SqliteRegistry>, &Arc<Groups>, &Arc<Topic>),
) -> (Arc<DetectEngine>, Tasks) {
    let store = Arc::new(FjallStore::open(dir.join("store")).unwrap());
    let (clock, registry, groups, topic) = others;
    let tasks = Tasks::new();
    let dependencies = Dependencies {
        logs: store.clone(),
        states: store,
        registry: registry.clone(),
        directory: groups.clone(),
        listeners: Vec::new(),
        publish: topic.clone(),
        clock: Arc::new(clock.clone()),
        tasks: tasks.clone(),
    };
    (DetectEngine::open(config.clone(), dependencies).await.unwrap(), tasks)
}

impl Rig {
    pub(super) async fn new(
        config: DetectConfig,
        documents: &[(DocumentKind, &str, &str)],
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Timestamp::from_millis(START_MS));
        let registry =
            Arc::new(SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap());
        for (kind, name, body) in documents {
            registry.create_document(*kind, name, body, clock.now()).await.unwrap();
        }
        let groups =
            Arc::new(Groups { members: Mutex::default(), changes: broadcast::channel(64).0 });
        let topic = Arc::new(Topic::default());
        let others = (&clock, &registry, &groups, &topic);
        let (engine, tasks) = open(dir.path(), &config, others).await;
        let handles = BTreeMap::new();
        Self { dir, config, clock, registry, groups, topic, tasks, engine, handles }
    }

    /// Small and quick settings.
    pub(super) fn config() -> DetectConfig {
        DetectConfig {
            partitions: 2,
            grace: Duration::ZERO,
            export_interval: Duration::from_millis(10),
            ..DetectConfig::default()
        }
    }

    /// Stops and opens again from what is stored.
    pub(super) async fn restart(&mut self) {
        self.restart_at(None).await;
    }

    /// Stops, and opens again at once or at a later time.
    pub(super) async fn restart_at(&mut self, seconds: Option<f64>) {
        self.settle().await;
        self.handles.clear();
        assert!(self.tasks.shut_down(Duration::from_secs(10)).await);
        if let Some(seconds) = seconds {
            self.clock.set(Timestamp::from_millis(START_MS + (seconds * 1000.0) as i64));
        }
        // The last handle closes the store, which must be so before it is opened again.
        let others = (&self.clock, &self.registry, &self.groups, &self.topic);
        let closed = Arc::downgrade(&self.engine.shared);
        let dir = tempfile::tempdir().unwrap();
        let (placeholder, placeholder_tasks) = open(dir.path(), &self.config, others).await;
        self.engine = placeholder;
        wait_until("the engine to close", || closed.strong_count() == 0).await;
        let (engine, tasks) = open(self.dir.path(), &self.config, others).await;
        self.engine = engine;
        self.tasks = tasks;
        assert!(placeholder_tasks.shut_down(Duration::from_secs(10)).await);
        self.settle().await;
    }

    /// Moves the clock to `seconds` after the start, closing every window on the way at its end.
    pub(super) async fn go_to(&mut self, seconds: f64) {
        let target = START_MS + (seconds * 1000.0) as i64;
        let window = i64::try_from(self.config.window.as_millis()).unwrap();
        loop {
            let now = self.clock.now().as_millis();
            let boundary = now - now.rem_euclid(window) + window;
            if boundary > target {
                break;
            }
            self.clock.set(Timestamp::from_millis(boundary));
            self.engine.flush().await.unwrap();
        }
        self.clock.set(Timestamp::from_millis(target));
        self.engine.flush().await.unwrap();
    }

    /// Sets the clock to `seconds` after the start, forth or back, without anything in between.
    pub(super) async fn set_clock(&mut self, seconds: f64) {
        self.clock.set(Timestamp::from_millis(START_MS + (seconds * 1000.0) as i64));
        self.engine.flush().await.unwrap();
        self.settle().await;
    }

    pub(super) async fn report(&self, thing: &str, json: &str) -> ReportReply {
        self.report_from(thing, thing, json).await
    }

    /// A report in the name of `thing` that `publisher` sends.
    pub(super) async fn report_from(
        &self,
        thing: &str,
        publisher: &str,
        json: &str,
    ) -> ReportReply {
        let report = ReportPublish {
            thing: thing.to_owned(),
            publisher: Some(publisher.to_owned()),
            format: ReportFormat::Json,
            payload: Bytes::from(json.to_owned()),
            arrived: self.clock.now(),
        };
        self.engine.submit(report).await.unwrap()
    }

    /// The counters of `thing`, held as by a session.
    pub(super) fn device(&mut self, thing: &str) -> Arc<dyn DeviceCounters> {
        let engine = &self.engine;
        self.handles.entry(thing.to_owned()).or_insert_with(|| engine.device(thing)).clone()
    }

    /// Waits until everything in the log is evaluated.
    pub(super) async fn settle(&self) {
        wait_until("evaluation", || self.engine.stats().lag_records == 0).await;
    }

    /// Waits until everything evaluated is exported.
    pub(super) async fn exported(&self) {
        wait_until("the export", || self.engine.stats().export_lag_records == 0).await;
    }

    /// Entries exported so far as `name thing value @seconds`, sorted.
    pub(super) fn entries(&self) -> Vec<String> {
        let mut entries = Vec::new();
        for message in &*self.topic.messages.lock() {
            let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
            assert_eq!(body["version"], "1.0");
            let metrics = body["metrics"].as_array().unwrap();
            assert_eq!(metrics.len(), message.traces.len());
            for entry in metrics {
                let ms = entry["timestamp"].as_i64().unwrap() - START_MS;
                let statistic = entry.get("statistic").and_then(|it| it.as_str());
                let dimension = entry.get("dimension").map(|it| {
                    let text = |member: &str| it[member].as_str().unwrap().to_owned();
                    format!("[{} {}]", text("operator"), text("name"))
                });
                entries.push(format!(
                    "{}{}{} {} {} @{}",
                    entry["name"].as_str().unwrap(),
                    dimension.unwrap_or_default(),
                    statistic.map(|it| format!("/{it}")).unwrap_or_default(),
                    entry["thing"].as_str().unwrap(),
                    entry["value"],
                    ms as f64 / 1000.0
                ));
            }
        }
        entries.sort();
        entries
    }
}

pub(super) async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(super) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Nobody is registered.
pub(super) fn directory() -> Groups {
    Groups { members: Mutex::default(), changes: broadcast::channel(1).0 }
}
