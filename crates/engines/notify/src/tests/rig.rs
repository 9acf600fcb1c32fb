//! An engine over a real registry and a real store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::{Account, Clock as _, ManualClock, SystemClock, Tasks};
use picket_fjall::FjallStore;
use picket_ports::Registry;
use picket_sqlite::SqliteRegistry;

use crate::testsuite::Outlet;
use crate::{
    Dependencies, NotifyConfig, NotifyEngine, Publication, Subscribe, Subscribed, TopicError,
};

pub(super) struct Rig {
    pub(super) engine: Arc<NotifyEngine>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) tasks: Tasks,
    pub(super) topic: String,
    pub(super) clock: ManualClock,
}

/// Settings under which what waits 20 s waits 20 ms, and everything on this machine may be reached.
pub(super) fn quick() -> NotifyConfig {
    NotifyConfig {
        allow_hosts: vec!["127.0.0.1".to_owned()],
        retry_pace_permille: 1,
        attempt_timeout_ms: 2_000,
        ..NotifyConfig::default()
    }
}

/// Waits until `condition` holds.
pub(super) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Rig {
    pub(super) async fn new(folder: &Path) -> Self {
        Self::with(folder, quick(), &[]).await
    }

    /// The engine over the data in `folder`, with the topic `alerts`.
    pub(super) async fn with(folder: &Path, config: NotifyConfig, roots: &[String]) -> Self {
        let registry: Arc<dyn Registry> =
            Arc::new(SqliteRegistry::open(folder.join("registry.db")).await.unwrap());
        let store = FjallStore::open(folder.join("store")).unwrap();
        let outlet = Arc::new(Outlet::default());
        let tasks = Tasks::new();
        // It goes on by itself while deliveries are to be tried again.
        let clock = ManualClock::at(SystemClock.now());
        let ticking = clock.clone();
        let stop = tasks.token();
        tasks.spawn("clock", async move {
            let mut last = Instant::now();
            while !stop.is_cancelled() {
                tokio::time::sleep(Duration::from_millis(2)).await;
                let passed = last.elapsed();
                last += passed;
                ticking.advance(passed);
            }
        });
        let deps = Dependencies {
            registry,
            states: Arc::new(store),
            publish: outlet.clone(),
            delivery: outlet.clone(),
            extra_roots: roots.to_vec(),
            account: Account::default(),
            clock: Arc::new(clock.clone()),
            tasks: tasks.clone(),
        };
        let engine = NotifyEngine::open(config, deps).await.unwrap();
        let topic = engine.create_topic("alerts", BTreeMap::new(), Vec::new()).await.unwrap();
        engine.start("http://127.0.0.1:4566");
        Self { engine, outlet, tasks, topic, clock }
    }

    pub(super) async fn try_subscribe(
        &self,
        protocol: &str,
        endpoint: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Subscribed, TopicError> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.engine
            .subscribe(Subscribe {
                topic_arn: self.topic.clone(),
                protocol: protocol.to_owned(),
                endpoint: endpoint.to_owned(),
                attributes: attributes.iter().map(own).collect(),
            })
            .await
    }

    pub(super) async fn subscribe(
        &self,
        protocol: &str,
        endpoint: &str,
        attributes: &[(&str, &str)],
    ) -> String {
        self.try_subscribe(protocol, endpoint, attributes).await.unwrap().arn
    }

    pub(super) async fn publish(&self, message: &str) -> String {
        let publication = Publication { message: message.to_owned(), ..Publication::default() };
        self.engine.publish(&self.topic, publication).await.unwrap()
    }

    pub(super) fn view(&self, arn: &str) -> crate::SubscriptionView {
        self.engine.subscription_views().into_iter().find(|view| view.arn == arn).unwrap()
    }

    /// Waits until nothing is on its way, and checks the account book.
    pub(super) async fn settled(&self) -> picket_core::LedgerSnapshot {
        until("the end of all deliveries", || self.engine.ledger().in_flight == 0).await;
        let ledger = self.engine.ledger();
        let dropped: u64 = ledger.dropped.values().sum();
        assert_eq!(ledger.received, ledger.delivered + dropped, "{ledger:?}");
        ledger
    }

    pub(super) async fn stop(self) {
        // The engine ends; receivers, which listen on, end with the runtime.
        self.tasks.shut_down(Duration::from_millis(200)).await;
    }
}
