//! What several operations on principals take.

use picket_registry::AttachmentKind;

use crate::call::Call;
use crate::operation::ApiResult;

/// The header with the principal. Policies have other names for theirs.
pub(super) const PRINCIPAL: &str = "x-amzn-principal";

/// Most rows of a page.
pub(super) const ROWS_MAX: u32 = 250;

/// `thingPrincipalType` in the query.
pub(super) fn kind(call: &Call) -> ApiResult<Option<AttachmentKind>> {
    Ok(call.query("thingPrincipalType").map(AttachmentKind::parse).transpose()?)
}
