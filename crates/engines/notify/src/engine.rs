//! The engine: opening, starting, and what its parts share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use parking_lot::RwLock;
use picket_core::{Account, Clock, Ledger, LedgerSnapshot, Tasks};
use picket_ports::{
    Delivery, LogError, Notification, Notify, NotifyError, Publish, Registry, RegistryError,
    StateStore, StateStores,
};
use tokio::sync::{Mutex, mpsc};

use crate::book::Book;
use crate::config::NotifyConfig;
use crate::error::TopicError;
use crate::intake::{self, Request};
use crate::lane::Lanes;
use crate::publication::Publication;
use crate::signing::{Signing, SigningError};
use crate::sweep;
use crate::ways::{Ways, WaysError, WaysParts};

/// Messages that may wait to be stored.
const INTAKE_MAX: usize = 1_024;

/// What the engine works with.
#[derive(Debug, Clone)]
pub struct Dependencies {
    /// Where topics and subscriptions are.
    pub registry: Arc<dyn Registry>,
    /// Where the state `notify` is kept.
    pub states: Arc<dyn StateStores>,
    /// For the protocol `mqtt`.
    pub publish: Arc<dyn Publish>,
    /// For the protocol `firehose`.
    pub delivery: Arc<dyn Delivery>,
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
    #[error("the configuration of notifications is wrong: {0}")]
    Config(String),
    /// The state cannot be opened.
    #[error(transparent)]
    State(#[from] LogError),
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is no signing key.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The ways out cannot be set up.
    #[error(transparent)]
    Ways(#[from] WaysError),
}

/// Topics, subscriptions and deliveries. See the crate's description.
#[derive(Debug)]
pub struct NotifyEngine {
    pub(crate) config: NotifyConfig,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) account: Account,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) ways: Ways,
    pub(crate) lanes: Lanes,
    pub(crate) ledger: Ledger,
    /// The number of the next message.
    pub(crate) sequence: AtomicU64,
    /// One change of topics and subscriptions at a time.
    pub(crate) changing: Mutex<()>,
    book: RwLock<Arc<Book>>,
    intake: mpsc::Sender<Request>,
}

impl NotifyEngine {
    /// Opens the state and takes deliveries up where they were left. They begin with
    /// [`NotifyEngine::start`]; what is published before waits.
    ///
    /// # Errors
    /// When the settings are wrong, or storage or registry cannot be read. A bad document is no error: it
    /// is in the log.
    pub async fn open(config: NotifyConfig, deps: Dependencies) -> Result<Arc<Self>, OpenError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OpenError::Config(problems.join("; ")));
        }
        let store = deps.states.open_state("notify").await?;
        let signing = Signing::open(&*store, &deps.account.region).await?;
        let parts = WaysParts {
            account: deps.account.clone(),
            clock: deps.clock.clone(),
            publish: deps.publish,
            delivery: deps.delivery,
            signing: Arc::new(signing),
            extra_roots: deps.extra_roots,
        };
        let ways = Ways::open(&config, parts)?;
        let book = Book::read(&*deps.registry, &deps.account).await?;
        let (intake, requests) = mpsc::channel(INTAKE_MAX);
        let engine = Arc::new(Self {
            lanes: Lanes::new(config.attempts_max),
            ledger: Ledger::new("notify"),
            sequence: AtomicU64::new(0),
            changing: Mutex::new(()),
            book: RwLock::new(Arc::new(book)),
            registry: deps.registry,
            account: deps.account,
            clock: deps.clock,
            tasks: deps.tasks.clone(),
            config,
            store,
            ways,
            intake,
        });
        engine.restore().await?;
        deps.tasks.spawn("notify-intake", intake::run(engine.clone(), requests));
        deps.tasks.spawn("notify-follow", follow(engine.clone()));
        deps.tasks.spawn("notify-sweep", sweep::run(engine.clone()));
        Ok(engine)
    }

    /// Begins to deliver. `aws_url` is where the AWS endpoint listens; links and the signing certificate are
    /// there unless `notify.base_url` says otherwise.
    pub fn start(self: &Arc<Self>, aws_url: &str) {
        self.ways.is_reached_at(aws_url);
        self.open_lanes();
    }

    /// The account book of this process' life: one item is a message for one subscription.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.ledger.snapshot()
    }

    /// The certificate that notifications are signed with: PEM, and the last part of its address.
    pub fn signing_certificate(&self) -> (&str, &str) {
        let signing = &self.ways.signing;
        (signing.certificate_pem(), signing.file_name())
    }

    /// Account and region, for ARNs.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) fn book(&self) -> Arc<Book> {
        self.book.read().clone()
    }

    /// Reads the registry again.
    pub(crate) async fn refresh(&self) -> Result<(), RegistryError> {
        let book = Book::read(&*self.registry, &self.account).await?;
        *self.book.write() = Arc::new(book);
        Ok(())
    }

    /// Hands a message to the intake; resolves when it is stored.
    pub(crate) async fn submit(&self, request: intake::Draft) -> Result<String, String> {
        let (request, stored) = request.with_reply();
        let stopping = || "the server is stopping".to_owned();
        self.intake.send(request).await.map_err(|_| stopping())?;
        stored.await.unwrap_or_else(|_| Err(stopping()))
    }
}

#[async_trait]
impl Notify for NotifyEngine {
    async fn notify(&self, notification: Notification) -> Result<String, NotifyError> {
        let Notification { topic_arn, subject, message, deduplication_id, mail } = notification;
        let publication =
            Publication { subject, message, deduplication_id, mail, ..Publication::default() };
        let published = self.publish(&topic_arn, publication).await;
        match &published {
            Ok(_) | Err(TopicError::Storage(_)) => {}
            // Parts of this server do not ask again: the loss shows in the account book.
            Err(error) => {
                let is_missing = matches!(error, TopicError::NoSuchTopic(_));
                self.ledger.received(1);
                self.ledger
                    .dropped(if is_missing { "no_such_topic" } else { "refused_message" }, 1);
            }
        }
        Ok(published?)
    }
}

/// Keeps the book as the registry is.
async fn follow(engine: Arc<NotifyEngine>) {
    let mut revision = engine.registry.documents_revision();
    // What changed between opening and now counts as news.
    revision.mark_changed();
    loop {
        tokio::select! {
            () = engine.tasks.stopping() => return,
            changed = revision.changed() => if changed.is_err() { return },
        }
        let _changing = engine.changing.lock().await;
        if let Err(error) = engine.refresh().await {
            tracing::warn!(%error, "topics and subscriptions could not be read; the old ones stay");
        }
    }
}
