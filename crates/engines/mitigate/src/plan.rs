//! Dry run: what a detect task would change.

use picket_ports::{PlannedChange, RemedySubject};

use crate::actions::Effect;
use crate::{Mitigation, MitigationAction, MitigationError};

/// What one action would change about one violation's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// The violation.
    pub violation_id: String,
    /// The device.
    pub thing: String,
    /// The action's name.
    pub action: String,
    /// The action's type.
    pub action_type: &'static str,
    /// What it would change. Each step is planned as if it were the first.
    pub changes: Vec<PlannedChange>,
    /// Why it would be skipped or fail.
    pub problem: Option<String>,
}

impl Mitigation {
    /// What `actions` would change if they were applied to these violations now. Changes nothing.
    pub async fn plan(
        &self,
        violation_ids: &[String],
        actions: &[String],
    ) -> Result<Vec<PlannedStep>, MitigationError> {
        let actions = self.detect_actions(actions).await?;
        let mut steps = Vec::new();
        for episode in self.episodes(violation_ids).await? {
            let violation = episode.violation;
            for action in &actions {
                let (changes, problem) = match self.planned(action, &violation.thing).await {
                    Ok(changes) => (changes, None),
                    Err(problem) => (Vec::new(), Some(problem)),
                };
                steps.push(PlannedStep {
                    violation_id: violation.violation_id.clone(),
                    thing: violation.thing.clone(),
                    action: action.name.clone(),
                    action_type: action.params.action_type(),
                    changes,
                    problem,
                });
            }
        }
        Ok(steps)
    }

    async fn planned(
        &self,
        action: &MitigationAction,
        thing: &str,
    ) -> Result<Vec<PlannedChange>, String> {
        match action.params.effect() {
            Effect::Publish(topic) => Ok(vec![PlannedChange {
                operation: "Publish".to_owned(),
                resource: format!("topic {topic}"),
                before: String::new(),
                after: "the violation as a message".to_owned(),
                is_done: false,
            }]),
            Effect::Remedy(remedy) => {
                let subject = RemedySubject::Thing(thing.to_owned());
                self.remedies.plan(remedy, &subject).await.map_err(|error| {
                    tracing::debug!(%error, action = action.name, "a step has no plan");
                    picket_core::Classified::public_message(&error)
                })
            }
        }
    }
}
