//! One rule applied to one message.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use picket_iot_sql::{Emission, Input, Outcome};
use picket_ports::{Message, TapError};
use serde_json::{Value, json};

use crate::actions::{Action, ActionCx, ActionFailure, Remedy};
use crate::document::RuleDocument;
use crate::engine::RulesConfig;
use crate::metrics::RuleCounters;

/// A rule ready to run.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) document: RuleDocument,
    pub(crate) counters: Arc<RuleCounters>,
}

/// How a rule ended for one message.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The actions, or the error action in their place, have stored or sent the result.
    Done,
    /// WHERE let the message fall.
    Filtered,
    /// Given up; with an error if the publisher may try again.
    Failed(Option<TapError>),
}

/// Everything about the message that does not depend on the rule.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) message: &'a Message,
    pub(crate) input: &'a Input<'a>,
    pub(crate) outlets: Outlets<'a>,
    pub(crate) config: &'a RulesConfig,
}

/// Where results can go.
#[derive(Clone, Copy)]
pub(crate) struct Outlets<'a> {
    pub(crate) delivery: &'a Arc<dyn picket_ports::Delivery>,
    pub(crate) publisher: Option<&'a Arc<dyn picket_ports::Publish>>,
}

/// What failed, as the error document tells it.
struct Failed {
    action: &'static str,
    failure: ActionFailure,
}

impl Rule {
    /// Applies the rule: WHERE, SELECT, then every action independently, then the error action if one
    /// has failed.
    pub(crate) async fn run(&self, occasion: Occasion<'_>) -> Ended {
        self.counters.executed.count();
        let evaluation = self.document.statement.evaluate(occasion.input);
        if evaluation.payload_unreadable {
            self.counters.parse_error.count();
        }
        let failed = match &evaluation.outcome {
            Outcome::NoMatch => return Ended::Filtered,
            Outcome::Emit(emission) => self.run_actions(occasion, emission).await,
            Outcome::Failed(problem) => {
                if !evaluation.payload_unreadable {
                    self.counters.parse_error.count();
                }
                self.all_failed(problem)
            }
        };
        if failed.is_empty() {
            return Ended::Done;
        }
        self.handle_failures(occasion, &failed).await
    }

    async fn run_actions(&self, occasion: Occasion<'_>, emission: &Emission) -> Vec<Failed> {
        let one = |action| async move {
            let result = try_action(action, occasion, emission).await;
            self.counters.action_ended(action.kind(), result.is_ok());
            result.err().map(|failure| Failed { action: action.failed_action(), failure })
        };
        let actions = self.document.actions.iter().map(|action| one(&**action));
        futures::future::join_all(actions).await.into_iter().flatten().collect()
    }

    fn all_failed(&self, problem: &str) -> Vec<Failed> {
        let fail = |action: &dyn Action| {
            self.counters.action_ended(action.kind(), false);
            let failure = ActionFailure {
                resource: String::new(),
                message: problem.to_owned(),
                remedy: Remedy::Nothing,
            };
            Failed { action: action.failed_action(), failure }
        };
        self.document.actions.iter().map(|action| fail(&**action)).collect()
    }

    async fn handle_failures(&self, occasion: Occasion<'_>, failed: &[Failed]) -> Ended {
        let noteworthy = self.counters.failed.count_and_is_noteworthy();
        for Failed { action, failure } in failed.iter().filter(|_| noteworthy) {
            tracing::warn!(
                rule = %self.name, action, resource = %failure.resource,
                cause = %failure.message,
                messages = self.counters.failed.get(), "a rule's action failed"
            );
        }
        if let Some(error_action) = &self.document.error_action {
            let emission = Emission::of(self.error_document(occasion, failed));
            match try_action(&**error_action, occasion, &emission).await {
                Ok(()) => {
                    self.counters.error_action_success.count();
                    return Ended::Done;
                }
                Err(failure) => {
                    if self.counters.error_action_failure.count_and_is_noteworthy() {
                        tracing::warn!(
                            rule = %self.name, resource = %failure.resource,
                            cause = %failure.message, "a rule's error action failed"
                        );
                    }
                }
            }
        }
        let curable = failed.iter().find(|failed| failed.failure.remedy != Remedy::Nothing);
        Ended::Failed(curable.map(|failed| TapError {
            rule: self.name.clone(),
            cause: failed.failure.message.clone(),
        }))
    }

    /// The document of spec iot-core §5.9.
    fn error_document(&self, occasion: Occasion<'_>, failed: &[Failed]) -> Value {
        let failures: Vec<_> = failed
            .iter()
            .map(|Failed { action, failure }| {
                json!({
                    "failedAction": action,
                    "failedResource": failure.resource,
                    "errorMessage": failure.message,
                })
            })
            .collect();
        json!({
            "ruleName": self.name,
            "topic": &*occasion.message.topic,
            "cloudwatchTraceId": occasion.input.trace_id,
            "clientId": occasion.input.client_id.unwrap_or("n/a"),
            "base64OriginalPayload": STANDARD.encode(&occasion.message.payload),
            "failures": failures,
        })
    }
}

/// Runs `action`, again after a pause that doubles while trying again may help.
async fn try_action(
    action: &dyn Action,
    occasion: Occasion<'_>,
    emission: &Emission,
) -> Result<(), ActionFailure> {
    let cx = ActionCx {
        message: occasion.message,
        emission,
        input: occasion.input,
        delivery: occasion.outlets.delivery,
        publisher: occasion.outlets.publisher,
        now: occasion.input.now,
    };
    let mut pause = Duration::from_millis(occasion.config.backoff_ms);
    let mut tries_left = occasion.config.tries_max;
    loop {
        tries_left = tries_left.saturating_sub(1);
        match action.run(&cx).await {
            Err(failure) if failure.remedy == Remedy::Retry && tries_left > 0 => {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
            result => return result,
        }
    }
}
