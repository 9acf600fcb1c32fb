//! What actions would change about the devices of some alarms.

use axum::Json;
use axum::extract::State;
use picket_mitigate::PlannedStep;
use serde::{Deserialize, Serialize};

use super::{ChangeView, views};
use crate::error::ApiResult;
use crate::routes::Body;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanBody {
    violation_ids: Vec<String>,
    actions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct StepView {
    violation_id: String,
    thing: String,
    action: String,
    r#type: &'static str,
    changes: Vec<ChangeView>,
    /// Why the step would be skipped or fail.
    error: Option<String>,
}

impl From<PlannedStep> for StepView {
    fn from(step: PlannedStep) -> Self {
        let PlannedStep { violation_id, thing, action, action_type, changes, problem } = step;
        let (r#type, changes) = (action_type, views(changes));
        Self { violation_id, thing, action, r#type, changes, error: problem }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    steps: Vec<StepView>,
}

pub(crate) async fn make(
    State(state): State<Shared>,
    Body(asked): Body<PlanBody>,
) -> ApiResult<Json<Plan>> {
    let steps = state.mitigation.plan(&asked.violation_ids, &asked.actions).await?;
    Ok(Json(Plan { steps: steps.into_iter().map(StepView::from).collect() }))
}
