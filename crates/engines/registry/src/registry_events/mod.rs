//! Registry events: messages on `$aws/events/…` about what changed (spec iot-core §3.7).
//!
//! They are off unless `UpdateEventConfigurations` has switched their kind on. An event is published
//! after its change is stored; one that cannot be published is logged and does not undo the change.

mod groups;
mod switches;
mod thing_types;
mod things;

use bytes::Bytes;
use picket_ports::Message;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::ControlPlane;

pub(crate) use switches::EventSwitches;
pub use switches::{EVENT_CONFIGURATIONS, EventKind};

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    Created,
    Updated,
    Deleted,
}

impl Happened {
    const fn operation(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Deleted => "DELETED",
        }
    }

    /// The last level of the topic.
    const fn level(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

/// What happened between two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tied {
    Added,
    Removed,
}

impl Tied {
    const fn operation(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Removed => "REMOVED",
        }
    }

    /// The last level of the topic.
    const fn level(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

impl ControlPlane {
    /// Publishes one event; `members` are added to those that every event has.
    async fn announce(&self, topic: String, event_type: &str, operation: &str, members: Value) {
        let now = self.parts.clock.now();
        let mut event = Map::new();
        event.insert("eventType".to_owned(), event_type.into());
        event.insert("eventId".to_owned(), Uuid::new_v4().to_string().into());
        event.insert("timestamp".to_owned(), now.as_millis().into());
        event.insert("operation".to_owned(), operation.into());
        event.insert("accountId".to_owned(), self.parts.account.id.as_str().into());
        if let Value::Object(members) = members {
            event.extend(members);
        }
        let payload = Bytes::from(Value::Object(event).to_string());
        let message = Message::from_service("registry", topic, payload, now);
        let topic = message.topic.clone();
        if let Err(error) = self.parts.publish.publish(message).await {
            tracing::warn!(%topic, %error, "a registry event was not published");
        }
    }
}

fn attributes_json(pairs: &[(String, String)]) -> Value {
    let member = |(name, value): &(String, String)| (name.clone(), json!(value));
    Value::Object(pairs.iter().map(member).collect())
}
