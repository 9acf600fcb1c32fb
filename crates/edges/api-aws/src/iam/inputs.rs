//! What several operations are given. In the query protocol every value is a text.

use std::str::FromStr;

use serde::Deserialize;

use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::ApiResult;

/// `{"Key": …, "Value": …}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagInput {
    key: String,
    #[serde(default)]
    value: String,
}

/// Keys with values, in the order given.
pub(super) fn pairs(tags: &[TagInput]) -> Vec<(String, String)> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// A number, where one is given.
pub(super) fn number<N: FromStr>(member: &str, text: Option<&str>) -> ApiResult<Option<N>> {
    text.map(|text| {
        text.parse().map_err(|_| {
            ApiError::invalid(format!("`{member}` is `{}`, which is no number", shortened(text)))
        })
    })
    .transpose()
}

/// Refuses members that AWS has and Picket does not, where passing them over would give something else than
/// was asked for.
pub(super) fn refuse_absent(call: &Call, names: &[&str]) -> ApiResult<()> {
    let members = call.members()?;
    match names.iter().find(|name| members.contains_key(**name)) {
        None => Ok(()),
        Some(name) => Err(ApiError::invalid(format!("`{name}` is not supported"))),
    }
}

/// `true` or `false`; false where nothing is given.
pub(super) fn flag(member: &str, text: Option<&str>) -> ApiResult<bool> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(ApiError::invalid(format!(
            "`{member}` is `{}`; it must be true or false",
            shortened(other)
        ))),
    }
}
