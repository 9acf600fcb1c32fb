//! Paging as SNS has it: `NextToken` in and out, a hundred at a time.

use picket_ports::registry::Page;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::ApiResult;

const ITEMS_MAX: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    next_token: Option<String>,
}

/// The page that is asked for.
pub(super) fn page(call: &Call) -> ApiResult<Page> {
    let Input { next_token } = call.input()?;
    Ok(Page { after: call.opened(next_token.as_deref())?, rows_max: ITEMS_MAX })
}

/// The answer with a page of `items`, and where the next one begins.
pub(super) fn listed(
    call: &Call,
    member: &str,
    items: Vec<Value>,
    next: Option<String>,
) -> ApiResult {
    Ok(Answer::json(json!({ member: items, "NextToken": call.next(next)? })))
}
