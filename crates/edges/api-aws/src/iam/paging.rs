//! Paging as IAM has it: `Marker` and `MaxItems` in, `IsTruncated` and `Marker` out.

use picket_ports::registry::Page;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::inputs::number;
use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::ApiResult;

const ITEMS_DEFAULT: u32 = 100;
const ITEMS_MAX: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    marker: Option<String>,
    max_items: Option<String>,
}

/// The page that is asked for.
pub(super) fn page(call: &Call) -> ApiResult<Page> {
    let Input { marker, max_items } = call.input()?;
    let rows_max = number("MaxItems", max_items.as_deref())?.unwrap_or(ITEMS_DEFAULT);
    if !(1..=ITEMS_MAX).contains(&rows_max) {
        return Err(ApiError::invalid(format!(
            "`MaxItems` is {rows_max}; it must be from 1 to {ITEMS_MAX}"
        )));
    }
    Ok(Page { after: call.opened(marker.as_deref())?, rows_max })
}

/// The answer with a page of `items`, and where the next one begins.
pub(super) fn listed<T: Serialize>(
    call: &Call,
    member: &str,
    items: Vec<T>,
    next: Option<String>,
) -> ApiResult {
    let marker = call.next(next)?;
    Ok(Answer::json(json!({
        member: items,
        "IsTruncated": marker.is_some(),
        "Marker": marker,
    })))
}
