//! Routing a message to its receivers and to the tap.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::{Message, MessageTap, Publish, PublishError};
use picket_session::{Delivery, DropReason, Effect, Input, check_topic};

use crate::broker::{Broker, UNLIMITED};
use crate::journal::{Journal, Urgency};
use crate::retained::Keeping;
use crate::slot::{SessionId, Slot, SlotState, book};
use crate::stored::Stored;
use crate::subscriptions::Subscription;

/// What became of a message.
#[derive(Debug)]
#[must_use = "the publish is acknowledged only after what must be stored is"]
pub struct Routed {
    /// Sessions that got a copy.
    pub receivers: usize,
    /// Absent if nothing had to be stored. Else PUBACK follows it.
    pub stored: Option<Stored>,
    /// There was no room to retain the message. Subscribers got it.
    pub retained_full: bool,
}

/// How a copy was taken, in rising order of what its publisher has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken {
    /// Nothing has to be stored.
    InMemory,
    /// There was no room to retain it.
    RetainedFull,
    /// It has to be stored.
    Stored(Urgency),
    /// It had to be stored, and the store does not work.
    NotStored,
}

impl Broker {
    /// Puts `message` into the queues of everyone who is subscribed and keeps it if it is to be
    /// retained. Does not call the tap, and does not wait for the store. `sender` is left out where it
    /// asked for that.
    pub fn route(&self, message: &Arc<Message>, sender: Option<SessionId>) -> Routed {
        let retaining = if message.retain { self.retain(message) } else { Taken::InMemory };
        self.listeners.tell(message);
        let copies = self.copies(message, sender);
        let now = self.clock.now();
        let receivers = copies.len();
        let mut taken = retaining;
        for (slot, delivery) in copies {
            taken = taken.max(self.deliver(&slot, now, delivery));
        }
        let stored = match taken {
            Taken::InMemory | Taken::RetainedFull => None,
            Taken::Stored(urgency) => self.promise(urgency),
            Taken::NotStored => Some(Stored::never()),
        };
        Routed { receivers, stored, retained_full: retaining == Taken::RetainedFull }
    }

    fn retain(&self, message: &Arc<Message>) -> Taken {
        let journal = self.journal.as_deref();
        if journal.is_some_and(Journal::is_failing) {
            self.ledger.received(1);
            self.ledger.dropped(DropReason::NotStored.as_str(), 1);
            return Taken::NotStored;
        }
        match self.retained.write().keep(message, &self.limits, journal) {
            Keeping::Full => {
                self.ledger.received(1);
                self.ledger.dropped("retained_full", 1);
                Taken::RetainedFull
            }
            Keeping::Done if journal.is_some() && message.qos > 0 => Taken::Stored(Urgency::Now),
            Keeping::Done | Keeping::Nothing => Taken::InMemory,
        }
    }

    /// Puts a copy into the session's queue and wakes the connection if there is one.
    pub(crate) fn deliver(&self, slot: &Arc<Slot>, now: Timestamp, delivery: Delivery) -> Taken {
        let mut state = slot.state.lock();
        match self.put(slot, &mut state, now, delivery) {
            Ok(taken) => taken,
            Err(DropReason::NotStored) => Taken::NotStored,
            Err(_) => Taken::InMemory,
        }
    }

