//! Stand-ins for what mitigation acts on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_core::{Account, ManualClock, MetricValue, Tasks, Timestamp};
use picket_fjall::FjallStore;
use picket_ports::alarms::{
    AlarmFacts, AlarmFilter, CriteriaType, Episode, Verification, VerifyError, Violation,
    ViolationEvent, ViolationEventType,
};
use picket_ports::findings::by_hand::FindingsByHand;
pub(super) use picket_ports::findings::by_hand::finding;
use picket_ports::registry::{Page, Rows};
use picket_ports::state_store::by_hand::{CommitHand, HandledStates};
use picket_ports::{
    Alarms, AlarmsError, LogError, Notification, Notify, NotifyError, PlannedChange, Registry,
    Remedies, Remedy, RemedyError, RemedySubject, StateBatch, StateStore,
};
use picket_sqlite::SqliteRegistry;
use serde_json::{Value, json};
use tokio::sync::{Notify as Bell, Semaphore};

use crate::{
    ActionParams, Dependencies, MitigateConfig, Mitigation, MitigationError, NewAction, NewTask,
    Task, TaskKind,
};

pub(super) const START: Timestamp = Timestamp::from_millis(1_735_689_600_000);
pub(super) const ROLE: &str = "arn:aws:iam::000000000000:role/mitigation";
pub(super) const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:ops";

/// Ends the process, so to speak, at a point that is counted down to: who reaches it or any point after
/// it never comes back.
#[derive(Debug)]
pub(super) struct Fuse {
    left: AtomicI64,
    pub(super) is_blown: AtomicBool,
    pub(super) blown: Bell,
}

impl Fuse {
    pub(super) fn after(points: i64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicI64::new(points),
            is_blown: AtomicBool::new(false),
            blown: Bell::new(),
        })
    }

    pub(super) fn never() -> Arc<Self> {
        Self::after(i64::MAX)
    }

    async fn point(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.is_blown.store(true, Ordering::SeqCst);
            self.blown.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// What outlives the process.
#[derive(Debug, Default)]
pub(super) struct World {
    /// What has been changed, `REMEDY of SUBJECT`, and how often that made a difference.
    pub(super) changed: Mutex<BTreeMap<String, u32>>,
    /// What has been taken for publication, by topic and deduplication id.
    pub(super) published: Mutex<Vec<(String, String, Value)>>,
    /// Groups that there are not.
    pub(super) missing_groups: Mutex<BTreeSet<String>>,
    /// Things that are not registered.
    pub(super) strangers: Mutex<BTreeSet<String>>,
    /// How many more calls fail because of storage.
    pub(super) failures: AtomicI64,
    pub(super) violations: Mutex<Vec<Violation>>,
    pub(super) events: Mutex<Vec<ViolationEvent>>,
    pub(super) findings: Arc<FindingsByHand>,
    /// Where there is one, remedies wait for a permit.
    pub(super) gate: Mutex<Option<Arc<Semaphore>>>,
}

impl World {
    pub(super) fn add_violation(&self, violation: Violation) {
        self.events.lock().push(ViolationEvent {
            time: violation.started,
            value: Some(violation.last_value.clone()),
            event: ViolationEventType::InAlarm,
            violation: violation.clone(),
        });
        if let Some(ended) = violation.ended {
            self.events.lock().push(ViolationEvent {
                time: ended,
                value: None,
                event: ViolationEventType::AlarmCleared,
                violation: violation.clone(),
            });
        }
        self.violations.lock().push(violation);
    }

    pub(super) fn changes(&self) -> Vec<(String, u32)> {
        self.changed.lock().clone().into_iter().collect()
    }

    fn fails(&self) -> bool {
        self.failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n > 0).then(|| n - 1))
            .is_ok()
    }
}

pub(super) fn violation(id: &str, thing: &str) -> Violation {
    Violation {
        violation_id: id.to_owned(),
        thing: thing.to_owned(),
        profile: "base".to_owned(),
        behavior: "ports".to_owned(),
        metric: "aws:listening-tcp-ports".to_owned(),
        started: START,
        last_violation: START,
        last_value: MetricValue::Ports(vec![21]),
        ended: None,
        explanation: "port 21 is open".to_owned(),
        trace: None,
        definition: json!({"name": "ports", "metric": "aws:listening-tcp-ports"}).to_string(),
        criteria: CriteriaType::Static,
        suppressed: false,
        datapoints: Vec::new(),
        verification: Verification::default(),
    }
}

pub(super) fn certificate(n: u8) -> Value {
    json!({"deviceCertificateId": format!("{n:064x}")})
}

#[derive(Debug)]
struct Acting {
    world: Arc<World>,
    fuse: Arc<Fuse>,
}

