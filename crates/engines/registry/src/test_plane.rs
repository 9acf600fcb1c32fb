//! A control plane over a real database, for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use picket_core::{Account, ManualClock, Tasks, Timestamp};
use picket_pki::Authority;
use picket_ports::messages::PublishError;
use picket_ports::registry::{DocumentKind, Page, Rows};
use picket_ports::{Message, Publish, Registry};
use picket_sqlite::SqliteRegistry;
use tokio::sync::mpsc;

use crate::{ControlError, ControlParts, ControlPlane, EVENT_CONFIGURATIONS, LiveDirectory};
use crate::{NewGroup, NewThing, RegistryLimits};

/// Where the clock of a [`TestPlane`] begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// A control plane with all that it works with.
pub(crate) struct TestPlane {
    pub(crate) plane: Arc<ControlPlane>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) directory: Arc<LiveDirectory>,
    pub(crate) clock: ManualClock,
    published: mpsc::Receiver<Message>,
    tasks: Tasks,
    _dir: tempfile::TempDir,
}

impl TestPlane {
    pub(crate) async fn new() -> Self {
        Self::with(RegistryLimits::default()).await
    }

    pub(crate) async fn with(limits: RegistryLimits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let opened = SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap();
        let registry: Arc<dyn Registry> = Arc::new(opened);
        let tasks = Tasks::new();
        let directory = LiveDirectory::follow(Arc::clone(&registry), &tasks).await.unwrap();
        let clock = ManualClock::at(START);
        let (publisher, published) = mpsc::channel(1024);
        let plane = ControlPlane::new(ControlParts {
            registry: Arc::clone(&registry),
            directory: Arc::clone(&directory),
            authority: authority(),
            publish: Arc::new(Recorder(publisher)),
            clock: Arc::new(clock.clone()),
            account: Account::default(),
            limits,
        });
        let plane = Arc::new(plane);
        Self { plane, registry, directory, clock, published, tasks, _dir: dir }
    }

    /// Switches kinds of events on.
    pub(crate) async fn switch_on(&self, kinds: &[&str]) {
        let on: BTreeMap<&str, bool> = kinds.iter().map(|kind| (*kind, true)).collect();
        let body = serde_json::json!({ "configurations": on }).to_string();
        let (kind, name) = (DocumentKind::Setting, EVENT_CONFIGURATIONS);
        self.registry.create_document(kind, name, &body, START).await.unwrap();
    }

    /// What has been published: topic and payload, without what differs from run to run.
    pub(crate) fn published(&mut self) -> Vec<(String, serde_json::Value)> {
        let mut events = Vec::new();
        while let Ok(message) = self.published.try_recv() {
            let mut event: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
            // Registry events have one, those about certificates do not.
            event.as_object_mut().unwrap().remove("eventId");
            events.push((message.topic.to_string(), event));
        }
        events
    }

    /// Creates things without anything but a name.
    pub(crate) async fn things(&self, names: &[&str]) {
        for name in names {
            self.plane.create_thing(thing(name)).await.unwrap();
        }
    }

    /// Creates groups, each given as `name` or as `parent/name`.
    pub(crate) async fn groups(&self, names: &[&str]) {
        for name in names {
            self.plane.create_thing_group(group(name), &[]).await.unwrap();
        }
    }

    pub(crate) async fn end(self) {
        assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
    }
}

/// A new thing without anything but a name.
pub(crate) fn thing(name: &str) -> NewThing {
    NewThing { name: name.to_owned(), ..NewThing::default() }
}

/// A new group, given as `name` or as `parent/name`.
pub(crate) fn group(path: &str) -> NewGroup {
    let (parent, name) = match path.split_once('/') {
        Some((parent, name)) => (Some(parent.to_owned()), name),
        None => (None, path),
    };
    NewGroup { name: name.to_owned(), parent, ..NewGroup::default() }
}

/// Attributes or tags written `a=1 b=2`.
pub(crate) fn pairs<T: FromIterator<(String, String)>>(text: &str) -> T {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    text.split_whitespace().map(pair).collect()
}

/// The refusal of an operation as `Variant: text`.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, ControlError>) -> String {
    let error = result.unwrap_err();
    let debug = format!("{error:?}");
    let variant = debug.split([' ', '(', '{']).next().unwrap_or_default();
    format!("{variant}: {error}")
}

/// Reads all pages of a list, `rows_max` rows each.
pub(crate) async fn all_pages<T, F>(rows_max: u32, read: impl Fn(Page) -> F) -> Vec<Vec<T>>
where
    F: Future<Output = Result<Rows<T>, ControlError>>,
{
    let mut pages = Vec::new();
    let mut page = Page::first(rows_max);
    loop {
        let Rows { rows, next } = read(page).await.unwrap();
        pages.push(rows);
        match next {
            Some(after) => page = Page { after: Some(after), rows_max },
            None => return pages,
        }
    }
}

/// One authority for all tests: making a key takes a while.
fn authority() -> Arc<Authority> {
    static MADE: OnceLock<Arc<Authority>> = OnceLock::new();
    Arc::clone(MADE.get_or_init(|| Arc::new(Authority::generate(START).unwrap())))
}

#[derive(Debug)]
struct Recorder(mpsc::Sender<Message>);

#[async_trait]
impl Publish for Recorder {
    async fn publish(&self, message: Message) -> Result<(), PublishError> {
        self.0.send(message).await.unwrap();
        Ok(())
    }
}
