//! Routing a message to its receivers and to the tap.

use std::sync::Arc;

use async_trait::async_trait;
use picket_ports::{Message, MessageTap, Publish, PublishError};
use picket_session::{Delivery, check_topic};

use crate::broker::{Broker, UNLIMITED};
use crate::slot::{SessionId, Slot};
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

impl Broker {
    /// Puts `message` into the queues of everyone who is subscribed and keeps it if it is to be
    /// retained. Does not call the tap. `sender` is left out where it asked for that.
    pub fn route(&self, message: &Arc<Message>, sender: Option<SessionId>) -> Routed {
        let mut retained_full = false;
        if message.retain {
            let kept = self.retained.write().keep(message, &self.limits);
            if !kept {
                retained_full = true;
                self.ledger.received(1);
                self.ledger.dropped("retained_full", 1);
            }
        }
        let copies = self.copies(message, sender);
        let now = self.clock.now();
        let receivers = copies.len();
        for (slot, delivery) in copies {
            slot.deliver(now, delivery, &self.ledger);
        }
        Routed { receivers, stored: None, retained_full }
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
        !found.is_empty() || self.tap_for(topic).is_some()
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
        subscription_ids: subscription.id.into_iter().collect(),
    }
}

fn merge(delivery: &mut Delivery, other: &Subscription) {
    delivery.qos = delivery.qos.max(delivery.message.qos.min(other.qos));
    delivery.retain |= delivery.message.retain && other.retain_as_published;
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
        let Some(tap) = self.tap_for(&message.topic) else { return Ok(()) };
        tap.accept(Arc::clone(&message)).await.map_err(|error| PublishError::RuleFailed {
            topic: message.topic.as_ref().to_owned(),
            cause: error.to_string(),
        })
    }
}
