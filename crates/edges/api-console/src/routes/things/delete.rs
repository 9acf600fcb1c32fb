//! Removing a thing, and the certificates that are its alone.

use axum::extract::State;
use axum::http::StatusCode;
use picket_ports::registry::Page;

use crate::error::ApiResult;
use crate::routes::{Name, certificates};
use crate::state::Shared;

/// Certificates of one thing that are looked at in a round.
const ROUND: u32 = 100;

/// Can be asked again when it was cut off: what is done already stays done.
pub(crate) async fn delete(State(state): State<Shared>, Name(name): Name) -> ApiResult<StatusCode> {
    let thing = state.control.describe_thing(&name).await?;
    loop {
        let attached =
            state.registry.certificates_of_thing(&thing.name, &Page::first(ROUND)).await?;
        if attached.rows.is_empty() {
            break;
        }
        for (id, _is_exclusive) in &attached.rows {
            certificates::part_with(&state, &name, id).await?;
        }
    }
    state.control.delete_thing(&name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
