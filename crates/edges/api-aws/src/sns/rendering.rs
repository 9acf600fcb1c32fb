//! Topics and subscriptions as SNS writes them.

use std::collections::BTreeMap;

use picket_notify::SubscriptionView;
use serde_json::{Value, json};

/// A map.
pub(super) fn entries(attributes: &BTreeMap<String, String>) -> Value {
    let entries: Vec<Value> =
        attributes.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({ "entry": entries })
}

/// An item of a list of subscriptions. One that waits for its confirmation has no ARN there.
pub(super) fn subscription_json(view: &SubscriptionView, account: &str) -> Value {
    json!({
        "SubscriptionArn": if view.is_confirmed { view.arn.as_str() } else { "PendingConfirmation" },
        "Owner": account,
        "Protocol": view.protocol,
        "Endpoint": view.endpoint,
        "TopicArn": view.topic_arn,
    })
}
