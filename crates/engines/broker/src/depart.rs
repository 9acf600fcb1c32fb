//! A client goes: its session is kept for its time or ends, and its will is published.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::connections::{DisconnectReason, Disconnected};
use picket_session::Input;

use crate::broker::{Broker, Table, Will};
use crate::slot::{Slot, SlotState, book};

/// What is to become of the will and of the session of a client that goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Farewell {
    pub(crate) with_will: bool,
    /// A new session expiry; 0 ends the session.
    pub(crate) expiry_seconds: Option<u32>,
    pub(crate) reason: DisconnectReason,
}

impl Broker {
    /// A connection is gone: keeps its session for its time, or ends it.
    pub(crate) fn leave(&self, slot: &Arc<Slot>, generation: u64, farewell: Farewell) {
        let mut table = self.table.lock();
        let mut state = slot.state.lock();
        if state.generation != generation || state.is_removed {
            return;
        }
        let will = self.unseat(&mut table, slot, &mut state, farewell);
        drop(state);
        drop(table);
        self.publish_wills(will.into_iter().collect());
    }

    /// Takes the connection's seat. Returns the will if it has to be published now.
    pub(crate) fn unseat(
        &self,
        table: &mut Table,
        slot: &Arc<Slot>,
        state: &mut SlotState,
        farewell: Farewell,
    ) -> Option<Will> {
        let now = self.clock.now();
        if let Some(expiry) = farewell.expiry_seconds {
            state.expiry_seconds = expiry;
        }
        state.seat = None;
        state.disconnected = Some(Disconnected { since: now, reason: farewell.reason });
        if slot.set_online(false) {
            self.online.fetch_sub(1, Ordering::Relaxed);
        }
        let mut dropped = Vec::new();
        self.change(slot, state, |state| {
            state.record_changed();
            state.session.step(now, Input::Detached, &mut dropped);
        });
        book(&dropped, &self.ledger);
        if !farewell.with_will {
            state.will = None;
        }
        if state.expiry_seconds == 0 {
            return self.remove(table, slot, state);
        }
        let is_due = state.will.as_ref().is_some_and(|will| will.delay_seconds == 0);
        let will = if is_due { state.will.take() } else { None };
        self.schedule(slot, state, now);
        will
    }

    /// Notes when the will and the end of a session are due whose client has left at `since`.
    pub(crate) fn schedule(&self, slot: &Slot, state: &mut SlotState, since: Timestamp) {
        let after = |seconds: u32| since.plus(Duration::from_secs(u64::from(seconds)));
        state.will_due = state.will.as_ref().map(|will| after(will.delay_seconds));
        let expires = state.expiry_seconds != u32::MAX;
        state.session_due = expires.then(|| after(state.expiry_seconds));
        self.note_due(slot, state);
    }

    /// Notes the next look at a session whose client is away.
    fn note_due(&self, slot: &Slot, state: &mut SlotState) {
        let due = [state.will_due, state.session_due].into_iter().flatten().min();
        self.diary.note(slot, state, due);
    }

    /// Takes the session out of the table. Returns the will that has now to be published.
    pub(crate) fn remove(
        &self,
        table: &mut Table,
        slot: &Arc<Slot>,
        state: &mut SlotState,
    ) -> Option<Will> {
        self.past.lock().remember(slot, state);
        self.empty(slot, state);
        self.diary.note(slot, state, None);
        state.is_removed = true;
        table.remove(&slot.client_id);
        state.will.take()
    }

    /// Does what is due: delayed wills, expired sessions, messages that were held back. [`Broker::start`]
    /// calls this in time.
    pub fn tick(&self, now: Timestamp) {
        let mut wills = Vec::new();
        while let Some((noted, id, client_id)) = self.diary.take_due(now) {
            let mut table = self.table.lock();
            let Some(slot) = table.get(&client_id).map(Arc::clone) else { continue };
            let mut state = slot.state.lock();
            if slot.id == id && state.noted == Some(noted) {
                state.noted = None;
            }
            let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now);
            if let Some(seat) = &state.seat {
                // The connection takes what may go, and notes when it goes on.
                if is_due(state.session.resumes_at()) {
                    seat.notify_one();
                }
            } else if is_due(state.session_due) {
                wills.extend(self.remove(&mut table, &slot, &mut state));
            } else if is_due(state.will_due) {
                self.change(&slot, &mut state, |state| {
                    state.will_due = None;
                    wills.extend(state.will.take());
                    state.record_changed();
                });
                self.note_due(&slot, &mut state);
            } else {
                self.note_due(&slot, &mut state);
            }
        }
        self.past.lock().expire(now);
        self.publish_wills(wills);
    }

    pub(crate) fn publish_wills(&self, wills: Vec<Will>) {
        for will in wills {
            let mut message = will.message;
            message.arrived = self.clock.now();
            let message = Arc::new(message);
            // Nobody waits for a will's acknowledgement.
            let _routed = self.route(&message, None);
            if self.tap_for(&message.topic).is_some() && !self.diary.leave_for_tap(message) {
                self.ledger.received(1);
                self.ledger.dropped("tap_queue_full", 1);
            }
        }
    }
}
