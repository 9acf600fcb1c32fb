//! Lifecycle events on `$aws/events/…` (spec iot-core §3.8).

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use picket_broker::Broker;
use picket_core::{Tasks, Timestamp};
use picket_ports::{Message, Publish as _};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Events of one client go through the same lane and so stay in order; a slow rule holds up its lane
/// only, and no connection.
const LANES: usize = 8;
/// Events that wait in a lane; further ones are dropped and counted.
const WAITING_MAX: usize = 8192;

/// A connection as events, the log and the broker name it.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) client_id: Arc<str>,
    /// The certificate id, the identity behind an access key, or the user name.
    pub(crate) principal: Arc<str>,
    pub(crate) thing: Option<Arc<str>>,
    /// Whether the certificate belongs to that thing alone; only then do events name it.
    pub(crate) is_exclusive: bool,
    /// The session identifier.
    pub(crate) session: Arc<str>,
}

/// Publishes lifecycle events.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    broker: Arc<Broker>,
    lanes: Vec<Sender<Message>>,
    hasher: RandomState,
    dropped: AtomicU64,
}

impl Lifecycle {
    /// Starts the lanes in `tasks`. When these are told to stop they finish what waits.
    pub(crate) fn start(broker: Arc<Broker>, tasks: &Tasks) -> Self {
        let lanes = (0..LANES).map(|_| {
            let (lane, events) = channel(WAITING_MAX);
            tasks
                .spawn("lifecycle events", publish_all(Arc::clone(&broker), events, tasks.token()));
            lane
        });
        let lanes = lanes.collect();
        Self { broker, lanes, hasher: RandomState::new(), dropped: AtomicU64::new(0) }
    }

    /// Publishes the event on `$aws/events/<topic>/<clientId>` if somebody listens. Client ids with
    /// wildcards produce none.
    pub(crate) fn tell(
        &self,
        who: &Who,
        topic: &str,
        now: Timestamp,
        more: impl FnOnce() -> Value,
    ) {
        if who.client_id.contains(['#', '+']) {
            return;
        }
        let topic_name = format!("$aws/events/{topic}/{}", who.client_id);
        if !self.broker.has_audience(&topic_name) {
            return;
        }
        let payload = Bytes::from(event(who, topic, more(), now).to_string());
        let message = Message::from_service("gateway", topic_name, payload, now);
        let lane = usize::try_from(self.hasher.hash_one(&who.client_id)).unwrap_or(0) % LANES;
        let sent = self.lanes.get(lane).is_some_and(|lane| lane.try_send(message).is_ok());
        if !sent && self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("lifecycle events are dropped: their rules or subscribers are too slow");
        }
    }

    /// Events dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn event(who: &Who, topic: &str, more: Value, now: Timestamp) -> Value {
    let event_type = topic.rsplit('/').next().unwrap_or(topic);
    let mut event = json!({
        "clientId": &*who.client_id,
        "timestamp": now.as_millis(),
        "eventType": event_type,
        "sessionIdentifier": &*who.session,
        "principalIdentifier": &*who.principal,
    });
    if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
        let thing = who.thing.as_deref().filter(|_| who.is_exclusive);
        event.extend(thing.map(|thing| ("thingName".to_owned(), thing.into())));
        event.extend(more);
    }
    event
}

async fn publish_all(broker: Arc<Broker>, mut events: Receiver<Message>, stop: CancellationToken) {
    loop {
        let next = tokio::select! {
            biased;
            next = events.recv() => next,
            () = stop.cancelled() => None,
        };
        let Some(message) = next else { return };
        if let Err(error) = broker.publish(message).await {
            tracing::warn!(%error, "a lifecycle event was not processed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_the_thing_only_if_the_certificate_is_its_own() {
        let mut who = Who {
            client_id: "c".into(),
            principal: "p".into(),
            thing: Some("t".into()),
            is_exclusive: true,
            session: "s".into(),
        };
        let now = Timestamp::from_millis(7);
        let told = event(&who, "presence/connected", json!({"versionNumber": 0}), now);
        let expected = json!({
            "clientId": "c", "timestamp": 7, "eventType": "connected", "sessionIdentifier": "s",
            "principalIdentifier": "p", "thingName": "t", "versionNumber": 0,
        });
        assert_eq!(told, expected);
        who.is_exclusive = false;
        assert_eq!(event(&who, "presence/connected", json!({}), now).get("thingName"), None);
    }
}
