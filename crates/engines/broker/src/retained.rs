//! Retained messages: the last one of each topic (spec iot-core §3.4).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::{Message, RetainedMessages, RetainedPage};
use picket_session::{Dialect, Filter, matches};

use crate::broker::{Broker, UNLIMITED};
use crate::journal::Journal;
use crate::limits::BrokerLimits;

#[derive(Debug)]
struct Kept {
    /// Its number in the store, the same as long as the topic has a message.
    number: u64,
    message: Arc<Message>,
}

#[derive(Debug, Default)]
pub(crate) struct Retained {
    /// Sorted, so that a filter's fixed beginning narrows the search.
    messages: BTreeMap<Arc<str>, Kept>,
    bytes: usize,
    next_number: u64,
}

/// What became of a message that was to be retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// It is, or the topic has none any more.
    Done,
    /// The topic had none to clear.
    Nothing,
    /// There is no room. The topic keeps the message it had.
    Full,
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
    /// Keeps `message`, or forgets its topic's if the payload is empty, and tells the journal.
    pub(crate) fn keep(
        &mut self,
        message: &Arc<Message>,
        limits: &BrokerLimits,
        journal: Option<&Journal>,
    ) -> Keeping {
        if message.payload.is_empty() {
            return match self.remove(&message.topic, journal) {
                true => Keeping::Done,
                false => Keeping::Nothing,
            };
        }
        let old = self.messages.get(&message.topic);
        let old_bytes = old.map_or(0, |old| size(&old.message));
        let count = self.messages.len() + usize::from(old.is_none());
        let bytes = self.bytes.saturating_sub(old_bytes).saturating_add(size(message));
        if count > limits.retained_messages_max || bytes > limits.retained_bytes_max {
            return Keeping::Full;
        }
        let number = old.map_or(self.next_number, |old| old.number);
        self.put(number, Arc::clone(message));
        if let Some(journal) = journal {
            journal.note_retained(number, Some(Arc::clone(message)));
        }
        Keeping::Done
    }

    /// Puts a message that the store has, or that the store is told of elsewhere.
    pub(crate) fn put(&mut self, number: u64, message: Arc<Message>) {
        self.next_number = self.next_number.max(number + 1);
        self.bytes += size(&message);
        let kept = Kept { number, message: Arc::clone(&message) };
        if let Some(old) = self.messages.insert(Arc::clone(&message.topic), kept) {
            self.bytes = self.bytes.saturating_sub(size(&old.message));
        }
    }

    fn remove(&mut self, topic: &str, journal: Option<&Journal>) -> bool {
        let Some(old) = self.messages.remove(topic) else { return false };
        self.bytes = self.bytes.saturating_sub(size(&old.message));
        if let Some(journal) = journal {
            journal.note_retained(old.number, None);
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Of topics and payloads.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
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
            return self.get(filter.pattern, now).into_iter().collect();
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
            .filter(|(_, kept)| !is_expired(&kept.message, now))
            .map(|(_, kept)| Arc::clone(&kept.message))
            .collect()
    }

    fn get(&self, topic: &str, now: Timestamp) -> Option<Arc<Message>> {
        let kept = self.messages.get(topic)?;
        (!is_expired(&kept.message, now)).then(|| Arc::clone(&kept.message))
    }

    fn page(&self, after: Option<&str>, page_max: usize, now: Timestamp) -> RetainedPage {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.messages.range::<str, _>((from, Bound::Unbounded));
        let live = range.map(|(_, kept)| &kept.message).filter(|message| !is_expired(message, now));
        let mut messages: Vec<_> = live.take(page_max.saturating_add(1)).map(Arc::clone).collect();
        let is_last = messages.len() <= page_max;
        messages.truncate(page_max);
        let last = messages.last().filter(|_| !is_last);
        let next = last.map(|message| message.topic.as_ref().to_owned());
        RetainedPage { messages, next }
    }

    /// Forgets what has expired.
    pub(crate) fn expire(&mut self, now: Timestamp, journal: Option<&Journal>) {
        let expired = self.messages.iter().filter(|(_, kept)| is_expired(&kept.message, now));
        let topics: Vec<Arc<str>> = expired.map(|(topic, _)| Arc::clone(topic)).collect();
        for topic in topics {
            self.remove(&topic, journal);
        }
    }
}

impl Broker {
    /// Retained messages for any of `filters`, each once, `messages_max` at most.
    pub(crate) fn retained_for(
        &self,
        filters: &[String],
        messages_max: usize,
    ) -> Vec<Arc<Message>> {
        let now = self.clock.now();
        let mut found: BTreeMap<Arc<str>, Arc<Message>> = BTreeMap::new();
        let retained = self.retained.read();
        for filter in filters.iter().filter_map(|text| Filter::parse(text, &UNLIMITED).ok()) {
            for message in retained.matching(filter, Dialect::Standard, now) {
                found.insert(Arc::clone(&message.topic), message);
            }
        }
        found.into_values().take(messages_max).collect()
    }
}

#[async_trait]
impl RetainedMessages for Broker {
    async fn retained(&self, topic: &str) -> Option<Arc<Message>> {
        self.retained.read().get(topic, self.clock.now())
    }

    async fn list_retained(&self, after: Option<&str>, page_max: usize) -> RetainedPage {
        self.retained.read().page(after, page_max, self.clock.now())
    }

    async fn retained_count(&self) -> usize {
        self.retained.read().len()
    }
}
