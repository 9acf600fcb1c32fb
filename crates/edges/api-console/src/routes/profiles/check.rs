//! Whether a document could be stored as a security profile.

use axum::Json;
use axum::extract::State;
use picket_registry::ProfileContent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ProblemView;
use crate::error::ApiResult;
use crate::routes::Body;
use crate::state::Shared;

/// The name of a document that has none yet.
const NAMELESS: &str = "new";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    #[serde(default)]
    name: Option<String>,
    document: Value,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProfileCheck {
    valid: bool,
    problems: Vec<ProblemView>,
}

pub(crate) async fn check(
    State(state): State<Shared>,
    Body(Draft { name, document }): Body<Draft>,
) -> ApiResult<Json<ProfileCheck>> {
    let problems = match document {
        Value::Object(members) => {
            let name = name.filter(|name| !name.is_empty());
            let name = name.as_deref().unwrap_or(NAMELESS);
            let content = ProfileContent::new(members);
            let found = state.control.security_profile_problems(name, &content).await?;
            found.into_iter().map(ProblemView::from).collect()
        }
        _ => {
            let problem = "must be an object".to_owned();
            vec![ProblemView { path: String::new(), problem }]
        }
    };
    Ok(Json(ProfileCheck { valid: problems.is_empty(), problems }))
}
