//! Who changed what.

use axum::Json;
use axum::extract::State;
use picket_core::Timestamp;
use picket_ports::registry::{ChangeFilter, ChangeRecord};
use serde::{Deserialize, Serialize};

use super::Params;
use super::paging::page;
use crate::error::ApiResult;
use crate::state::Shared;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListParams {
    actor: Option<String>,
    operation: Option<String>,
    /// The beginning of the resource.
    resource: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    at_ms: Timestamp,
    actor: String,
    source: String,
    service: String,
    operation: String,
    resource: String,
    request_id: String,
    error: Option<String>,
}

impl From<ChangeRecord> for ChangeView {
    fn from(record: ChangeRecord) -> Self {
        let ChangeRecord {
            at, actor, source, service, operation, resource, request_id, error, ..
        } = record;
        Self { at_ms: at, actor, source, service, operation, resource, request_id, error }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ChangeList {
    changes: Vec<ChangeView>,
    next: Option<String>,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<ChangeList>> {
    let page = page(params.after, params.limit)?;
    let filter = ChangeFilter {
        actor: params.actor,
        operation: params.operation,
        resource_prefix: params.resource,
        earliest: None,
    };
    let found = state.registry.recorded_changes(&filter, &page).await?;
    let changes = found.rows.into_iter().map(ChangeView::from).collect();
    Ok(Json(ChangeList { changes, next: found.next }))
}
