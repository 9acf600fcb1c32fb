//! The engine: keeps a stream running for every document in the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use picket_core::{Account, Clock, LedgerSnapshot, Tasks, Timestamp};
use picket_outbound::{TlsError, tls_config};
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{
    Delivery, DeliveryError, EventLogs, LogError, Receipt, Record, Registry, RegistryError,
    StateStores,
};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::backup::BackupStore;
use crate::books::{self, StreamStatus};
use crate::config::DeliveryConfig;
use crate::process::Functions;
use crate::route::{self, RouteMaker};
use crate::state;
use crate::stream::{Common, Storage, Stream};

/// What the engine works with.
#[derive(Debug, Clone)]
pub struct DeliveryDeps {
    /// Where each stream's log is kept, named `delivery-…`.
    pub logs: Arc<dyn EventLogs>,
    /// Where the state `delivery` is kept.
    pub states: Arc<dyn StateStores>,
    /// Where the streams' documents are.
    pub registry: Arc<dyn Registry>,
    /// Runs functions that are not native; without, a stream with such a function backs its records up
    /// as `Lambda.ResourceNotFound`.
    pub functions: Option<Arc<dyn Functions>>,
    /// The directory that stands for S3: objects become `<root>/<bucket>/<key>`.
    pub root: PathBuf,
    /// PEM texts of further root certificates to trust: our own CA's.
    pub extra_roots: Vec<String>,
    /// Account and region, for ARNs.
    pub account: Account,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Owns the engine's tasks.
    pub tasks: Tasks,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong.
    #[error("the configuration of delivery is wrong: {0}")]
    Config(String),
    /// The trusted certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A log or the state cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Delivers records. See the crate's description.
#[derive(Debug)]
pub struct DeliveryEngine {
    registry: Arc<dyn Registry>,
    common: Common,
    maker: RouteMaker,
    slots: RwLock<BTreeMap<String, Slot>>,
    /// Deleted streams that still have records, by name.
    closing: RwLock<BTreeMap<String, Arc<Stream>>>,
    /// The books of streams that are over.
    retired: RwLock<LedgerSnapshot>,
    /// One reconciliation at a time.
    reconciling: Mutex<()>,
}

/// A document of the registry and what became of it. The document itself is not kept: it holds a token.
#[derive(Debug, Clone)]
struct Slot {
    edition: Edition,
    stream: Option<Arc<Stream>>,
    problems: Vec<String>,
}

/// Tells one text of a document from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edition {
    version: u64,
    created: Timestamp,
    modified: Timestamp,
}

impl Edition {
    const fn of(document: &Document) -> Self {
        let Document { version, created, modified, .. } = *document;
        Self { version, created, modified }
    }
}

