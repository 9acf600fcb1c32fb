//! One action on one target.

use std::time::Duration;

use picket_ports::{Notification, NotifyError, PlannedChange, Remedy, RemedyError, RemedySubject};
use uuid::Uuid;

use super::detect_targets::is_of_account;
use super::target::Target;
use super::task::Task;
use crate::Mitigation;
use crate::actions::Effect;

/// How often a step is tried while storage fails.
const ATTEMPTS_MAX: u32 = 10;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What came of a step.
#[derive(Debug)]
pub(super) enum Outcome {
    Done(Vec<PlannedChange>),
    Skipped(String),
    Failed { code: String, message: String },
}

/// Storage failed; another try may succeed.
#[derive(Debug)]
struct TryAgain(String);

impl Mitigation {
    /// Does the step `at` of a target, which does no harm where it was done before. `None` if the server
    /// stops before it is known what came of it.
    pub(super) async fn carry_out(
        &self,
        task: &Task,
        target: &Target,
        at: usize,
    ) -> Option<Outcome> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let cause = match self.attempt(task, target, at).await {
                Ok(outcome) => return Some(outcome),
                Err(TryAgain(cause)) => cause,
            };
            tracing::warn!(task = task.id, target = target.id, attempt, cause, "a step failed");
            if attempt >= ATTEMPTS_MAX {
                let code = "ServiceUnavailableException".to_owned();
                let message = format!("storage failed {attempt} times in a row");
                return Some(Outcome::Failed { code, message });
            }
            tokio::select! {
                () = self.scope.stopping() => return None,
                () = tokio::time::sleep(wait) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        None
    }

    async fn attempt(&self, task: &Task, target: &Target, at: usize) -> Result<Outcome, TryAgain> {
        let step = target.steps.get(at);
        let Some(action) = step.and_then(|step| task.actions.get(step.action)) else {
            return Ok(Outcome::Skipped("the task does not know the action".to_owned()));
        };
        match action.params.effect() {
            Effect::Publish(topic) => {
                let id = deduplication_id(task, target, at);
                self.publish(topic, target.message.as_deref(), id).await
            }
            effect @ Effect::Remedy(remedy) if is_of_account(effect) => {
                self.apply(remedy, &[RemedySubject::Account]).await
            }
            Effect::Remedy(remedy) => self.apply(remedy, &target.subjects).await,
        }
    }

    /// Every subject gets its chance. A refusal of one makes the step fail; it is skipped if there was
    /// nothing to do for any.
    async fn apply(
        &self,
        remedy: &Remedy,
        subjects: &[RemedySubject],
    ) -> Result<Outcome, TryAgain> {
        let (mut changes, mut failure, mut idle) = (None::<Vec<_>>, None, None);
        for subject in subjects {
            match self.remedies.apply(remedy, subject).await {
                Ok(made) => changes.get_or_insert_default().extend(made),
                Err(RemedyError::NoSubject(why)) => {
                    idle.get_or_insert(why);
                }
                Err(RemedyError::Refused { code, message }) => {
                    failure.get_or_insert(Outcome::Failed { code, message });
                }
                Err(RemedyError::Unavailable(cause)) => return Err(TryAgain(cause)),
            }
        }
        if let Some(failure) = failure {
            return Ok(failure);
        }
        Ok(match changes {
            Some(changes) => Outcome::Done(changes),
            None => Outcome::Skipped(
                idle.unwrap_or_else(|| "the finding names nothing to apply it to".to_owned()),
            ),
        })
    }

    async fn publish(
        &self,
        topic: &str,
        message: Option<&str>,
        deduplication_id: String,
    ) -> Result<Outcome, TryAgain> {
        let Some(message) = message else {
            return Ok(Outcome::Skipped("there is nothing to publish".to_owned()));
        };
        let notification = Notification {
            topic_arn: topic.to_owned(),
            subject: None,
            message: message.to_owned(),
            deduplication_id: Some(deduplication_id),
            ..Notification::default()
        };
        match self.notify.notify(notification).await {
            Ok(message_id) => Ok(Outcome::Done(vec![PlannedChange {
                operation: "Publish".to_owned(),
                resource: format!("topic {topic}"),
                before: String::new(),
                after: format!("message {message_id}"),
                is_done: false,
            }])),
            Err(error @ NotifyError::NoSuchTopic(_)) => Ok(Outcome::Failed {
                code: "NotFoundException".to_owned(),
                message: error.to_string(),
            }),
            Err(error @ NotifyError::Invalid(_)) => Ok(Outcome::Failed {
                code: "InvalidParameterException".to_owned(),
                message: error.to_string(),
            }),
            Err(NotifyError::Storage(cause)) => Err(TryAgain(cause)),
        }
    }
}

/// The same for every try of a step, and for no other step.
fn deduplication_id(task: &Task, target: &Target, at: usize) -> String {
    let of = format!("mitigation/{}/{}/{}/{at}", task.kind().as_str(), task.id, target.id);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, of.as_bytes()).to_string()
}
