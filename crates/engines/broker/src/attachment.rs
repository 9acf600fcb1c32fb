//! A connection's hold on its session.

use std::sync::Arc;

use picket_ports::Message;
use picket_ports::connections::DisconnectReason;
use picket_session::{Delivery, Dialect, DropReason, Effect, Filter, Input};

use crate::broker::{Broker, UNLIMITED};
use crate::depart::Farewell;
use crate::journal::Urgency;
use crate::slot::{SessionId, Slot, SlotState, book};
use crate::stored::Stored;
use crate::subscriptions::Subscription;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// DISCONNECT without a word for the will, which is dropped. MQTT 5 may set a new session expiry.
    Graceful {
        /// The new expiry in seconds, if one was given.
        expiry_seconds: Option<u32>,
    },
    /// Anything else, DISCONNECT 0x04 included: the will is published.
    WithWill {
        /// The new expiry in seconds, if one was given.
        expiry_seconds: Option<u32>,
    },
}

/// The options of one filter in a SUBSCRIBE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// Highest QoS of copies: 0, 1 or 2.
    pub qos: u8,
    /// Leave out the client's own messages.
    pub no_local: bool,
    /// Copies keep the RETAIN flag as published.
    pub retain_as_published: bool,
    /// 0: send retained messages; 1: only for a new subscription; 2: do not.
    pub retain_handling: u8,
    /// MQTT 5 subscription identifier.
    pub id: Option<u32>,
    /// How the filter matches.
    pub dialect: Dialect,
}

/// What became of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// It was not subscribed to before.
    New,
    /// It was, and has the new options now.
    Replaced,
    /// The filter is malformed, or the session has ended.
    Refused,
}

/// Whether a connection still has its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has.
    Current,
    /// A newer connection has it: close as DUPLICATE_CLIENTID.
    TakenOver,
    /// [`picket_ports::Connections::end_connection`] ended it: close as API_INITIATED_DISCONNECT. The
    /// will is dealt with.
    EndedByApi,
}

/// A connection's hold on its session. Dropping it counts as a broken connection.
#[derive(Debug)]
pub struct Attachment {
    broker: Arc<Broker>,
    slot: Arc<Slot>,
    generation: u64,
    has_left: bool,
}

impl Attachment {
    pub(crate) fn new(broker: Arc<Broker>, slot: Arc<Slot>, generation: u64) -> Self {
        Self { broker, slot, generation, has_left: false }
    }

    /// The session's number.
    pub fn session(&self) -> SessionId {
        self.slot.id
    }

    /// The number of this connection among those of the session; never goes back while that lasts, and
    /// not over a restart either if the session is kept.
    pub fn connection_number(&self) -> u64 {
        self.generation
    }

    /// Whether this connection still has the session. Whenever that changes the connection is woken.
    pub fn standing(&self) -> Standing {
        let state = self.slot.state.lock();
        match state.generation == self.generation {
            _ if self.generation <= state.ended_by_api => Standing::EndedByApi,
            true => Standing::Current,
            false => Standing::TakenOver,
        }
    }

    /// The promise that what this client's packets have changed in its session so far is stored; `None`
    /// if the session ends with the connection. SUBACK and UNSUBACK follow it: a session that comes back
    /// after a crash must have the subscriptions its client was told of.
    pub fn stored(&self) -> Option<Stored> {
        let is_kept = self.slot.state.lock().is_kept();
        if is_kept { self.broker.promise(Urgency::Now) } else { None }
    }

    /// Subscriptions held.
    pub fn subscription_count(&self) -> usize {
        self.slot.state.lock().filters.len()
    }

    /// Whether `filter`, as sent, is subscribed to.
    pub fn is_subscribed(&self, filter: &str) -> bool {
        self.slot.state.lock().filters.contains_key(filter)
    }

    /// The filters subscribed to, as sent.
    pub fn filters(&self) -> Vec<Box<str>> {
        self.slot.state.lock().filters.keys().cloned().collect()
    }

    /// Subscribes and queues the retained messages that go with it.
    pub fn subscribe(&self, filter: &str, options: SubscribeOptions) -> Subscribed {
        let Ok(parsed) = Filter::parse(filter, &UNLIMITED) else { return Subscribed::Refused };
        let mut state = self.slot.state.lock();
        if !self.is_current(&state) {
            return Subscribed::Refused;
        }
        let is_new =
            self.broker.change(&self.slot, &mut state, |state| state.hold(filter, options));
        let subscription = Subscription::of(&self.slot, &options);
        self.broker.subscriptions.write().insert(parsed, subscription);
        drop(state);
        if options.retain_handling == 0 || (options.retain_handling == 1 && is_new) {
            self.queue_retained(parsed, &options);
        }
        if is_new { Subscribed::New } else { Subscribed::Replaced }
    }

