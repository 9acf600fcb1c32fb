//! Thing groups.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::Timestamp;
use picket_ports::registry::{GroupFilter, Page, PolicyTarget, ThingGroup};
use picket_registry::{GroupListing, NameOrArn, NewGroup, PlacedGroup};
use serde::{Deserialize, Serialize};

use super::paging::page;
use super::things::Attribute;
use super::{Body, Name, Names, Params};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::state::{ConsoleState, Shared};

/// Members, children and policies that are shown with a group.
const SHOWN_MAX: u32 = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListParams {
    prefix: Option<String>,
    /// Only those that lie in this group directly.
    parent: Option<String>,
    /// Only those that lie in no other.
    uppermost: bool,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct GroupRow {
    name: String,
    parent: Option<String>,
    description: Option<String>,
    created_ms: Timestamp,
    /// Whether other groups lie in it.
    has_children: bool,
}

impl GroupRow {
    fn new(group: ThingGroup, has_children: bool) -> Self {
        let ThingGroup { name, parent, description, created, .. } = group;
        Self { name, parent, description, created_ms: created, has_children }
    }
}

/// Groups as they are listed.
async fn rows_of(state: &ConsoleState, groups: Vec<ThingGroup>) -> ApiResult<Vec<GroupRow>> {
    let mut rows = Vec::with_capacity(groups.len());
    for group in groups {
        let below = GroupFilter { parent: Some(group.name.clone()), ..GroupFilter::default() };
        let first = state.registry.groups(&below, &Page::first(1)).await?;
        rows.push(GroupRow::new(group, !first.rows.is_empty()));
    }
    Ok(rows)
}

#[derive(Debug, Serialize)]
pub(crate) struct GroupList {
    groups: Vec<GroupRow>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct GroupView {
    name: String,
    /// The groups it lies in, the root first, itself last.
    line: Vec<String>,
    description: Option<String>,
    attributes: Vec<Attribute>,
    version: u64,
    created_ms: Timestamp,
    children: Vec<GroupRow>,
    policies: Vec<String>,
    things: Vec<String>,
    has_more_things: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupBody {
    name: String,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<GroupList>> {
    let page = page(params.after, params.limit)?;
    let listing = GroupListing {
        name_prefix: params.prefix,
        parent: params.parent,
        is_recursive: params.uppermost.then_some(false),
    };
    let found = state.control.list_thing_groups(&listing, &page).await?;
    let groups = rows_of(&state, found.rows).await?;
    Ok(Json(GroupList { groups, next: found.next }))
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewGroupBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<GroupRow>)> {
    let NewGroupBody { name, parent, description } = new;
    let new = NewGroup { name, parent, description, ..NewGroup::default() };
    let made = state.control.create_thing_group(new, &[]).await?;
    let changed = Extension(Changed(format!("thinggroup/{}", made.name)));
    Ok((StatusCode::CREATED, changed, Json(GroupRow::new(made, false))))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<Json<GroupView>> {
    let PlacedGroup { group, ancestors } = state.control.describe_thing_group(&name).await?;
    let mut line: Vec<String> = ancestors.into_iter().rev().map(|one| one.name).collect();
    line.push(group.name.clone());
    let shown = Page::first(SHOWN_MAX);
    let below = GroupFilter { parent: Some(name.clone()), ..GroupFilter::default() };
    let children = state.registry.groups(&below, &shown).await?;
    let things = state.registry.things_in_group(&name, false, &shown).await?;
    let policies = state.registry.policies_of(&PolicyTarget::Group(name), &shown).await?;
    let pairs = group.attributes.into_iter();
    Ok(Json(GroupView {
        name: group.name,
        line,
        description: group.description,
        attributes: pairs.map(|(name, value)| Attribute { name, value }).collect(),
        version: group.version,
        created_ms: group.created,
        children: rows_of(&state, children.rows).await?,
        policies: policies.rows.iter().map(ToString::to_string).collect(),
        has_more_things: things.next.is_some(),
        things: things.rows.iter().map(ToString::to_string).collect(),
    }))
}

pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    state.control.delete_thing_group(&name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn add_thing(
    State(state): State<Shared>,
    Names(group, thing): Names,
) -> ApiResult<StatusCode> {
    let (thing, group) = (NameOrArn::name(&thing), NameOrArn::name(&group));
    state.control.add_thing_to_thing_group(thing, group).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove_thing(
    State(state): State<Shared>,
    Names(group, thing): Names,
) -> ApiResult<StatusCode> {
    let (thing, group) = (NameOrArn::name(&thing), NameOrArn::name(&group));
    state.control.remove_thing_from_thing_group(thing, group).await?;
    Ok(StatusCode::NO_CONTENT)
}
