//! The messages on their way to one client: queue, window, redelivery (spec iot-core §3.3).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::Message;

/// A message for one client.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What was published.
    pub message: Arc<Message>,
    /// The QoS of this copy: the lower of the publish's and the subscription's.
    pub qos: u8,
    /// The RETAIN flag of this copy.
    pub retain: bool,
    /// MQTT 5 subscription identifiers of all subscriptions that matched.
    pub subscription_ids: Vec<u32>,
}

impl Delivery {
    /// What it counts against the queue's limit in bytes.
    fn bytes(&self) -> usize {
        /// Keeps empty messages from being free.
        const OVERHEAD: usize = 64;
        self.message.topic.len() + self.message.payload.len() + OVERHEAD
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        let expiry = self.message.properties.expiry_seconds;
        expiry.is_some_and(|seconds| {
            now.since(self.message.arrived) >= Duration::from_secs(u64::from(seconds))
        })
    }
}

/// How much one session may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Most messages sent and not yet acknowledged; the client's Receive Maximum can lower it.
    pub in_flight_max: u16,
    /// Most messages waiting.
    pub queue_messages_max: usize,
    /// Most bytes waiting or unacknowledged.
    pub queue_bytes_max: usize,
}

/// Why a message will not reach this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// The queue is full: the client is too slow or offline for too long. The newest is dropped.
    QueueFull,
    /// QoS 0 for a client that is offline.
    Offline,
    /// Its expiry interval has passed.
    Expired,
    /// The client's rights do not let it receive the topic.
    Denied,
    /// It does not fit into the client's Maximum Packet Size.
    TooLarge,
    /// The session ended.
    SessionEnded,
}

impl DropReason {
    /// The reason as the account book names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Offline => "offline_qos0",
            Self::Expired => "expired",
            Self::Denied => "receive_denied",
            Self::TooLarge => "larger_than_client_maximum",
            Self::SessionEnded => "session_ended",
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A connection took the session up. `receive_maximum` is the client's.
    Attached {
        /// Most unacknowledged messages the client takes.
        receive_maximum: u16,
    },
    /// The connection is gone.
    Detached,
    /// A message for the client.
    Deliver(Delivery),
    /// PUBACK, or a PUBREC that refuses.
    Acknowledged(u16),
    /// PUBREC.
    Received(u16),
    /// PUBCOMP.
    Completed(u16),
    /// The message could not be put into a packet that the client takes.
    Undeliverable(u16),
    /// The client published with QoS 2 under this packet id.
    PublishedExactlyOnce(u16),
    /// PUBREL from the client.
    Released(u16),
}

/// What to do.
#[derive(Debug)]
pub enum Effect {
    /// Send PUBLISH.
    Send {
        /// Absent for QoS 0.
        packet_id: Option<u16>,
        /// The message.
        delivery: Delivery,
        /// Whether it was sent on an earlier connection.
        duplicate: bool,
    },
    /// Send PUBREL, for a message sent on an earlier connection.
    Release(u16),
    /// Book a message as dropped.
    Dropped(DropReason),
}

#[derive(Debug)]
enum Stage {
    /// PUBLISH sent.
    Sent(Delivery),
    /// QoS 2: PUBREC came, PUBREL sent.
    Released,
}

/// The state of one client's session apart from its subscriptions.
#[derive(Debug)]
pub struct Session {
    limits: SessionLimits,
    /// The client's Receive Maximum while connected.
    window: Option<u16>,
    queue: VecDeque<Delivery>,
    in_flight: VecDeque<(u16, Stage)>,
    bytes: usize,
    last_packet_id: u16,
    /// Packet ids of QoS 2 publishes from the client that await PUBREL.
    incoming: BTreeSet<u16>,
}

impl Session {
    /// An empty session without a connection.
    pub fn new(limits: SessionLimits) -> Self {
        Self {
            limits,
            window: None,
            queue: VecDeque::new(),
            in_flight: VecDeque::new(),
            bytes: 0,
            last_packet_id: 0,
            incoming: BTreeSet::new(),
        }
    }

