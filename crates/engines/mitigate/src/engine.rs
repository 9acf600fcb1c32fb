//! Putting the engine together.

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex as ShortMutex;
use picket_core::{Account, Clock, Tasks};
use picket_ports::{Alarms, Findings, LogError, Notify, Registry, Remedies, StateStores};
use tokio::sync::Mutex;

use crate::tasks::{Running, TaskKind, TaskStore};
use crate::{MitigateConfig, MitigationError};

/// What the engine needs from others.
#[derive(Debug, Clone)]
pub struct Dependencies {
    /// Where actions are kept.
    pub registry: Arc<dyn Registry>,
    /// Where the state `mitigation`, the tasks, is kept.
    pub states: Arc<dyn StateStores>,
    /// Changes what has to be changed.
    pub remedies: Arc<dyn Remedies>,
    /// Violations.
    pub alarms: Arc<dyn Alarms>,
    /// Findings.
    pub findings: Arc<dyn Findings>,
    /// Publishes on topics.
    pub notify: Arc<dyn Notify>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Owns the engine's tasks.
    pub tasks: Tasks,
    /// The account in ARNs.
    pub account: Account,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong.
    #[error("the configuration of mitigation is wrong: {0}")]
    Config(String),
    /// The state cannot be opened.
    #[error(transparent)]
    State(#[from] LogError),
    /// The tasks that are not over cannot be read.
    #[error(transparent)]
    Tasks(#[from] MitigationError),
}

/// The mitigation engine.
#[derive(Debug)]
pub struct Mitigation {
    pub(crate) config: MitigateConfig,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) remedies: Arc<dyn Remedies>,
    pub(crate) alarms: Arc<dyn Alarms>,
    pub(crate) findings: Arc<dyn Findings>,
    pub(crate) notify: Arc<dyn Notify>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) scope: Tasks,
    pub(crate) account: Account,
    pub(crate) store: TaskStore,
    /// Held while actions are counted or changed.
    pub(crate) changing_actions: Mutex<()>,
    /// Held while tasks start, are canceled and end.
    pub(crate) changing_tasks: Mutex<()>,
    pub(crate) running: ShortMutex<AHashMap<(TaskKind, String), Arc<Running>>>,
}

impl Mitigation {
    /// Opens the state and takes up the tasks that were not over.
    pub async fn open(
        config: MitigateConfig,
        dependencies: Dependencies,
    ) -> Result<Arc<Self>, OpenError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OpenError::Config(problems.join("; ")));
        }
        let Dependencies {
            registry,
            states,
            remedies,
            alarms,
            findings,
            notify,
            clock,
            tasks,
            account,
        } = dependencies;
        let store = TaskStore::new(states.open_state("mitigation").await?);
        let mitigation = Arc::new(Self {
            config,
            registry,
            remedies,
            alarms,
            findings,
            notify,
            clock,
            scope: tasks,
            account,
            store,
            changing_actions: Mutex::default(),
            changing_tasks: Mutex::default(),
            running: ShortMutex::default(),
        });
        mitigation.take_up_tasks().await?;
        let forgetting = Arc::clone(&mitigation).keep_forgetting();
        mitigation.scope.spawn("mitigation-retention", forgetting);
        Ok(mitigation)
    }
}