fn key_of(remedy: &Remedy, subject: &RemedySubject) -> String {
    let subject = match subject {
        RemedySubject::Thing(name) => name.clone(),
        RemedySubject::Certificate(id) => id.as_str().trim_start_matches('0').to_owned(),
        RemedySubject::Authority(id) => format!("ca-{}", id.as_str().trim_start_matches('0')),
        RemedySubject::Policy(name) => name.to_string(),
        RemedySubject::Account => "account".to_owned(),
    };
    let remedy = match remedy {
        Remedy::DeactivateCertificate => "deactivate",
        Remedy::DeactivateAuthority => "deactivate-ca",
        Remedy::JoinGroups { .. } => "join",
        Remedy::BlankPolicy => "blank",
        Remedy::EnableLogging { .. } => "log",
    };
    format!("{remedy} {subject}")
}

#[async_trait]
impl Remedies for Acting {
    async fn plan(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        if let RemedySubject::Thing(name) = subject
            && self.world.strangers.lock().contains(name)
        {
            return Err(RemedyError::NoSubject(format!("thing {name} is not registered")));
        }
        if let Remedy::JoinGroups { groups, .. } = remedy {
            let missing = self.world.missing_groups.lock();
            if let Some(group) = groups.iter().find(|group| missing.contains(*group)) {
                let code = "ResourceNotFoundException".to_owned();
                let message = format!("thing group {group} not found");
                return Err(RemedyError::Refused { code, message });
            }
        }
        let key = key_of(remedy, subject);
        let is_done = self.world.changed.lock().contains_key(&key);
        let (before, after) = ("open".to_owned(), "shut".to_owned());
        let operation = "Change".to_owned();
        Ok(vec![PlannedChange { operation, resource: key, before, after, is_done }])
    }

    async fn apply(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        self.fuse.point().await;
        let gate = self.world.gate.lock().clone();
        if let Some(gate) = gate {
            match gate.acquire().await {
                Ok(permit) => permit.forget(),
                Err(_) => return Err(RemedyError::Unavailable("the process ends".to_owned())),
            }
        }
        if self.world.fails() {
            return Err(RemedyError::Unavailable("the disk is away".to_owned()));
        }
        let planned = self.plan(remedy, subject).await?;
        if !planned[0].is_done {
            *self.world.changed.lock().entry(planned[0].resource.clone()).or_default() += 1;
        }
        self.fuse.point().await;
        Ok(planned)
    }
}

#[async_trait]
impl Notify for Acting {
    async fn notify(&self, notification: Notification) -> Result<String, NotifyError> {
        self.fuse.point().await;
        let Notification { topic_arn, message, deduplication_id, .. } = notification;
        if topic_arn != TOPIC {
            return Err(NotifyError::NoSuchTopic(topic_arn));
        }
        if self.world.fails() {
            return Err(NotifyError::Storage("the disk is away".to_owned()));
        }
        let id = deduplication_id.expect("what may be repeated says so");
        {
            let mut published = self.world.published.lock();
            if !published.iter().any(|(_, known, _)| *known == id) {
                published.push((topic_arn, id, serde_json::from_str(&message).unwrap()));
            }
        }
        self.fuse.point().await;
        Ok("m-1".to_owned())
    }
}

#[derive(Debug)]
struct Book(Arc<World>);

#[async_trait]
impl Alarms for Book {
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError> {
        let violations = self.0.violations.lock();
        let active = violations.iter().rev().filter(|it| it.ended.is_none());
        Ok(active.filter(|it| filter.admits(&AlarmFacts::of(it))).cloned().collect())
    }

    async fn active_page(
        &self,
        filter: &AlarmFilter,
        _page: &Page,
    ) -> Result<Rows<Violation>, AlarmsError> {
        Ok(Rows { rows: self.active(filter).await?, next: None })
    }

    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError> {
        let events = self.0.events.lock();
        let mut found: Vec<_> = events
            .iter()
            .filter(|it| from <= it.time && it.time < to)
            .filter(|it| filter.admits(&AlarmFacts::of(&it.violation)))
            .cloned()
            .collect();
        found.sort_by_key(|event| std::cmp::Reverse(event.time));
        found.truncate(events_max);
        Ok(found)
    }

