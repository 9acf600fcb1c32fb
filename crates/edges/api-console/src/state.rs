//! What all handlers share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use picket_core::{Clock, Tasks, Timestamp};
use picket_mitigate::Mitigation;
use picket_notify::NotifyEngine;
use picket_ports::connection_log::ConnectionLog;
use picket_ports::connections::Connections;
use picket_ports::messages::Listen;
use picket_ports::{Alarms, Enrollment, MetricHistory, Pipeline, Publish, Registry, Search};
use picket_registry::ControlPlane;
use tokio::sync::Semaphore;

use crate::config::ConsoleConfig;
use crate::history::History;
use crate::lockout::{Lockout, LockoutLimits};
use crate::passwords::PasswordChecks;
use crate::server::{ConsoleDeps, FrontDoor};
use crate::sessions::{SessionBook, SessionLimits};

/// Questions about the whole fleet's datapoints at a time: each keeps several threads busy.
const HISTORY_SEATS: usize = 2;

/// The console's state. Handlers hold it by [`Shared`].
#[derive(Debug)]
pub(crate) struct ConsoleState {
    pub(crate) config: ConsoleConfig,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) control: Arc<ControlPlane>,
    pub(crate) front_door: FrontDoor,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) connection_log: Arc<dyn ConnectionLog>,
    pub(crate) publish: Arc<dyn Publish>,
    pub(crate) listen: Arc<dyn Listen>,
    pub(crate) tasks: Tasks,
    pub(crate) enrollment: Arc<dyn Enrollment>,
    pub(crate) alarms: Arc<dyn Alarms>,
    pub(crate) metric_history: Arc<dyn MetricHistory>,
    pub(crate) notify: Arc<NotifyEngine>,
    pub(crate) mitigation: Arc<Mitigation>,
    pub(crate) search: Arc<dyn Search>,
    pub(crate) pipeline: Arc<dyn Pipeline>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) passwords: PasswordChecks,
    pub(crate) search_seats: Semaphore,
    /// For questions that read the stored datapoints of the whole fleet.
    pub(crate) history_seats: Semaphore,
    sessions: Mutex<SessionBook>,
    lockout: Mutex<Lockout>,
    history: Mutex<History>,
}

pub(crate) type Shared = Arc<ConsoleState>;

impl ConsoleState {
    pub(crate) fn new(config: ConsoleConfig, deps: &ConsoleDeps) -> Self {
        let session_limits = SessionLimits {
            idle: Duration::from_secs(config.session_idle_seconds),
            lifetime: Duration::from_secs(config.session_seconds_max),
            sessions_max: config.sessions_max,
        };
        let lockout_limits = LockoutLimits {
            user_failures_max: config.user_failures_max,
            address_failures_max: config.address_failures_max,
            wait: Duration::from_secs(config.lockout_seconds),
            entries_max: config.lockout_entries_max,
        };
        Self {
            registry: deps.control.registry().clone(),
            control: deps.control.clone(),
            front_door: deps.front_door.clone(),
            connections: deps.connections.clone(),
            connection_log: deps.connection_log.clone(),
            publish: deps.publish.clone(),
            listen: deps.listen.clone(),
            tasks: deps.tasks.clone(),
            enrollment: deps.enrollment.clone(),
            alarms: deps.alarms.clone(),
            metric_history: deps.metric_history.clone(),
            notify: deps.notify.clone(),
            mitigation: deps.mitigation.clone(),
            search: deps.search.clone(),
            pipeline: deps.pipeline.clone(),
            clock: deps.clock.clone(),
            passwords: PasswordChecks::new(config.password_checks_max),
            search_seats: Semaphore::new(config.searches_max.max(1)),
            history_seats: Semaphore::new(HISTORY_SEATS),
            sessions: Mutex::new(SessionBook::new(session_limits)),
            lockout: Mutex::new(Lockout::new(lockout_limits)),
            history: Mutex::new(History::default()),
            config,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, SessionBook> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lockout(&self) -> MutexGuard<'_, Lockout> {
        self.lockout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
