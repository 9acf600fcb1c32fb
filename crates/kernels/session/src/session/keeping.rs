//! What a session tells the store that keeps it.
//!
//! Messages are numbered, and a session remembers up to which number it has told. A message that is
//! acknowledged before anybody asks for the changes was never told and costs the store nothing.

use super::{Flight, Session, Stage};
use crate::SessionLimits;
use crate::delivery::Delivery;

/// What the store has to learn. Writes and removals never concern the same message.
#[derive(Debug, Default)]
pub struct Changes {
    /// Messages to write, by number.
    pub kept: Vec<(u64, Delivery)>,
    /// Numbers of messages to remove.
    pub gone: Vec<u64>,
    /// The window to write in place of the last one; an empty one is removed.
    pub window: Option<Window>,
}

impl Changes {
    /// Whether there is nothing to learn.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.gone.is_empty() && self.window.is_none()
    }
}

/// The packet ids in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Packet id, message number, and whether the message itself is done with (QoS 2: PUBREL is
    /// due), in the order of sending.
    pub flights: Vec<(u16, u64, bool)>,
    /// Packet ids of QoS 2 publishes from the client that await PUBREL.
    pub incoming: Vec<u16>,
    /// The packet id given last.
    pub last_packet_id: u16,
}

impl Window {
    /// Whether no packet id is in use.
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty() && self.incoming.is_empty()
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        self.flights == other.flights && self.incoming == other.incoming
    }
}

/// What the store was told.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    is_on: bool,
    /// Messages with lower numbers are stored, as far as they are still here.
    told_below: u64,
    /// Messages that are to be stored and have not been told of.
    untold: usize,
    /// Messages that were told of and have left.
    gone: Vec<u64>,
    window: Window,
    /// The window may have to be told again.
    window_moved: bool,
}

impl Session {
    /// Whether the session is to be stored from now on. Turned off, everything the store was told of
    /// is gone.
    pub fn keep(&mut self, on: bool) {
        if !on && self.keeping.is_none() {
            return;
        }
        let first = self.numbers().min().unwrap_or(self.next_number);
        let count = self.numbers().count();
        let told: Vec<u64> = match &self.keeping {
            Some(keeping) if keeping.is_on && !on => {
                self.numbers().filter(|number| *number < keeping.told_below).collect()
            }
            _ => Vec::new(),
        };
        let keeping = self.keeping.get_or_insert_default();
        if keeping.is_on == on {
            return;
        }
        keeping.is_on = on;
        keeping.window_moved = true;
        keeping.gone.extend(told);
        keeping.told_below = first;
        keeping.untold = if on { count } else { 0 };
    }

    /// Empties the session. Numbers go on, so that what was stored before is never taken for what
    /// comes.
    pub fn clear(&mut self) {
        for entry in std::mem::take(&mut self.queue) {
            self.forget(entry.number, &entry.delivery);
        }
        for flight in std::mem::take(&mut self.in_flight) {
            if let Stage::Sent(delivery) = &flight.stage {
                self.forget(flight.number, delivery);
            }
        }
        self.incoming.clear();
        self.note_window();
        self.note_end();
        self.pace = None;
    }

    /// Messages that are to be stored and are not yet part of any [`Changes`].
    pub fn untold(&self) -> usize {
        self.keeping.as_ref().map_or(0, |keeping| keeping.untold)
    }

    /// Whether [`Session::changes`] has something to say.
    pub fn has_news(&self) -> bool {
        self.keeping.as_ref().is_some_and(|keeping| {
            keeping.untold > 0 || keeping.window_moved || !keeping.gone.is_empty()
        })
    }