    /// Two events a page.
    async fn history_page(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<ViolationEvent>, AlarmsError> {
        let all = self.history(filter, from, to, usize::MAX).await?;
        let begin: usize = page.after.as_deref().map_or(0, |after| after.parse().unwrap());
        let next = (all.len() > begin + 2).then(|| (begin + 2).to_string());
        Ok(Rows { rows: all.into_iter().skip(begin).take(2).collect(), next })
    }

    async fn episode(&self, violation_id: &str) -> Result<Option<Episode>, AlarmsError> {
        let violations = self.0.violations.lock();
        let found = violations.iter().find(|it| it.violation_id == violation_id);
        let events = self.0.events.lock();
        let of_it = events.iter().filter(|it| it.violation.violation_id == violation_id);
        Ok(found.map(|violation| Episode {
            violation: violation.clone(),
            events: of_it.cloned().collect(),
        }))
    }

    async fn verify(
        &self,
        violation_id: &str,
        _verification: Verification,
    ) -> Result<Violation, VerifyError> {
        Err(VerifyError::NotFound(violation_id.to_owned()))
    }
}

#[async_trait]
impl CommitHand for Fuse {
    async fn commit(&self, store: &dyn StateStore, batch: StateBatch) -> Result<(), LogError> {
        self.point().await;
        store.commit(batch).await?;
        self.point().await;
        Ok(())
    }
}

/// A running engine.
pub(super) struct Rig {
    pub(super) mitigation: Arc<Mitigation>,
    pub(super) world: Arc<World>,
    pub(super) registry: Arc<dyn Registry>,
    pub(super) clock: ManualClock,
    tasks: Tasks,
    _folder: Option<tempfile::TempDir>,
}

impl Rig {
    pub(super) async fn new() -> Self {
        Self::with(MitigateConfig::default()).await
    }

    pub(super) async fn with(config: MitigateConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Arc::new(World::default());
        let rig = Self::open(folder.path(), config, (world, Fuse::never())).await;
        Self { _folder: Some(folder), ..rig }
    }

    /// Opens what is in a folder.
    pub(super) async fn open(
        path: &Path,
        config: MitigateConfig,
        (world, fuse): (Arc<World>, Arc<Fuse>),
    ) -> Self {
        let opened = SqliteRegistry::open(path.join("registry.db")).await.unwrap();
        let registry: Arc<dyn Registry> = Arc::new(opened);
        let inner = FjallStore::open(path.join("log")).unwrap();
        let states = HandledStates { inner, hand: Arc::clone(&fuse) };
        let acting = Arc::new(Acting { world: Arc::clone(&world), fuse });
        let book = Arc::new(Book(Arc::clone(&world)));
        let (clock, tasks) = (ManualClock::at(START), Tasks::new());
        let dependencies = Dependencies {
            registry: Arc::clone(&registry),
            states: Arc::new(states),
            remedies: Arc::clone(&acting) as _,
            alarms: book,
            findings: Arc::clone(&world.findings) as _,
            notify: acting,
            clock: Arc::new(clock.clone()),
            tasks: tasks.clone(),
            account: Account::default(),
        };
        let mitigation = Mitigation::open(config, dependencies).await.unwrap();
        Self { mitigation, world, registry, clock, tasks, _folder: None }
    }

    pub(super) async fn action(&self, name: &str, params: Value) {
        let params = ActionParams::read(&params).unwrap();
        let (name, role_arn, tags) = (name.to_owned(), ROLE.to_owned(), Vec::new());
        let new = NewAction { name, role_arn, params, tags };
        self.mitigation.create_action(new).await.unwrap();
    }

    /// One action of each type, named by its beginning, and `lost`, whose group there is not.
    pub(super) async fn actions(&self) {
        for (name, params) in [
            ("cert", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
            ("ca", json!({"updateCACertificateParams": {"action": "DEACTIVATE"}})),
            ("group", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}})),
            (
                "policy",
                json!({"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}}),
            ),
            (
                "log",
                json!({"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "INFO"}}),
            ),
            ("sns", json!({"publishFindingToSnsParams": {"topicArn": TOPIC}})),
            ("lost", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["nowhere"]}})),
        ] {
            self.action(name, params).await;
        }
        self.world.missing_groups.lock().insert("nowhere".to_owned());
    }

    /// The task once it is over.
    pub(super) async fn over(&self, kind: TaskKind, id: &str) -> Task {
        waits_until("the end of the task", async || {
            self.mitigation.task(kind, id).await.unwrap().ended.is_some()
        })
        .await;
        self.mitigation.task(kind, id).await.unwrap()
    }

    /// Tells the engine to stop without waiting for what is under way and cannot end.
    pub(super) async fn end_at_once(self) {
        self.tasks.shut_down(Duration::from_millis(10)).await;
        if let Some(gate) = self.world.gate.lock().take() {
            gate.close();
        }
        assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
    }

    pub(super) async fn end(self) {
        assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
    }
}

pub(super) async fn waits_until(what: &str, is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(super) fn new_task(id: &str) -> NewTask {
    NewTask {
        id: id.to_owned(),
        token: Some(format!("token-{id}")),
        by: "ana".to_owned(),
        note: None,
    }
}

pub(super) fn texts(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

/// The refusal of an operation as `Variant: text`.
pub(super) fn refusal<T: std::fmt::Debug>(result: Result<T, MitigationError>) -> String {
    let error = result.unwrap_err();
    let debug = format!("{error:?}");
    let variant = debug.split([' ', '(', '{']).next().unwrap_or_default();
    format!("{variant}: {error}")
}
