//! Topics and topic filters of MQTT clients, and the filter policies of subscriptions to notifications.

use picket_notify::{Attribute, FilterPolicy, Scope};
use picket_session::{
    Dialect, Filter, TopicLimits, can_be_subscribed, check_topic, destination, matches,
};
use serde_json::Value;

const LIMITS: TopicLimits = TopicLimits { bytes_max: 256, slashes_max: 7 };

/// The first line is the filter, the rest is the topic.
pub(crate) fn topic_filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (filter, topic) = text.split_once('\n').unwrap_or((text, text));
    let is_topic = check_topic(topic, &LIMITS).is_ok();
    if is_topic {
        destination(topic);
    }
    let Ok(read) = Filter::parse(filter, &LIMITS) else { return };
    can_be_subscribed(read.pattern);
    for dialect in [Dialect::Aws, Dialect::Standard] {
        let is_match = matches(read.pattern, topic, dialect);
        if is_topic && read.is_exact() {
            assert_eq!(is_match, read.pattern == topic, "`{filter}` has no wildcard");
        }
    }
}

/// The first line is the policy, the rest is a message.
pub(crate) fn filter_policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (policy, message) = text.split_once('\n').unwrap_or((text, "{}"));
    let message: Option<Value> = serde_json::from_str(message).ok();
    let members = message.as_ref().and_then(Value::as_object).into_iter().flatten();
    let attributes: Vec<(String, Attribute)> =
        members.map(|(name, value)| (name.clone(), attribute(value))).collect();
    for scope in [Scope::Attributes, Scope::Body] {
        if let Ok(policy) = FilterPolicy::parse(policy, scope) {
            policy.matches(&attributes, message.as_ref());
        }
    }
}

fn attribute(value: &Value) -> Attribute {
    let (data_type, value) = match value {
        Value::String(text) => ("String", text.clone()),
        Value::Number(number) => ("Number", number.to_string()),
        other => ("String.Array", other.to_string()),
    };
    Attribute { data_type: data_type.to_owned(), value }
}
