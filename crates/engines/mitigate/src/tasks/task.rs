//! A task as it is stored.

use std::collections::{BTreeMap, BTreeSet};

use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ActionParams, MitigationAction};

/// The two kinds of tasks. Their ids are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// For violations.
    Detect,
    /// For findings.
    Audit,
}

impl TaskKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Detect, Self::Audit];

    /// `detect` or `audit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Audit => "audit",
        }
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Detect => "detect mitigation task",
            Self::Audit => "audit mitigation task",
        }
    }
}

/// How far a task has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Not over.
    InProgress,
    /// Over, and no action failed.
    Done,
    /// Over, and an action failed.
    Failed,
    /// Ended by an operator.
    Canceled,
}

impl TaskStatus {
    const ALL: [Self; 4] = [Self::InProgress, Self::Done, Self::Failed, Self::Canceled];

    /// AWS's word for it, which is not the same for both kinds.
    pub const fn as_str(self, kind: TaskKind) -> &'static str {
        match (self, kind) {
            (Self::InProgress, _) => "IN_PROGRESS",
            (Self::Done, TaskKind::Audit) => "COMPLETED",
            (Self::Done, TaskKind::Detect) => "SUCCESSFUL",
            (Self::Failed, _) => "FAILED",
            (Self::Canceled, _) => "CANCELED",
        }
    }

    /// Reads AWS's word.
    pub fn parse(kind: TaskKind, text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str(kind) == text)
    }
}

/// Which violations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetectTarget {
    /// These, 1 to 25.
    Violations(Vec<String>),
    /// Those of a security profile.
    Profile {
        /// Its name.
        profile: String,
        /// Of this behavior only.
        behavior: Option<String>,
    },
}

/// What a detect task is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectRequest {
    /// Which violations.
    pub target: DetectTarget,
    /// Names of actions, in the order in which they are applied, 1 to 5.
    pub actions: Vec<String>,
    /// Only violations of which an event lies in this time, both ends included.
    pub range: Option<(Timestamp, Timestamp)>,
    /// Only violations that are active when the task starts.
    pub only_active: bool,
    /// Also violations of muted behaviors.
    pub includes_suppressed: bool,
}

/// Which findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditTarget {
    /// These, 1 to 25.
    Findings(Vec<String>),
    /// Those of an audit.
    Audit {
        /// The audit.
        task_id: String,
        /// Only those of these checks with one of these reason codes, 1 to 25 for each check.
        reason_codes: Option<BTreeMap<String, Vec<String>>>,
    },
}

/// What an audit task is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRequest {
    /// Which findings.
    pub target: AuditTarget,
    /// Names of actions for each check, in the order in which they are applied, 1 to 5.
    pub actions: BTreeMap<String, Vec<String>>,
}

/// What a task is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskRequest {
    /// Of a detect task.
    Detect(DetectRequest),
    /// Of an audit task.
    Audit(AuditRequest),
}

impl TaskRequest {
    /// The kind of task that is asked for.
    pub const fn kind(&self) -> TaskKind {
        match self {
            Self::Detect(_) => TaskKind::Detect,
            Self::Audit(_) => TaskKind::Audit,
        }
    }
}

/// An action as it was when a task started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionDefinition {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its role.
    pub role_arn: String,
    /// What it does.
    pub params: ActionParams,
}

impl From<MitigationAction> for ActionDefinition {
    fn from(action: MitigationAction) -> Self {
        let MitigationAction { name, id, role_arn, params, .. } = action;
        Self { name, id, role_arn, params }
    }
}

/// Findings of one check, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTally {
    /// All.
    pub total: u64,
    /// With an action that failed.
    pub failed: u64,
    /// With all actions done.
    pub succeeded: u64,
    /// Suppressed, filtered out, or with nothing to do.
    pub skipped: u64,
    /// Not finished when the task was canceled.
    pub canceled: u64,
}

/// What has come of a task so far. Targets count when they are finished.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Actions that were done.
    pub executed: u64,
    /// Actions that were not done, and did not need to be or could not be.
    pub skipped: u64,
    /// Actions that failed.
    pub failed: u64,
    /// Audit tasks: findings by check.
    pub checks: BTreeMap<String, CheckTally>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id, chosen by who started it.
    pub id: String,
    /// How far it has come.
    pub status: TaskStatus,
    /// When it started.
    pub started: Timestamp,
    /// When it ended. A canceled task ends when the step that was under way has come to its end.
    pub ended: Option<Timestamp>,
    /// The user who started it.
    pub by: String,
    /// What that user noted.
    pub note: Option<String>,
    /// `clientRequestToken`.
    pub token: Option<String>,
    /// What was asked for.
    pub request: TaskRequest,
    /// The actions as they were.
    pub actions: Vec<ActionDefinition>,
    /// What has come of it.
    pub tally: Tally,
    /// The audits whose findings it is for.
    pub audits: BTreeSet<String>,
    /// How many targets it has.
    pub targets: u32,
}

impl Task {
    /// Its kind.
    pub const fn kind(&self) -> TaskKind {
        self.request.kind()
    }
}