impl DeliveryEngine {
    /// Opens the logs of all streams, takes delivery up where it was left, and follows the registry from
    /// then on.
    ///
    /// # Errors
    /// When the settings are wrong, or storage or registry cannot be read. A stream with a bad document
    /// is no error: it is reported by [`DeliveryEngine::statuses`].
    pub async fn open(config: DeliveryConfig, deps: DeliveryDeps) -> Result<Arc<Self>, OpenError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OpenError::Config(problems.join("; ")));
        }
        let tls = tls_config(&config.extra_roots, &deps.extra_roots)?;
        let mut rules = config.outbound_rules().map_err(OpenError::Config)?;
        if let Some(own) = &config.own_hec {
            rules.allow_url(own);
        }
        let config = Arc::new(config);
        let tasks = deps.tasks;
        let common = Common {
            config: config.clone(),
            logs: deps.logs,
            store: deps.states.open_state("delivery").await?,
            clock: deps.clock,
            functions: deps.functions,
            backup: BackupStore::new(deps.root),
            account: deps.account,
            tasks: tasks.clone(),
            ended: Arc::new(Notify::new()),
        };
        let engine = Arc::new(Self {
            registry: deps.registry,
            common,
            maker: RouteMaker { config, rules, tls, tasks: tasks.clone() },
            slots: RwLock::default(),
            closing: RwLock::default(),
            retired: RwLock::new(books::empty()),
            reconciling: Mutex::default(),
        });
        let revision = engine.registry.documents_revision();
        engine.reconcile().await?;
        engine.take_up_orphans().await?;
        tasks.spawn("delivery-registry", follow(engine.clone(), revision));
        Ok(engine)
    }

    /// The names of the streams, in order.
    pub fn streams(&self) -> Vec<String> {
        self.slots.read().keys().cloned().collect()
    }

    /// How each stream is doing, in name order.
    pub fn statuses(&self) -> Vec<StreamStatus> {
        self.slots.read().iter().map(|(name, slot)| slot.status(name)).collect()
    }

    /// The account book of all streams together, deleted ones included, in records.
    pub fn ledger(&self) -> LedgerSnapshot {
        let mut sum = self.retired.read().clone();
        let slots = self.slots.read();
        let closing = self.closing.read();
        let streams = slots.values().filter_map(|slot| slot.stream.as_ref());
        for stream in streams.chain(closing.values()) {
            books::add(&mut sum, &stream.books.snapshot(stream.log.next_sequence(0)));
        }
        sum
    }

    /// Records in the logs of all streams that are neither delivered nor backed up.
    pub fn backlog(&self) -> u64 {
        self.ledger().in_flight
    }

    /// Makes what runs equal to what the registry says.
    ///
    /// # Errors
    /// When registry or storage cannot be read; what runs stays.
    pub async fn reconcile(&self) -> Result<(), OpenError> {
        let _one_at_a_time = self.reconciling.lock().await;
        self.retire();
        let documents = self.registry.documents(DocumentKind::DeliveryStream).await?;
        let wanted: BTreeSet<&str> = documents.iter().map(|it| it.name.as_str()).collect();
        let unwanted: Vec<String> = {
            let slots = self.slots.read();
            slots.keys().filter(|name| !wanted.contains(name.as_str())).cloned().collect()
        };
        for name in unwanted {
            self.close(&name).await;
        }
        for document in documents {
            let known = self.slots.read().get(&document.name).cloned();
            let is_closing = self.closing.read().contains_key(&document.name);
            // A stream that is created anew waits until its predecessor's records are gone.
            if is_closing
                || known.as_ref().is_some_and(|slot| slot.edition == Edition::of(&document))
            {
                continue;
            }
            let slot = self.apply(&document, known).await?;
            self.slots.write().insert(document.name, slot);
        }
        Ok(())
    }

    /// Starts or changes one stream.
    async fn apply(&self, document: &Document, known: Option<Slot>) -> Result<Slot, OpenError> {
        let running = known.and_then(|slot| slot.stream);
        let (made, stream) = match running {
            Some(stream) => {
                let channel = state::load(&*self.common.store, &stream.name).await?.channel;
                let made = self.maker.make(document, channel, &stream.hard);
                (made.map(|route| stream.routes.send_replace(Arc::new(route))).err(), Some(stream))
            }
            None => {
                let storage = Storage::open(&self.common, &document.name).await?;
                let hard = CancellationToken::new();
                match self.maker.make(document, storage.state.channel, &hard) {
                    Ok(route) => {
                        let common = self.common.clone();
                        let stream = Stream::start(&document.name, common, storage, route, hard);
                        (None, Some(stream))
                    }
                    Err(problems) => (Some(problems), None),
                }
            }
        };
        let problems = made.unwrap_or_default();
        for problem in &problems {
            tracing::warn!(stream = %document.name, problem, "this delivery stream cannot run as configured");
        }
        Ok(Slot { edition: Edition::of(document), stream, problems })
    }

    async fn close(&self, name: &str) {
        let removed = self.slots.write().remove(name);
        if let Some(stream) = removed.and_then(|slot| slot.stream) {
            self.closing.write().insert(name.to_owned(), stream.clone());
            stream.close().await;
        }
    }

    /// Books the deleted streams that are over.
    fn retire(&self) {
        let mut closing = self.closing.write();
        let over: Vec<String> =
            closing.iter().filter(|(_, it)| it.is_over()).map(|(name, _)| name.clone()).collect();
        let mut retired = self.retired.write();
        for stream in over.iter().filter_map(|name| closing.remove(name)) {
            books::add(&mut retired, &stream.books.snapshot(stream.log.next_sequence(0)));
        }
    }

    /// Backs up what streams left behind that were deleted before this process began.
    async fn take_up_orphans(&self) -> Result<(), OpenError> {
        for name in state::names(&*self.common.store).await? {
            if self.slots.read().contains_key(&name) {
                continue;
            }
            let storage = Storage::open(&self.common, &name).await?;
            if storage.is_empty() {
                continue;
            }
            let route = route::orphaned().map_err(OpenError::Config)?;
            let hard = CancellationToken::new();
            let stream = Stream::start(&name, self.common.clone(), storage, route, hard);
            stream.close().await;
            self.closing.write().insert(name, stream);
        }
        Ok(())
    }
}

impl Slot {
    fn status(&self, name: &str) -> StreamStatus {
        let status = match &self.stream {
            Some(stream) => {
                let status = stream.books.status(stream.log.next_sequence(0));
                StreamStatus { endpoint: Some(stream.route().endpoint.clone()), ..status }
            }
            None => books::Books::new(name, 1, 0).status(1),
        };
        StreamStatus { problems: self.problems.clone(), ..status }
    }
}

/// Follows the registry until the engine stops.
async fn follow(engine: Arc<DeliveryEngine>, mut revision: tokio::sync::watch::Receiver<u64>) {
    let tasks = engine.common.tasks.clone();
    let ended = engine.common.ended.clone();
    loop {
        tokio::select! {
            () = tasks.stopping() => return,
            changed = revision.changed() => if changed.is_err() { return },
            () = ended.notified() => {}
        }
        if let Err(error) = engine.reconcile().await {
            tracing::warn!(%error, "the delivery streams could not be reloaded; they stay as they are");
        }
    }
}

#[async_trait]
impl Delivery for DeliveryEngine {
    async fn put(&self, stream: &str, records: Vec<Record>) -> Result<Vec<Receipt>, DeliveryError> {
        let slot =
            self.slots.read().get(stream).map(|slot| (slot.stream.clone(), slot.problems.clone()));
        match slot {
            Some((Some(running), _)) => running.put(records).await,
            Some((None, problems)) => Err(DeliveryError::Unavailable {
                stream: stream.to_owned(),
                cause: format!("its configuration is wrong: {}", problems.join("; ")),
            }),
            None => Err(DeliveryError::NoSuchStream(stream.chars().take(128).collect())),
        }
    }
}
