//! `billingGroupProperties`.

use serde::Deserialize;

/// `billingGroupProperties` as they come.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertiesInput {
    pub(super) billing_group_description: Option<String>,
}
