//! Pages of lists.

use picket_ports::registry::Page;
use serde::Deserialize;

use crate::error::{ApiError, ApiResult};

const ROWS_DEFAULT: u32 = 100;
const ROWS_MAX: u32 = 500;

/// Query parameters of a list that has no filters.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PageParams {
    after: Option<String>,
    limit: Option<u32>,
}

impl PageParams {
    pub(crate) fn page(self) -> ApiResult<Page> {
        page(self.after, self.limit)
    }
}

/// The page that `after` and `limit` ask for. A cursor is not signed: one that was tampered with gives
/// some other page of what the caller may read anyway.
pub(crate) fn page(after: Option<String>, limit: Option<u32>) -> ApiResult<Page> {
    Ok(Page { after, rows_max: rows(limit)? })
}

/// How many rows `limit` asks for.
pub(crate) fn rows(limit: Option<u32>) -> ApiResult<u32> {
    let rows_max = limit.unwrap_or(ROWS_DEFAULT);
    if !(1..=ROWS_MAX).contains(&rows_max) {
        return Err(ApiError::invalid(format!("`limit` must be 1 to {ROWS_MAX}")));
    }
    Ok(rows_max)
}
