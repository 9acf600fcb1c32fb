//! A target of a task, a violation or a finding, with the actions applied to it.

use picket_core::Timestamp;
use picket_ports::{PlannedChange, RemedySubject};
use serde::{Deserialize, Serialize};

use super::task::{Tally, TaskKind};

/// How far an action on one target has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepStatus {
    /// Not begun.
    Pending,
    /// Under way.
    InProgress,
    /// Done.
    Done,
    /// It failed.
    Failed,
    /// Not done, for a reason that stands in the message.
    Skipped,
    /// Not done, since the task was canceled.
    Canceled,
}

impl StepStatus {
    const ALL: [Self; 6] =
        [Self::Pending, Self::InProgress, Self::Done, Self::Failed, Self::Skipped, Self::Canceled];

    /// AWS's word for it. Detect tasks have fewer: what was not done is SKIPPED there.
    pub const fn as_str(self, kind: TaskKind) -> &'static str {
        match (self, kind) {
            (Self::Pending, _) => "PENDING",
            (Self::InProgress, _) => "IN_PROGRESS",
            (Self::Done, TaskKind::Audit) => "COMPLETED",
            (Self::Done, TaskKind::Detect) => "SUCCESSFUL",
            (Self::Failed, _) => "FAILED",
            (Self::Canceled, TaskKind::Audit) => "CANCELED",
            (Self::Skipped, _) | (Self::Canceled, TaskKind::Detect) => "SKIPPED",
        }
    }

    /// Reads AWS's word.
    pub fn parse(kind: TaskKind, text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str(kind) == text)
    }

    /// Whether nothing more becomes of it.
    pub(crate) const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::InProgress)
    }
}

/// One action on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Its place among the task's actions.
    pub(crate) action: usize,
    pub(crate) status: StepStatus,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) error_code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) changes: Vec<PlannedChange>,
}

impl Step {
    pub(crate) const fn pending(action: usize) -> Self {
        Self {
            action,
            status: StepStatus::Pending,
            started: None,
            ended: None,
            error_code: None,
            message: None,
            changes: Vec::new(),
        }
    }

    /// Ends a step that was not begun.
    pub(crate) fn end_unbegun(&mut self, status: StepStatus, why: String, now: Timestamp) {
        self.status = status;
        self.started = Some(now);
        self.ended = Some(now);
        self.message = Some(why);
    }
}

/// A violation or a finding, as much of it as mitigation needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The violation's or the finding's id.
    pub(crate) id: String,
    /// The device, of a violation.
    pub(crate) thing: Option<String>,
    /// The check, of a finding.
    pub(crate) check: Option<String>,
    /// Whom the remedies concern.
    pub(crate) subjects: Vec<RemedySubject>,
    /// What is published, where an action publishes.
    pub(crate) message: Option<String>,
    /// The actions, in the order in which they are applied.
    pub(crate) steps: Vec<Step>,
}

impl Target {
    pub(crate) fn is_finished(&self) -> bool {
        self.steps.iter().all(|step| step.status.is_final())
    }

    /// Ends all steps before they begin.
    pub(crate) fn skip(&mut self, why: &str, now: Timestamp) {
        for step in &mut self.steps {
            step.end_unbegun(StepStatus::Skipped, why.to_owned(), now);
        }
    }
}

impl Tally {
    /// Counts a finished target.
    pub(crate) fn add(&mut self, target: &Target) {
        let count = |status| target.steps.iter().filter(|step| step.status == status).count();
        let (failed, canceled) = (count(StepStatus::Failed), count(StepStatus::Canceled));
        let (done, skipped) = (count(StepStatus::Done), count(StepStatus::Skipped));
        self.executed += done as u64;
        self.failed += failed as u64;
        self.skipped += (skipped + canceled) as u64;
        let Some(check) = &target.check else { return };
        let of_check = self.checks.entry(check.clone()).or_default();
        // A finding is counted once, by the worst that happened to it.
        match () {
            () if failed > 0 => of_check.failed += 1,
            () if canceled > 0 => of_check.canceled += 1,
            () if done == 0 => of_check.skipped += 1,
            () => of_check.succeeded += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(statuses: &[StepStatus]) -> Target {
        let steps = statuses.iter().enumerate();
        let steps = steps.map(|(at, status)| Step { status: *status, ..Step::pending(at) });
        Target {
            id: "f".to_owned(),
            thing: None,
            check: Some("C".to_owned()),
            subjects: Vec::new(),
            message: None,
            steps: steps.collect(),
        }
    }

    #[test]
    fn statistics_count_actions_and_each_finding_once() {
        use StepStatus::{Canceled, Done, Failed, Skipped};
        let mut tally = Tally::default();
        for steps in [
            &[Done, Done][..],
            &[Done, Failed, Skipped],
            &[Done, Canceled],
            &[Skipped, Skipped],
            &[Skipped, Done],
        ] {
            tally.add(&target(steps));
        }
        assert_eq!((tally.executed, tally.failed, tally.skipped), (5, 1, 5));
        let expected = CheckTally { total: 0, failed: 1, succeeded: 2, skipped: 1, canceled: 1 };
        assert_eq!(tally.checks["C"], expected);
    }

    use super::super::task::CheckTally;

    #[test]
    fn words_are_aws_s_for_each_kind() {
        for kind in TaskKind::ALL {
            for status in StepStatus::ALL {
                let read = StepStatus::parse(kind, status.as_str(kind)).unwrap();
                assert_eq!(read.as_str(kind), status.as_str(kind));
            }
        }
        assert_eq!(StepStatus::Done.as_str(TaskKind::Detect), "SUCCESSFUL");
        assert_eq!(StepStatus::parse(TaskKind::Detect, "COMPLETED"), None);
    }
}
