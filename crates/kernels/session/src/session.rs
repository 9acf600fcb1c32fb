//! The messages on their way to one client: queue, window, redelivery (spec iot-core §3.3).

mod keeping;
mod watch;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::Message;

use self::keeping::Keeping;
pub use self::keeping::{Changes, Window};
pub use self::watch::Fate;
use self::watch::Watch;
use crate::delivery::{Delivery, DropReason};

/// How much one session may hold, and how fast it is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Most messages sent and not yet acknowledged; the client's Receive Maximum can lower it.
    pub in_flight_max: u16,
    /// Most messages waiting.
    pub queue_messages_max: usize,
    /// Most bytes waiting or unacknowledged.
    pub queue_bytes_max: usize,
    /// A message that a connected client has not acknowledged for this long is given up.
    pub unacknowledged_max: Duration,
    /// Messages that waited for the client are sent no faster than this in a second; 0 is no limit.
    pub resume_per_second: u32,
    /// The same for messages of shared subscriptions.
    pub resume_shared_per_second: u32,
}

impl SessionLimits {
    const fn is_paced(&self) -> bool {
        self.resume_per_second > 0 || self.resume_shared_per_second > 0
    }

    /// How long the next message has to wait after `delivery`, if both have waited for the client.
    fn pause_after(&self, delivery: &Delivery) -> Duration {
        let per_second = match delivery.is_shared {
            true => self.resume_shared_per_second,
            false => self.resume_per_second,
        };
        Duration::from_millis(1000u64.checked_div(u64::from(per_second)).unwrap_or(0))
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

/// A message that waits to be sent.
#[derive(Debug)]
struct Entry {
    /// Counts the session's messages; never used twice.
    number: u64,
    delivery: Delivery,
}

#[derive(Debug)]
enum Stage {
    /// PUBLISH sent.
    Sent(Delivery),
    /// QoS 2: PUBREC came, PUBREL sent.
    Released,
    /// Not acknowledged for too long. The client may still count the packet id, so its place stays
    /// taken while the connection lasts.
    GivenUp,
}

/// A message that was sent and is not yet done with.
#[derive(Debug)]
struct Flight {
    packet_id: u16,
    number: u64,
    stage: Stage,
    /// When it was sent on the present connection; `None` if it has yet to be sent again there.
    sent: Option<Timestamp>,
}

/// Holds the messages back that waited for the client.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Messages with lower numbers waited.
    below: u64,
    /// When the next of them may go.
    next: Timestamp,
}

/// The state of one client's session apart from its subscriptions.
#[derive(Debug)]
pub struct Session {
    limits: SessionLimits,
    /// The client's Receive Maximum while connected.
    window: Option<u16>,
    queue: VecDeque<Entry>,
    in_flight: VecDeque<Flight>,
    bytes: usize,
    next_number: u64,
    last_packet_id: u16,
    pace: Option<Pace>,
    /// Packet ids of QoS 2 publishes from the client that await PUBREL.
    incoming: BTreeSet<u16>,
    /// Absent for a session that ends with its connection.
    keeping: Option<Box<Keeping>>,
    /// Absent as long as nobody waits for a message's fate.
    watch: Option<Box<Watch>>,
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
            next_number: 0,
            last_packet_id: 0,
            pace: None,
            incoming: BTreeSet::new(),
            keeping: None,
            watch: None,
        }
    }

    /// Takes `input` in.
    pub fn step(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Attached { receive_maximum } => self.attach(now, receive_maximum),
            Input::Detached => self.detach(effects),
            Input::Deliver(delivery) => self.offer(now, delivery, effects),
            Input::Acknowledged(id) | Input::Completed(id) => self.finish(id, Fate::Acknowledged),
            Input::Undeliverable(id) => self.finish(id, Fate::Dropped(DropReason::TooLarge)),
            Input::Received(id) => self.received(id),
            Input::PublishedExactlyOnce(id) => {
                self.incoming.insert(id);
                self.note_window();
            }
            Input::Released(id) => {
                self.incoming.remove(&id);
                self.note_window();
            }
        }
    }

    /// Hands out what may be sent now, `messages_max` at most: first what was sent on an earlier
    /// connection, then what waits. `allow` is asked for each message whether the client may receive
    /// it.
    pub fn fill(
        &mut self,
        now: Timestamp,
        messages_max: usize,
        allow: &mut dyn FnMut(&Message) -> bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(receive_maximum) = self.window else { return };
        let window = usize::from(receive_maximum.min(self.limits.in_flight_max));
        self.give_up(now);
        let before = effects.len();
        self.send_again(now, (window, messages_max), allow, effects);
        if self.in_flight.back().is_some_and(|flight| flight.sent.is_none()) {
            return;
        }
        let rest = messages_max.saturating_sub(effects.len() - before);
        for _ in 0..rest {
            if !self.send_next(now, window, allow, effects) {
                break;
            }
        }
        if self.queue.is_empty() && self.queue.capacity() > 16 {
            self.queue = VecDeque::new();
        }
    }

    /// When messages go on that are held back because they have waited for the client.
    pub fn resumes_at(&self) -> Option<Timestamp> {
        let pace = self.pace?;
        let waits = self.queue.front().is_some_and(|entry| entry.number < pace.below);
        waits.then_some(pace.next)
    }

    /// Messages that wait to be sent for the first time.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Messages sent and not acknowledged.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Bytes waiting or unacknowledged.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Packet ids of QoS 2 publishes that were taken and await PUBREL.
    pub fn incoming(&self) -> &BTreeSet<u16> {
        &self.incoming
    }

    fn attach(&mut self, now: Timestamp, receive_maximum: u16) {
        self.window = Some(receive_maximum.max(1));
        self.in_flight.retain(|flight| !matches!(flight.stage, Stage::GivenUp));
        for flight in &mut self.in_flight {
            flight.sent = None;
        }
        let is_paced = self.limits.is_paced() && !self.queue.is_empty();
        self.pace = is_paced.then_some(Pace { below: self.next_number, next: now });
    }

    fn detach(&mut self, effects: &mut Vec<Effect>) {
        self.window = None;
        self.pace = None;
        if !self.in_flight.is_empty() {
            self.note_window();
        }
        let before = self.queue.len();
        if self.watch.is_some() {
            let lost = self.queue.iter().filter(|entry| entry.delivery.qos == 0);
            let lost: Vec<u64> = lost.map(|entry| entry.number).collect();
            for number in lost {
                self.note_fate(number, Fate::Dropped(DropReason::Offline));
            }
        }
        self.queue.retain(|entry| entry.delivery.qos > 0);
        let lost = before - self.queue.len();
        self.recount();
        effects.extend((0..lost).map(|_| Effect::Dropped(DropReason::Offline)));
    }

    /// Sends what an earlier connection sent, in the same order, as far as the window allows.
    fn send_again(
        &mut self,
        now: Timestamp,
        (window, messages_max): (usize, usize),
        allow: &mut dyn FnMut(&Message) -> bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(first) = self.in_flight.iter().position(|flight| flight.sent.is_none()) else {
            return;
        };
        // What is sent stands before what is not.
        let room = window.saturating_sub(first).min(messages_max);
        let mut denied = Vec::new();
        for flight in self.in_flight.iter_mut().skip(first).take(room) {
            flight.sent = Some(now);
            match &flight.stage {
                Stage::Sent(delivery) if !allow(&delivery.message) => {
                    denied.push(flight.packet_id);
                }
                Stage::Sent(delivery) => effects.push(Effect::Send {
                    packet_id: Some(flight.packet_id),
                    delivery: delivery.clone(),
                    duplicate: true,
                }),
                Stage::Released => effects.push(Effect::Release(flight.packet_id)),
                Stage::GivenUp => {}
            }
        }
        for packet_id in denied {
            self.finish(packet_id, Fate::Dropped(DropReason::Denied));
        }
    }

    /// Takes the next message from the queue. False if there is none that may go now.
    fn send_next(
        &mut self,
        now: Timestamp,
        window: usize,
        allow: &mut dyn FnMut(&Message) -> bool,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(next) = self.queue.front() else { return false };
        if next.delivery.qos > 0 && self.in_flight.len() >= window {
            return false;
        }
        match self.pace {
            Some(pace) if next.number < pace.below && now < pace.next => return false,
            Some(pace) if next.number >= pace.below => self.pace = None,
            _ => {}
        }
        let Some(Entry { number, delivery }) = self.queue.pop_front() else { return false };
        let refusal = match () {
            () if delivery.is_expired(now) => Some(DropReason::Expired),
            () if !allow(&delivery.message) => Some(DropReason::Denied),
            () => None,
        };
        if let Some(reason) = refusal {
            self.forget(number, &delivery);
            self.note_fate(number, Fate::Dropped(reason));
            effects.push(Effect::Dropped(reason));
            return true;
        }
        if let Some(pace) = &mut self.pace {
            pace.next = now.max(pace.next).plus(self.limits.pause_after(&delivery));
        }
        let packet_id = (delivery.qos > 0).then(|| self.next_packet_id());
        match packet_id {
            Some(packet_id) => self.in_flight.push_back(Flight {
                packet_id,
                number,
                stage: Stage::Sent(delivery.clone()),
                sent: Some(now),
            }),
            None => {
                self.forget(number, &delivery);
                self.note_fate(number, Fate::Sent);
            }
        }
        if delivery.qos == 2 {
            self.note_window();
        }
        effects.push(Effect::Send { packet_id, delivery, duplicate: false });
        true
    }

    fn offer(&mut self, now: Timestamp, delivery: Delivery, effects: &mut Vec<Effect>) {
        if self.window.is_none() && delivery.qos == 0 {
            effects.push(Effect::Dropped(DropReason::Offline));
            return;
        }
        if delivery.is_expired(now) {
            effects.push(Effect::Dropped(DropReason::Expired));
            return;
        }
        if self.is_full_for(&delivery) {
            self.drop_expired(now, effects);
        }
        if self.is_full_for(&delivery) {
            effects.push(Effect::Dropped(DropReason::QueueFull));
            return;
        }
        self.bytes += delivery.bytes();
        let number = self.next_number;
        self.next_number += 1;
        self.note_new(&delivery);
        self.queue.push_back(Entry { number, delivery });
    }

    fn is_full_for(&self, delivery: &Delivery) -> bool {
        self.queue.len() >= self.limits.queue_messages_max
            || self.bytes.saturating_add(delivery.bytes()) > self.limits.queue_bytes_max
    }

    /// Makes room. Looks at the head of the queue only: it is asked for every message that does not
    /// fit, and a long walk each time would be the client's weapon.
    fn drop_expired(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while self.queue.front().is_some_and(|entry| entry.delivery.is_expired(now)) {
            let Some(entry) = self.queue.pop_front() else { return };
            self.forget(entry.number, &entry.delivery);
            self.note_fate(entry.number, Fate::Dropped(DropReason::Expired));
            effects.push(Effect::Dropped(DropReason::Expired));
        }
    }

    /// Lets go of messages that the client has not acknowledged for too long. They were delivered as
    /// far as the account book is concerned.
    fn give_up(&mut self, now: Timestamp) {
        let limit = self.limits.unacknowledged_max;
        for at in 0..self.in_flight.len() {
            let Some(flight) = self.in_flight.get_mut(at) else { return };
            if flight.sent.is_none_or(|sent| now.since(sent) < limit) {
                return;
            }
            if !matches!(flight.stage, Stage::Sent(_)) {
                continue;
            }
            let number = flight.number;
            if let Stage::Sent(delivery) = std::mem::replace(&mut flight.stage, Stage::GivenUp) {
                self.forget(number, &delivery);
            }
        }
    }

    fn finish(&mut self, id: u16, fate: Fate) {
        let Some(at) = self.in_flight.iter().position(|flight| flight.packet_id == id) else {
            return;
        };
        let Some(flight) = self.in_flight.remove(at) else { return };
        self.note_fate(flight.number, fate);
        match flight.stage {
            Stage::Sent(delivery) => self.forget(flight.number, &delivery),
            Stage::Released => self.note_window(),
            Stage::GivenUp => {}
        }
    }

    fn received(&mut self, id: u16) {
        let Some(flight) = self.in_flight.iter_mut().find(|flight| flight.packet_id == id) else {
            return;
        };
        let number = flight.number;
        if let Stage::Sent(delivery) = std::mem::replace(&mut flight.stage, Stage::Released) {
            self.forget(number, &delivery);
            self.note_window();
        }
    }

    /// A message has left the session.
    fn forget(&mut self, number: u64, delivery: &Delivery) {
        self.bytes = self.bytes.saturating_sub(delivery.bytes());
        self.note_gone(number, delivery);
    }

    fn recount(&mut self) {
        let waiting: usize = self.queue.iter().map(|entry| entry.delivery.bytes()).sum();
        let sent = self.in_flight.iter().map(|flight| match &flight.stage {
            Stage::Sent(delivery) => delivery.bytes(),
            Stage::Released | Stage::GivenUp => 0,
        });
        self.bytes = waiting + sent.sum::<usize>();
    }

    /// The next id that is not in use. There is always one, as the window is far below 65,535.
    fn next_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            let id = self.last_packet_id;
            if !self.in_flight.iter().any(|flight| flight.packet_id == id) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests;
