//! IoT policies: listing, editing, checking and explaining.

mod explain;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::Timestamp;
use picket_policy::{MalformedPolicy, PolicyDocument};
use picket_ports::registry::{Order, Page, Policy, PolicyTarget};
use serde::{Deserialize, Serialize};

use super::paging::PageParams;
use super::{Body, Name, Names, Params};
use crate::audit::Changed;
use crate::error::{ApiError, ApiResult};
use crate::state::{ConsoleState, Shared};

pub(crate) use explain::{explain, rights};

/// Targets that are shown with a policy.
const SHOWN_MAX: u32 = 500;

#[derive(Debug, Serialize)]
struct PolicyRow {
    name: String,
    default_version: u32,
    versions: usize,
    created_ms: Timestamp,
    modified_ms: Timestamp,
}

impl From<Policy> for PolicyRow {
    fn from(policy: Policy) -> Self {
        Self {
            name: policy.name.to_string(),
            default_version: policy.default_version,
            versions: policy.versions.len(),
            created_ms: policy.created,
            modified_ms: policy.modified,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct PolicyList {
    policies: Vec<PolicyRow>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct VersionView {
    id: u32,
    is_default: bool,
    created_ms: Timestamp,
    document: String,
}

#[derive(Debug, Serialize)]
struct TargetView {
    kind: &'static str,
    name: String,
}

impl From<PolicyTarget> for TargetView {
    fn from(target: PolicyTarget) -> Self {
        let (kind, name) = match target {
            PolicyTarget::Certificate(id) => ("certificate", id.to_string()),
            PolicyTarget::Group(name) => ("group", name),
            PolicyTarget::Identity(id) => ("identity", id),
        };
        Self { kind, name }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct PolicyView {
    name: String,
    versions: Vec<VersionView>,
    targets: Vec<TargetView>,
    has_more_targets: bool,
    created_ms: Timestamp,
    modified_ms: Timestamp,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<PageParams>,
) -> ApiResult<Json<PolicyList>> {
    let found = state.control.list_policies(Order::Descending, &params.page()?).await?;
    let policies = found.rows.into_iter().map(PolicyRow::from).collect();
    Ok(Json(PolicyList { policies, next: found.next }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<Json<PolicyView>> {
    let policy = state.control.get_policy(&name).await?;
    Ok(Json(view(&state, policy).await?))
}

/// The policy with its versions, newest first, and its targets.
async fn view(state: &ConsoleState, policy: Policy) -> ApiResult<PolicyView> {
    let targets = state.registry.targets_of(&policy.name, &Page::first(SHOWN_MAX)).await?;
    let version = |version: &picket_ports::registry::PolicyVersion| VersionView {
        id: version.id,
        is_default: version.id == policy.default_version,
        created_ms: version.created,
        document: version.document.to_string(),
    };
    Ok(PolicyView {
        name: policy.name.to_string(),
        versions: policy.versions.iter().rev().map(version).collect(),
        has_more_targets: targets.next.is_some(),
        targets: targets.rows.into_iter().map(TargetView::from).collect(),
        created_ms: policy.created,
        modified_ms: policy.modified,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPolicy {
    name: String,
    document: String,
}

type Created = (StatusCode, Extension<Changed>, Json<PolicyView>);

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewPolicy>,
) -> ApiResult<Created> {
    let policy = state.control.create_policy(&new.name, &new.document, &[]).await?;
    let changed = Extension(Changed(format!("policy/{}", policy.name)));
    Ok((StatusCode::CREATED, changed, Json(view(&state, policy).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    document: String,
    make_default: bool,
}

pub(crate) async fn create_version(
    State(state): State<Shared>,
    Name(name): Name,
    Body(new): Body<NewVersion>,
) -> ApiResult<Created> {
    let NewVersion { document, make_default } = new;
    state.control.create_policy_version(&name, &document, make_default).await?;
    let policy = state.control.get_policy(&name).await?;
    let changed = Extension(Changed(format!("policy/{name}")));
    Ok((StatusCode::CREATED, changed, Json(view(&state, policy).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultVersion {
    version: u32,
}

pub(crate) async fn set_default(
    State(state): State<Shared>,
    Name(name): Name,
    Body(wanted): Body<DefaultVersion>,
) -> ApiResult<StatusCode> {
    state.control.set_default_policy_version(&name, &wanted.version.to_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete_version(
    State(state): State<Shared>,
    Names(name, version): Names,
) -> ApiResult<StatusCode> {
    state.control.delete_policy_version(&name, &version).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    state.control.delete_policy(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn attach_group(
    State(state): State<Shared>,
    Names(name, group): Names,
) -> ApiResult<StatusCode> {
    state.control.attach_policy(&name, &state.control.thing_group_arn(&group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn detach_group(
    State(state): State<Shared>,
    Names(name, group): Names,
) -> ApiResult<StatusCode> {
    state.control.detach_policy(&name, &state.control.thing_group_arn(&group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyText {
    document: String,
}

#[derive(Debug, Serialize)]
struct Problem {
    at: String,
    message: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl From<MalformedPolicy> for Problem {
    fn from(malformed: MalformedPolicy) -> Self {
        let MalformedPolicy { at, problem } = malformed;
        Self {
            line: number_after(&at, "line "),
            column: number_after(&at, "column "),
            at,
            message: problem,
        }
    }
}

/// The number behind `word` in a place such as `Statement[1].Effect (line 4)`.
fn number_after(place: &str, word: &str) -> Option<u32> {
    let (_, rest) = place.rsplit_once(word)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[derive(Debug, Serialize)]
pub(crate) struct Check {
    problem: Option<Problem>,
}

pub(crate) async fn check(Body(text): Body<PolicyText>) -> Json<Check> {
    let problem = PolicyDocument::parse(&text.document).err().map(Problem::from);
    Json(Check { problem })
}

/// A document as it would be stored, or why it cannot be.
fn read(document: &str) -> Result<PolicyDocument, ApiError> {
    PolicyDocument::parse(document).map_err(|error| ApiError::invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_problem_is_told_in_numbers_where_it_has_some() {
        assert_eq!(number_after("Statement[1].Effect (line 4)", "line "), Some(4));
        assert_eq!(number_after("line 3 column 7", "column "), Some(7));
        assert_eq!(number_after("the top", "line "), None);
    }
}
