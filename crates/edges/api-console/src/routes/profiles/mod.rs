//! Security profiles.

mod catalogue;
mod change;
mod check;
mod targets;

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use picket_core::Timestamp;
use picket_ports::alarms::AlarmFilter;
use picket_profile::Problem;
use picket_registry::SecurityProfile;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Name;
use crate::error::ApiResult;
use crate::state::{ConsoleState, Shared};

pub(crate) use catalogue::catalogue;
pub(crate) use change::{create, delete, replace};
pub(crate) use check::check;
pub(crate) use targets::{attach, detach};

#[derive(Debug, Serialize)]
pub(crate) struct ProfileView {
    name: String,
    version: u64,
    created_ms: Timestamp,
    modified_ms: Timestamp,
    /// What the profile says, in AWS's shape.
    document: Map<String, Value>,
    /// ARNs of whom it watches.
    targets: Vec<String>,
    /// Why it is not in force; empty where it is.
    problems: Vec<ProblemView>,
    active_alarms: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProblemView {
    path: String,
    problem: String,
}

impl From<Problem> for ProblemView {
    fn from(problem: Problem) -> Self {
        let Problem { path, problem } = problem;
        Self { path, problem }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ProfileList {
    profiles: Vec<ProfileView>,
}

pub(crate) async fn list(State(state): State<Shared>) -> ApiResult<Json<ProfileList>> {
    let profiles = state.control.security_profiles().await?;
    Ok(Json(ProfileList { profiles: views(&state, profiles).await? }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<Json<ProfileView>> {
    let profile = state.control.security_profile(&name).await?;
    Ok(Json(view(&state, profile).await?))
}

async fn view(state: &ConsoleState, profile: SecurityProfile) -> ApiResult<ProfileView> {
    let problems = state.control.security_profile_problems(&profile.name, &profile.content).await?;
    let filter = AlarmFilter { profile: Some(profile.name.clone()), ..AlarmFilter::default() };
    let active = state.alarms.active(&filter).await?.len();
    Ok(viewed(profile, problems, active))
}

async fn views(
    state: &ConsoleState,
    profiles: Vec<SecurityProfile>,
) -> ApiResult<Vec<ProfileView>> {
    let problems = state.control.problems_of_security_profiles(&profiles).await?;
    let mut active: HashMap<String, usize> = HashMap::new();
    for alarm in state.alarms.active(&AlarmFilter::default()).await? {
        *active.entry(alarm.profile).or_default() += 1;
    }
    let with_problems = profiles.into_iter().zip(problems);
    let view = |(profile, problems): (SecurityProfile, _)| {
        let active = active.get(&profile.name).copied().unwrap_or_default();
        viewed(profile, problems, active)
    };
    Ok(with_problems.map(view).collect())
}

fn viewed(profile: SecurityProfile, problems: Vec<Problem>, active_alarms: usize) -> ProfileView {
    let SecurityProfile { name, content, targets, version, created, modified } = profile;
    ProfileView {
        name,
        version,
        created_ms: created,
        modified_ms: modified,
        document: content.members().clone(),
        targets,
        problems: problems.into_iter().map(ProblemView::from).collect(),
        active_alarms,
    }
}
