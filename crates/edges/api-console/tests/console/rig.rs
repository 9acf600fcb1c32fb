//! A console over a real registry and stand-ins for the engines.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use picket_api_console::{ConsoleConfig, ConsoleDeps, ConsoleServer, FrontDoor, Role, ensure_user};
use picket_broker::Broker;
use picket_core::{CertificateId, Clock, ManualClock, Secret, Tasks, ThingName, Timestamp};
use picket_notify::testsuite;
use picket_ports::alarms::Violation;
use picket_ports::alarms::by_hand::open_port;
use picket_ports::metric_history::by_hand::HistoryByHand;
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, Certificates as _, DocumentKind,
    Documents as _, Thing, Things as _,
};
use picket_ports::{Search, SearchError, SearchRequest, SearchResult};
use picket_registry::ControlPlane;
use picket_sqlite::SqliteRegistry;
use tokio::sync::{Notify, OnceCell};

use crate::client::Client;
use crate::control;
use crate::fakes::{FakeAlarms, FakeLog, FakePipeline};

/// A search engine that answers by the words of the search and keeps what it was asked.
#[derive(Debug, Default)]
pub(crate) struct FakeSearch {
    pub(crate) asked: Mutex<Vec<SearchRequest>>,
    /// Woken when a search named `wait` has begun.
    pub(crate) begun: Notify,
    /// Ends a search named `wait`.
    pub(crate) go_on: Notify,
}

#[async_trait]
impl Search for FakeSearch {
    async fn search(&self, request: SearchRequest) -> Result<SearchResult, SearchError> {
        let spl = request.spl.clone();
        self.asked.lock().unwrap().push(request);
        match spl.as_str() {
            "wait" => {
                self.begun.notify_one();
                self.go_on.notified().await;
            }
            "forever" => std::future::pending().await,
            "| nope" => {
                let message = "unknown command `nope`; did you mean `top`?".to_owned();
                return Err(SearchError::Syntax { message, line: 1, column: 3 });
            }
            "too much" => return Err(SearchError::Limit("it needs more than 512 MiB".to_owned())),
            "broken" => return Err(SearchError::Failed("segment /secret/path is gone".to_owned())),
            _ => {}
        }
        Ok(SearchResult {
            fields: vec!["_time".to_owned()],
            rows: Vec::new(),
            is_events: false,
            event_count: 0,
            scan_count: 0,
            messages: Vec::new(),
            duration_ms: 1,
        })
    }
}

/// The users as the product stores them. Hashing takes a while, so it is done once.
async fn users() -> &'static [(&'static str, String)] {
    static USERS: OnceCell<Vec<(&str, String)>> = OnceCell::const_new();
    let hashed = USERS.get_or_init(async || {
        let folder = tempfile::tempdir().unwrap();
        let registry = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
        let mut users = Vec::new();
        for (name, role) in [("admin", Role::Admin), ("ana", Role::Analyst), ("vera", Role::Viewer)]
        {
            let (clock, password) = (ManualClock::at(NOW), Secret::new("secret"));
            assert!(ensure_user(&registry, &clock, name, &password, role).await.unwrap());
            users.push((name, registry.document(DocumentKind::User, name).await.unwrap().body));
        }
        users
    });
    hashed.await
}

/// A running console and what is behind it.
pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) registry: Arc<SqliteRegistry>,
    pub(crate) alarms: Arc<FakeAlarms>,
    pub(crate) history: Arc<HistoryByHand>,
    pub(crate) search: Arc<FakeSearch>,
    pub(crate) pipeline: Arc<FakePipeline>,
    pub(crate) connection_log: Arc<FakeLog>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) control: Arc<ControlPlane>,
    pub(crate) clock: ManualClock,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

impl Rig {
    /// A console with the users `admin`, `ana` (analyst) and `vera` (viewer), whose password is `secret`.
    pub(crate) async fn start(change: impl FnOnce(&mut ConsoleConfig)) -> Self {
        let mut config =
            ConsoleConfig { listen: ([127, 0, 0, 1], 0).into(), ..ConsoleConfig::default() };
        change(&mut config);
        let folder = tempfile::tempdir().unwrap();
        let registry =
            Arc::new(SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap());
        let clock = ManualClock::at(NOW);
        for (name, body) in users().await {
            registry.create_document(DocumentKind::User, name, body, NOW).await.unwrap();
        }
        let alarms = Arc::new(FakeAlarms::default());
        let history = Arc::new(HistoryByHand::default());
        let search = Arc::new(FakeSearch::default());
        let pipeline = Arc::new(FakePipeline::default());
        let tasks = Tasks::new();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let broker = control::broker(shared.clone(), &tasks);
        let control = control::control(registry.clone(), &broker, shared, &tasks).await;
        let connection_log = Arc::new(FakeLog::default());
        let notified = testsuite::engine(registry.clone(), Arc::new(clock.clone()), &tasks);
        let notify = notified.await.unwrap();
        let mitigation = control::mitigation(
            (&control, alarms.clone() as _),
            (notify.clone(), Arc::new(clock.clone()), &tasks),
        );
        let mitigation = mitigation.await;
        let deps = ConsoleDeps {
            mitigation,
            control: control.clone(),
            front_door: FrontDoor {
                host: "picket.example".to_owned(),
                mqtt_port: Some(8883),
                alpn_port: None,
            },
            connections: broker.clone(),
            connection_log: connection_log.clone(),
            publish: broker.clone(),
            listen: broker.clone(),
            enrollment: Arc::new(control::enroller(&control)),
            alarms: alarms.clone(),
            metric_history: history.clone(),
            notify,
            search: search.clone(),
            pipeline: pipeline.clone(),
            clock: Arc::new(clock.clone()),
            tasks: tasks.clone(),
        };
        let server = ConsoleServer::bind(config, deps).await.unwrap();
        let client = Client::new(server.local_addr());
        Self {
            client,
            registry,
            alarms,
            history,
            search,
            pipeline,
            connection_log,
            broker,
            control,
            clock,
            tasks,
            _folder: folder,
        }
    }

    /// A client that is logged in as `user`.
    pub(crate) async fn logged_in(&self, user: &str) -> Client {
        let mut client = self.client.clone();
        assert_eq!(client.log_in(user, "secret").await.status, 200);
        client
    }

    /// Registers a thing.
    pub(crate) async fn add_thing(&self, name: &str) {
        let thing = Thing::new(ThingName::new(name).unwrap(), name, NOW);
        self.registry.create_thing(&thing).await.unwrap();
    }

    /// Registers a certificate, which need not be one, and attaches it to a thing.
    pub(crate) async fn add_certificate(&self, id: &CertificateId, thing: &ThingName) {
        let certificate = Certificate {
            id: id.clone(),
            pem: String::new(),
            status: CertificateStatus::Active,
            ca: None,
            mode: CertificateMode::Default,
            not_before: NOW,
            not_after: NOW.plus(Duration::from_secs(86_400)),
            created: NOW,
            modified: NOW,
            version: 1,
        };
        self.registry.create_certificate(&certificate).await.unwrap();
        self.registry.attach_thing(thing, id, false).await.unwrap();
    }

    /// Stops the console; true if everything ended in time.
    pub(crate) async fn stop(self) -> bool {
        self.tasks.shut_down(Duration::from_secs(5)).await
    }
}

/// An alarm of `thing`.
pub(crate) fn violation(id: &str, thing: &str) -> Violation {
    open_port(id, thing, NOW)
}
