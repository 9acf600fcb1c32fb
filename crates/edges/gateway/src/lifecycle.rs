//! Lifecycle events on `$aws/events/…` (spec iot-core §3.8).

use bytes::Bytes;
use picket_broker::Broker;
use picket_core::Timestamp;
use picket_ports::{Message, Publish};
use serde_json::{Value, json};

/// A session as its events name it.
#[derive(Debug, Clone)]
pub(crate) struct EventSource {
    pub(crate) client_id: String,
    pub(crate) thing: Option<String>,
    pub(crate) session: uuid::Uuid,
    pub(crate) principal: String,
}

impl EventSource {
    /// Publishes the event on `$aws/events/<topic>/<clientId>` if somebody listens. Client ids with
    /// wildcards produce none.
    pub(crate) async fn publish(&self, broker: &Broker, topic: &str, more: Value, now: Timestamp) {
        if self.client_id.contains(['#', '+']) {
            return;
        }
        let topic_name = format!("$aws/events/{topic}/{}", self.client_id);
        if !broker.has_audience(&topic_name) {
            return;
        }
        let event_type = topic.rsplit('/').next().unwrap_or(topic);
        let mut event = json!({
            "clientId": self.client_id,
            "timestamp": now.as_millis(),
            "eventType": event_type,
            "sessionIdentifier": self.session.to_string(),
            "principalIdentifier": self.principal,
        });
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
            event.extend(self.thing.clone().map(|thing| ("thingName".to_owned(), thing.into())));
            event.extend(more);
        }
        let payload = Bytes::from(event.to_string());
        let message = Message::from_service("gateway", topic_name, payload, now);
        if let Err(error) = broker.publish(message).await {
            tracing::warn!(%error, "a lifecycle event was not processed");
        }
    }
}