    fn queue_retained(&self, filter: Filter<'_>, options: &SubscribeOptions) {
        let now = self.broker.clock.now();
        let kept = self.broker.retained.read().matching(filter, options.dialect, now);
        for message in kept {
            let delivery = Delivery {
                qos: message.qos.min(options.qos),
                message,
                retain: true,
                is_shared: false,
                subscription_ids: options.id.into_iter().collect(),
            };
            // A retained message is stored as such: nobody waits for this copy of it.
            let _taken = self.broker.deliver(&self.slot, now, delivery);
        }
    }

    /// Ends the subscription to `filter` as sent. False if there was none.
    pub fn unsubscribe(&self, filter: &str) -> bool {
        let mut state = self.slot.state.lock();
        let has_ended = self.is_current(&state)
            && self.broker.change(&self.slot, &mut state, |state| state.let_go(filter));
        if !has_ended {
            return false;
        }
        if let Ok(parsed) = Filter::parse(filter, &UNLIMITED) {
            self.broker.subscriptions.write().remove(parsed, self.slot.id);
        }
        true
    }

    /// Adds to `effects` what may be sent now, `messages_max` at most. `allow` says for each message
    /// whether the client may receive it.
    pub fn fill(
        &self,
        messages_max: usize,
        allow: &mut dyn FnMut(&Message) -> bool,
        effects: &mut Vec<Effect>,
    ) {
        let now = self.broker.clock.now();
        let mut state = self.slot.state.lock();
        if !self.is_current(&state) {
            return;
        }
        let from = effects.len();
        let resumes_at = self.broker.change(&self.slot, &mut state, |state| {
            state.session.fill(now, messages_max, allow, effects);
            state.session.resumes_at()
        });
        // What could go and does not waits for an acknowledgement, which wakes us as well.
        let due = resumes_at.filter(|due| *due > now);
        self.broker.diary.note(&self.slot, &mut state, due);
        drop(state);
        book(effects.get(from..).unwrap_or_default(), &self.broker.ledger);
    }

    /// PUBACK came, or a PUBREC that refuses.
    pub fn acknowledged(&self, packet_id: u16) {
        self.step(Input::Acknowledged(packet_id));
    }

    /// PUBREC came.
    pub fn received(&self, packet_id: u16) {
        self.step(Input::Received(packet_id));
    }

    /// PUBCOMP came.
    pub fn completed(&self, packet_id: u16) {
        self.step(Input::Completed(packet_id));
    }

    /// A message that [`Attachment::fill`] handed out does not fit the client's limits.
    pub fn undeliverable(&self, packet_id: Option<u16>) {
        self.broker.ledger.received(1);
        self.broker.ledger.dropped(DropReason::TooLarge.as_str(), 1);
        if let Some(packet_id) = packet_id {
            self.step(Input::Undeliverable(packet_id));
        }
    }

    /// The client published with QoS 2; remembered until PUBREL.
    pub fn published_exactly_once(&self, packet_id: u16) {
        self.step(Input::PublishedExactlyOnce(packet_id));
    }

    /// PUBREL came. False if no such publish was open.
    pub fn released(&self, packet_id: u16) -> bool {
        let was_open = self.slot.state.lock().session.incoming().contains(&packet_id);
        self.step(Input::Released(packet_id));
        was_open
    }

    /// How long the session will outlive the connection, in seconds.
    pub fn expiry_seconds(&self) -> u32 {
        self.slot.state.lock().expiry_seconds
    }

    /// The connection ends, for `reason`.
    pub fn leave(mut self, departure: Departure, reason: DisconnectReason) {
        self.has_left = true;
        let (with_will, expiry_seconds) = match departure {
            Departure::Graceful { expiry_seconds } => (false, expiry_seconds),
            Departure::WithWill { expiry_seconds } => (true, expiry_seconds),
        };
        let farewell = Farewell { with_will, expiry_seconds, reason };
        self.broker.leave(&self.slot, self.generation, farewell);
    }

    fn step(&self, input: Input) {
        let now = self.broker.clock.now();
        let mut state = self.slot.state.lock();
        if self.is_current(&state) {
            // Acknowledgements drop and send nothing.
            let step = |state: &mut SlotState| state.session.step(now, input, &mut Vec::new());
            self.broker.change(&self.slot, &mut state, step);
        }
    }

    fn is_current(&self, state: &SlotState) -> bool {
        state.generation == self.generation && !state.is_removed
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if !self.has_left {
            let reason = DisconnectReason::ConnectionLost;
            let farewell = Farewell { with_will: true, expiry_seconds: None, reason };
            self.broker.leave(&self.slot, self.generation, farewell);
        }
    }
}
