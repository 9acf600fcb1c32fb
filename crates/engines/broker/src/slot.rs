//! A client's place in the broker: its session, its subscriptions and its present connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use picket_core::{Ledger, Timestamp};
use picket_ports::ConnectionFacts;
use picket_ports::connections::Disconnected;
use picket_session::{Delivery, DropReason, Effect, Input, Session};
use tokio::sync::Notify;

use crate::broker::Will;

/// A session's number, unique while the broker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: SessionId,
    pub(crate) client_id: Arc<str>,
    online: AtomicBool,
    pub(crate) state: Mutex<SlotState>,
}

#[derive(Debug)]
pub(crate) struct SlotState {
    pub(crate) session: Session,
    /// Counts connections; only the newest may act.
    pub(crate) generation: u64,
    /// Wakes the present connection.
    pub(crate) seat: Option<Arc<Notify>>,
    pub(crate) will: Option<Will>,
    /// Filter as sent → subscription identifier.
    pub(crate) filters: BTreeMap<Box<str>, Option<u32>>,
    /// How long the session outlives its connection, in seconds; `u32::MAX` is for ever.
    pub(crate) expiry_seconds: u32,
    /// 4 or 5; a session is not resumed under the other version.
    pub(crate) protocol_level: u8,
    pub(crate) facts: ConnectionFacts,
    pub(crate) disconnected: Option<Disconnected>,
    /// The end of connections up to this generation came from outside.
    pub(crate) ended_by_api: u64,
    pub(crate) will_due: Option<Timestamp>,
    pub(crate) session_due: Option<Timestamp>,
    /// Out of the table: nobody may use it any more.
    pub(crate) is_removed: bool,
}

impl Slot {
    pub(crate) fn new(id: SessionId, client_id: Arc<str>, session: Session) -> Self {
        let state = SlotState {
            session,
            generation: 0,
            seat: None,
            will: None,
            filters: BTreeMap::new(),
            expiry_seconds: 0,
            protocol_level: 0,
            facts: ConnectionFacts::default(),
            disconnected: None,
            ended_by_api: 0,
            will_due: None,
            session_due: None,
            is_removed: false,
        };
        Self { id, client_id, online: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    pub(crate) fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }

    /// Puts a copy into the queue and wakes the connection if there is one.
    pub(crate) fn deliver(&self, now: Timestamp, delivery: Delivery, ledger: &Ledger) {
        ledger.received(1);
        let mut dropped = Vec::new();
        let mut state = self.state.lock();
        if state.is_removed {
            drop(state);
            ledger.dropped(DropReason::SessionEnded.as_str(), 1);
            return;
        }
        state.session.step(now, Input::Deliver(delivery), &mut dropped);
        // The permit that `notify_one` leaves survives until the connection looks.
        if let Some(seat) = state.seat.as_ref().filter(|_| dropped.is_empty()) {
            seat.notify_one();
        }
        drop(state);
        book(&dropped, ledger);
    }
}

/// Books what `effects` dropped and sent.
pub(crate) fn book(effects: &[Effect], ledger: &Ledger) {
    let mut sent = 0;
    for effect in effects {
        match effect {
            Effect::Dropped(reason) => ledger.dropped(reason.as_str(), 1),
            Effect::Send { duplicate: false, .. } => sent += 1,
            Effect::Send { .. } | Effect::Release(_) => {}
        }
    }
    if sent > 0 {
        ledger.delivered(sent);
    }
}