    /// Takes `input` in.
    pub fn step(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Attached { receive_maximum } => self.attach(receive_maximum, effects),
            Input::Detached => {
                self.window = None;
                let before = self.queue.len();
                self.queue.retain(|delivery| delivery.qos > 0);
                let lost = before - self.queue.len();
                self.recount();
                effects.extend((0..lost).map(|_| Effect::Dropped(DropReason::Offline)));
            }
            Input::Deliver(delivery) => self.offer(now, delivery, effects),
            Input::Acknowledged(id) | Input::Completed(id) | Input::Undeliverable(id) => {
                self.finish(id);
            }
            Input::Received(id) => self.received(id),
            Input::PublishedExactlyOnce(id) => {
                self.incoming.insert(id);
            }
            Input::Released(id) => {
                self.incoming.remove(&id);
            }
        }
    }

    /// Hands out what may be sent now, `messages_max` at most. `allow` is asked for each message
    /// whether the client may receive it.
    pub fn fill(
        &mut self,
        now: Timestamp,
        messages_max: usize,
        allow: &mut dyn FnMut(&Message) -> bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(receive_maximum) = self.window else { return };
        let window = usize::from(receive_maximum.min(self.limits.in_flight_max));
        for _ in 0..messages_max {
            let Some(next) = self.queue.front() else { break };
            if next.qos > 0 && self.in_flight.len() >= window {
                break;
            }
            let Some(delivery) = self.queue.pop_front() else { break };
            if delivery.is_expired(now) {
                self.bytes = self.bytes.saturating_sub(delivery.bytes());
                effects.push(Effect::Dropped(DropReason::Expired));
                continue;
            }
            if !allow(&delivery.message) {
                self.bytes = self.bytes.saturating_sub(delivery.bytes());
                effects.push(Effect::Dropped(DropReason::Denied));
                continue;
            }
            let packet_id = (delivery.qos > 0).then(|| self.next_packet_id());
            match packet_id {
                Some(id) => self.in_flight.push_back((id, Stage::Sent(delivery.clone()))),
                None => self.bytes = self.bytes.saturating_sub(delivery.bytes()),
            }
            effects.push(Effect::Send { packet_id, delivery, duplicate: false });
        }
        if self.queue.is_empty() && self.queue.capacity() > 16 {
            self.queue = VecDeque::new();
        }
    }

    /// Messages that wait to be sent for the first time.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Messages sent and not acknowledged.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Packet ids of QoS 2 publishes that were taken and await PUBREL.
    pub fn incoming(&self) -> &BTreeSet<u16> {
        &self.incoming
    }

    fn attach(&mut self, receive_maximum: u16, effects: &mut Vec<Effect>) {
        self.window = Some(receive_maximum.max(1));
        for (id, stage) in &self.in_flight {
            effects.push(match stage {
                Stage::Sent(delivery) => Effect::Send {
                    packet_id: Some(*id),
                    delivery: delivery.clone(),
                    duplicate: true,
                },
                Stage::Released => Effect::Release(*id),
            });
        }
    }

    fn offer(&mut self, now: Timestamp, delivery: Delivery, effects: &mut Vec<Effect>) {
        let is_full = self.queue.len() >= self.limits.queue_messages_max
            || self.bytes.saturating_add(delivery.bytes()) > self.limits.queue_bytes_max;
        let reason = match () {
            () if self.window.is_none() && delivery.qos == 0 => Some(DropReason::Offline),
            () if delivery.is_expired(now) => Some(DropReason::Expired),
            () if is_full => Some(DropReason::QueueFull),
            () => None,
        };
        if let Some(reason) = reason {
            effects.push(Effect::Dropped(reason));
            return;
        }
        self.bytes += delivery.bytes();
        self.queue.push_back(delivery);
    }

    fn finish(&mut self, id: u16) {
        let Some(at) = self.in_flight.iter().position(|(of, _)| *of == id) else { return };
        if let Some((_, Stage::Sent(delivery))) = self.in_flight.remove(at) {
            self.bytes = self.bytes.saturating_sub(delivery.bytes());
        }
    }

    fn received(&mut self, id: u16) {
        let Some((_, stage)) = self.in_flight.iter_mut().find(|(of, _)| *of == id) else { return };
        if let Stage::Sent(delivery) = std::mem::replace(stage, Stage::Released) {
            self.bytes = self.bytes.saturating_sub(delivery.bytes());
        }
    }

    fn recount(&mut self) {
        let waiting: usize = self.queue.iter().map(Delivery::bytes).sum();
        let sent = self.in_flight.iter().map(|(_, stage)| match stage {
            Stage::Sent(delivery) => delivery.bytes(),
            Stage::Released => 0,
        });
        self.bytes = waiting + sent.sum::<usize>();
    }

    /// The next id that is not in use. There is always one, as the window is far below 65,535.
    fn next_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            let id = self.last_packet_id;
            if !self.in_flight.iter().any(|(used, _)| *used == id) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests;
