//! Retained messages: the last one of each topic (spec iot-core §3.4).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::Message;
use picket_session::{Dialect, Filter, matches};

use crate::limits::BrokerLimits;

#[derive(Debug, Default)]
pub(crate) struct Retained {
    /// Sorted, so that a filter's fixed beginning narrows the search.
    messages: BTreeMap<Arc<str>, Arc<Message>>,
    bytes: usize,
}

fn size(message: &Message) -> usize {
    message.topic.len() + message.payload.len()
}

fn is_expired(message: &Message, now: Timestamp) -> bool {
    message.properties.expiry_seconds.is_some_and(|seconds| {
        now.since(message.arrived) >= Duration::from_secs(u64::from(seconds))
    })
}

impl Retained {
    /// Keeps `message`, or forgets its topic's if the payload is empty. False if there is no room.
    pub(crate) fn keep(&mut self, message: &Arc<Message>, limits: &BrokerLimits) -> bool {
        if let Some(old) = self.messages.remove(&message.topic) {
            self.bytes = self.bytes.saturating_sub(size(&old));
        }
        if message.payload.is_empty() {
            return true;
        }
        let has_room = self.messages.len() < limits.retained_messages_max
            && self.bytes.saturating_add(size(message)) <= limits.retained_bytes_max;
        if has_room {
            self.bytes += size(message);
            self.messages.insert(Arc::clone(&message.topic), Arc::clone(message));
        }
        has_room
    }

    /// What a new subscription to `filter` gets.
    pub(crate) fn matching(
        &self,
        filter: Filter<'_>,
        dialect: Dialect,
        now: Timestamp,
    ) -> Vec<Arc<Message>> {
        if filter.share.is_some() {
            return Vec::new();
        }
        if filter.is_exact() {
            let found = self.messages.get(filter.pattern).filter(|m| !is_expired(m, now));
            return found.cloned().into_iter().collect();
        }
        if dialect == Dialect::Aws {
            return Vec::new();
        }
        let fixed = filter.pattern.split(['+', '#']).next().unwrap_or("");
        // `a/#` also matches `a`.
        let start = fixed.strip_suffix('/').unwrap_or(fixed);
        let range = self.messages.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        range
            .take_while(|(topic, _)| topic.starts_with(start))
            .filter(|(topic, _)| matches(filter.pattern, topic, dialect))
            .filter(|(_, message)| !is_expired(message, now))
            .map(|(_, message)| Arc::clone(message))
            .collect()
    }

    /// Forgets what has expired.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let bytes = &mut self.bytes;
        self.messages.retain(|_, message| {
            let stays = !is_expired(message, now);
            if !stays {
                *bytes = bytes.saturating_sub(size(message));
            }
            stays
        });
    }
}