    /// What has changed since the last call. The caller makes it durable, in the order of calls.
    pub fn changes(&mut self) -> Changes {
        let wanted = self.wanted_window();
        let Some(keeping) = &mut self.keeping else { return Changes::default() };
        let mut changes = Changes { gone: std::mem::take(&mut keeping.gone), ..Changes::default() };
        keeping.window_moved = false;
        if !keeping.window.says_the_same_as(&wanted) {
            keeping.window = wanted.clone();
            changes.window = Some(wanted);
        }
        if keeping.untold > 0 {
            let told_below = keeping.told_below;
            let flights = self.in_flight.iter().filter_map(|flight| match &flight.stage {
                Stage::Sent(delivery) => Some((flight.number, delivery)),
                Stage::Released | Stage::GivenUp => None,
            });
            // The queue is in the order of numbers, and what is new is at its end.
            let queued = self.queue.iter().rev().map(|entry| (entry.number, &entry.delivery));
            let queued = queued.take_while(|(number, _)| *number >= told_below);
            let new = flights.filter(|(number, _)| *number >= told_below).chain(queued);
            let kept = new.filter(|(_, delivery)| delivery.qos > 0);
            changes.kept = kept.map(|(number, delivery)| (number, delivery.clone())).collect();
            changes.kept.sort_unstable_by_key(|(number, _)| *number);
            keeping.untold = 0;
        }
        keeping.told_below = self.next_number;
        changes
    }

    /// The session as the store has it.
    pub fn restore(limits: SessionLimits, mut kept: Vec<(u64, Delivery)>, window: Window) -> Self {
        kept.sort_unstable_by_key(|(number, _)| *number);
        let mut session = Self::new(limits);
        let last = kept.last().map(|(number, _)| *number);
        let last_flight = window.flights.iter().map(|(_, number, _)| *number).max();
        session.next_number = last.max(last_flight).map_or(0, |number| number + 1);
        session.last_packet_id = window.last_packet_id;
        session.incoming = window.incoming.iter().copied().collect();
        for (packet_id, number, is_released) in &window.flights {
            let found = kept.binary_search_by_key(number, |(number, _)| *number);
            let stage = match found {
                _ if *is_released => Stage::Released,
                Ok(at) => Stage::Sent(kept.remove(at).1),
                // It was acknowledged in the meantime.
                Err(_) => continue,
            };
            let flight = Flight { packet_id: *packet_id, number: *number, stage, sent: None };
            session.in_flight.push_back(flight);
        }
        let waiting = kept.into_iter().map(|(number, delivery)| super::Entry { number, delivery });
        session.queue = waiting.collect();
        session.recount();
        let told_below = session.next_number;
        let keeping = Keeping { is_on: true, told_below, window, ..Keeping::default() };
        session.keeping = Some(Box::new(keeping));
        session
    }

    /// Numbers of all messages that a store would hold.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let flights = self.in_flight.iter().filter_map(|flight| match &flight.stage {
            Stage::Sent(_) => Some(flight.number),
            Stage::Released | Stage::GivenUp => None,
        });
        let queued = self.queue.iter().filter(|entry| entry.delivery.qos > 0);
        flights.chain(queued.map(|entry| entry.number))
    }

    /// While connected only QoS 2 is worth a record: a QoS 1 message that is sent again after a crash
    /// may have another packet id, and without the record its acknowledgement costs nothing.
    fn wanted_window(&self) -> Window {
        if !self.keeping.as_ref().is_some_and(|keeping| keeping.is_on) {
            return Window::default();
        }
        let is_attached = self.window.is_some();
        let flights = self.in_flight.iter().filter_map(|flight| {
            let is_worth_it = |qos: u8| !is_attached || qos == 2;
            match &flight.stage {
                Stage::Sent(delivery) if is_worth_it(delivery.qos) => Some((flight, false)),
                Stage::Released => Some((flight, true)),
                Stage::Sent(_) | Stage::GivenUp => None,
            }
        });
        Window {
            flights: flights.map(|(f, released)| (f.packet_id, f.number, released)).collect(),
            incoming: self.incoming.iter().copied().collect(),
            last_packet_id: self.last_packet_id,
        }
    }

    /// The window has changed in a way that is worth a record.
    pub(super) fn note_window(&mut self) {
        if let Some(keeping) = &mut self.keeping {
            keeping.window_moved = true;
        }
    }

    pub(super) fn note_new(&mut self, delivery: &Delivery) {
        if let Some(keeping) = self.keeping.as_mut().filter(|k| k.is_on && delivery.qos > 0) {
            keeping.untold += 1;
        }
    }

    pub(super) fn note_gone(&mut self, number: u64, delivery: &Delivery) {
        let Some(keeping) = self.keeping.as_mut().filter(|k| k.is_on && delivery.qos > 0) else {
            return;
        };
        if number < keeping.told_below {
            keeping.gone.push(number);
        } else {
            keeping.untold = keeping.untold.saturating_sub(1);
        }
    }
}