    /// The same for whoever holds the lock on the state and wants to know why a copy was not taken.
    pub(crate) fn put(
        &self,
        slot: &Arc<Slot>,
        state: &mut SlotState,
        now: Timestamp,
        delivery: Delivery,
    ) -> Result<Taken, DropReason> {
        self.ledger.received(1);
        let has_to_be_stored = delivery.qos > 0 && state.is_kept();
        let is_failing = || self.journal.as_deref().is_some_and(Journal::is_failing);
        let is_full = || {
            let bytes = self.queue_bytes().saturating_add(delivery.bytes());
            bytes > self.limits.queues_bytes_max
        };
        let refusal = match () {
            () if state.is_removed => Some(DropReason::SessionEnded),
            () if has_to_be_stored && is_failing() => Some(DropReason::NotStored),
            () if is_full() => Some(DropReason::AllQueuesFull),
            () => None,
        };
        if let Some(reason) = refusal {
            self.ledger.dropped(reason.as_str(), 1);
            return Err(reason);
        }
        let mut dropped = Vec::new();
        let before = state.session.taken();
        self.change(slot, state, |state| {
            state.session.step(now, Input::Deliver(delivery), &mut dropped);
        });
        book(&dropped, &self.ledger);
        // Not by the length of the queue: older messages may have made room.
        if state.session.taken() == before {
            // The copy itself is the last that was dropped.
            return Err(match dropped.last() {
                Some(Effect::Dropped(reason)) => *reason,
                _ => DropReason::QueueFull,
            });
        }
        // The permit that `notify_one` leaves survives until the connection looks.
        let is_online = state.seat.as_ref().inspect(|seat| seat.notify_one()).is_some();
        Ok(match is_online {
            _ if !has_to_be_stored => Taken::InMemory,
            true => Taken::Stored(Urgency::Soon),
            false => Taken::Stored(Urgency::Now),
        })
    }

    /// The tap, if it wants messages of this topic.
    pub fn tap_for(&self, topic: &str) -> Option<&Arc<dyn MessageTap>> {
        self.tap.get().filter(|tap| tap.wants(topic))
    }

    /// Whether publishing on `topic` would reach anybody.
    pub fn has_audience(&self, topic: &str) -> bool {
        let subscriptions = self.subscriptions.read();
        let mut found = Vec::new();
        subscriptions.matching(topic, &mut found);
        !found.is_empty() || self.tap_for(topic).is_some() || self.listeners.would_hear(topic)
    }

    /// One copy for each receiving session, however many of its subscriptions match. The lock on the
    /// subscriptions ends here.
    fn copies(
        &self,
        message: &Arc<Message>,
        sender: Option<SessionId>,
    ) -> Vec<(Arc<Slot>, Delivery)> {
        let subscriptions = self.subscriptions.read();
        let mut found = Vec::new();
        subscriptions.matching(&message.topic, &mut found);
        found.retain(|found| !(found.no_local && Some(found.slot.id) == sender));
        if found.len() > 1 {
            found.sort_by_key(|found| found.slot.id);
        }
        let mut copies: Vec<(Arc<Slot>, Delivery)> = Vec::with_capacity(found.len());
        for subscription in found {
            match copies.last_mut().filter(|(slot, _)| slot.id == subscription.slot.id) {
                Some((_, delivery)) => merge(delivery, subscription),
                None => copies.push((Arc::clone(&subscription.slot), copy(message, subscription))),
            }
        }
        copies
    }
}

fn copy(message: &Arc<Message>, subscription: &Subscription) -> Delivery {
    Delivery {
        message: Arc::clone(message),
        qos: message.qos.min(subscription.qos),
        retain: message.retain && subscription.retain_as_published,
        is_shared: subscription.is_shared,
        subscription_ids: subscription.id.into_iter().collect(),
    }
}

fn merge(delivery: &mut Delivery, other: &Subscription) {
    delivery.qos = delivery.qos.max(delivery.message.qos.min(other.qos));
    delivery.retain |= delivery.message.retain && other.retain_as_published;
    delivery.is_shared &= other.is_shared;
    delivery.subscription_ids.extend(other.id);
}

#[async_trait]
impl Publish for Broker {
    async fn publish(&self, message: Message) -> Result<(), PublishError> {
        if let Err(problem) = check_topic(&message.topic, &UNLIMITED) {
            let topic = message.topic.as_ref().to_owned();
            return Err(PublishError::BadTopic { topic, problem: problem.as_str() });
        }
        let message = Arc::new(message);
        let routed = self.route(&message, None);
        if let Some(stored) = &routed.stored
            && stored.wait().await.is_err()
        {
            return Err(PublishError::NotStored { topic: message.topic.as_ref().to_owned() });
        }
        if routed.retained_full {
            return Err(PublishError::RetainedFull { topic: message.topic.as_ref().to_owned() });
        }
        let Some(tap) = self.tap_for(&message.topic) else { return Ok(()) };
        tap.accept(Arc::clone(&message)).await.map_err(|error| PublishError::RuleFailed {
            topic: message.topic.as_ref().to_owned(),
            cause: error.to_string(),
        })
    }
}
