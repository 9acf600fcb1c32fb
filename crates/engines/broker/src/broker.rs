//! The broker itself: connecting, and ending sessions.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahash::AHashMap;
use parking_lot::{Mutex, RwLock};
use picket_core::{Clock, Ledger, LedgerSnapshot, Timestamp};
use picket_ports::connections::{DisconnectReason, Disconnected};
use picket_ports::{ConnectionFacts, Message, MessageTap};
use picket_session::{DropReason, Effect, Filter, Input, Session, TopicLimits};
use tokio::sync::Notify;

use crate::attachment::Attachment;
use crate::housekeeping::Diary;
use crate::limits::BrokerLimits;
use crate::retained::Retained;
use crate::slot::{SessionId, Slot, SlotState, book};
use crate::stored::Stored;
use crate::subscriptions::Subscriptions;

/// The message a client leaves for the case that its connection breaks.
#[derive(Debug, Clone)]
pub struct Will {
    /// What is published; its time of arrival is set when it is.
    pub message: Message,
    /// How long after the break, in seconds; a session that ends or is taken up again is earlier.
    pub delay_seconds: u32,
}

/// What a CONNECT asks for, checked by the gateway.
#[derive(Debug)]
pub struct SessionRequest {
    /// The client id; the session's name.
    pub client_id: Arc<str>,
    /// Whether an older session is thrown away.
    pub clean_start: bool,
    /// How long the session outlives the connection, in seconds; `u32::MAX` is for ever.
    pub expiry_seconds: u32,
    /// Most unacknowledged messages the client takes.
    pub receive_maximum: u16,
    /// 4 for MQTT 3.1.1, 5 for MQTT 5.
    pub protocol_level: u8,
    /// The will, already authorised.
    pub will: Option<Will>,
    /// What is shown of the connection.
    pub facts: ConnectionFacts,
}

/// The answer to a [`SessionRequest`].
#[derive(Debug)]
pub struct Connected {
    /// The connection's hold on its session.
    pub attachment: Attachment,
    /// Whether an older session goes on.
    pub session_present: bool,
    /// Messages to send again, before anything else.
    pub resend: Vec<Effect>,
    /// Packet ids of QoS 2 publishes that await PUBREL.
    pub incoming: BTreeSet<u16>,
    /// Absent if nothing had to be stored. Else CONNACK follows it: a client that was told of a new
    /// session must not find the old one after a crash.
    pub stored: Option<Stored>,
}

/// Routes messages between clients and parts of the server.
#[derive(Debug)]
pub struct Broker {
    pub(crate) limits: BrokerLimits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Ledger,
    pub(crate) tap: OnceLock<Arc<dyn MessageTap>>,
    /// Locks are taken in this order: table, a slot's state, subscriptions.
    table: Mutex<AHashMap<Arc<str>, Arc<Slot>>>,
    pub(crate) subscriptions: RwLock<Subscriptions>,
    pub(crate) retained: RwLock<Retained>,
    pub(crate) diary: Diary,
    next_session: AtomicU64,
}

/// Filters were checked by the gateway; here only their parts are told apart.
pub(crate) const UNLIMITED: TopicLimits =
    TopicLimits { bytes_max: usize::MAX, slashes_max: usize::MAX };

impl Broker {
    /// A broker without sessions. [`Broker::start`] must follow for delays and expiries to happen.
    pub fn new(limits: BrokerLimits, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            clock,
            ledger: Ledger::new("broker"),
            tap: OnceLock::new(),
            table: Mutex::default(),
            subscriptions: RwLock::default(),
            retained: RwLock::default(),
            diary: Diary::default(),
            next_session: AtomicU64::new(1),
        })
    }

    /// Lets `tap` see every message from now on. There is one tap; returns false if it is taken.
    pub fn attach_tap(&self, tap: Arc<dyn MessageTap>) -> bool {
        self.tap.set(tap).is_ok()
    }

    /// The account book: copies of messages by receiver.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.ledger.snapshot()
    }

    /// Sessions known, connected or kept.
    pub fn session_count(&self) -> usize {
        self.table.lock().len()
    }

    /// Whether there is room for the client: it has a session, or one more may be made.
    pub fn has_room_for(&self, client_id: &str) -> bool {
        let table = self.table.lock();
        table.len() < self.limits.sessions_max || table.contains_key(client_id)
    }

    /// Takes a client in. An older connection of the same client id ends, and its will is published.
    /// `wake` is notified when the attachment has something to say. `None` if there are too many
    /// sessions.
    pub fn connect(
        self: &Arc<Self>,
        request: SessionRequest,
        wake: Arc<Notify>,
    ) -> Option<Connected> {
        let now = self.clock.now();
        let mut wills = Vec::new();
        let mut table = self.table.lock();
        let slot = match table.get(&request.client_id) {
            Some(slot) => Arc::clone(slot),
            None if table.len() >= self.limits.sessions_max => return None,
            None => {
                let slot = Arc::new(self.new_slot(Arc::clone(&request.client_id)));
                table.insert(Arc::clone(&request.client_id), Arc::clone(&slot));
                slot
            }
        };
        let mut state = slot.state.lock();
        drop(table);
        let session_present = self.make_way(&slot, &mut state, &request, &mut wills);
        let generation = state.generation;
        state.seat = Some(wake);
        state.expiry_seconds = request.expiry_seconds;
        state.protocol_level = request.protocol_level;
        state.will = request.will;
        state.facts = request.facts;
        state.disconnected = None;
        let mut resend = Vec::new();
        let attached = Input::Attached { receive_maximum: request.receive_maximum };
        state.session.step(now, attached, &mut resend);
        let incoming = state.session.incoming().clone();
        slot.set_online(true);
        drop(state);
        self.publish_wills(wills);
        let attachment = Attachment::new(Arc::clone(self), slot, generation);
        Some(Connected { attachment, session_present, resend, incoming, stored: None })
    }

    /// Ends what was before the new connection. Returns whether the session goes on.
    fn make_way(
        &self,
        slot: &Slot,
        state: &mut SlotState,
        request: &SessionRequest,
        wills: &mut Vec<Will>,
    ) -> bool {
        state.generation += 1;
        let was_connected = state.seat.take().map(|seat| seat.notify_one()).is_some();
        let is_kept = state.generation > 1
            && !request.clean_start
            && state.expiry_seconds > 0
            && state.protocol_level == request.protocol_level;
        // A will that waits is not sent if the session goes on in time.
        let old_will = state.will.take();
        wills
            .extend(old_will.filter(|will| !is_kept || (was_connected && will.delay_seconds == 0)));
        state.will_due = None;
        state.session_due = None;
        if is_kept {
            let mut dropped = Vec::new();
            state.session.step(self.clock.now(), Input::Detached, &mut dropped);
            book(&dropped, &self.ledger);
        } else {
            self.empty(slot, state);
        }
        is_kept
    }

    /// Forgets everything the session holds.
    fn empty(&self, slot: &Slot, state: &mut SlotState) {
        let mut subscriptions = self.subscriptions.write();
        for filter in std::mem::take(&mut state.filters).into_keys() {
            if let Ok(filter) = Filter::parse(&filter, &UNLIMITED) {
                subscriptions.remove(filter, slot.id);
            }
        }
        drop(subscriptions);
        let waiting = state.session.queued();
        if waiting > 0 {
            self.ledger.dropped(DropReason::SessionEnded.as_str(), waiting as u64);
        }
        state.session = Session::new(self.limits.session);
    }

    /// A connection is gone: keeps its session for its time, or ends it.
    pub(crate) fn leave(
        &self,
        slot: &Arc<Slot>,
        generation: u64,
        (will, expiry): (bool, Option<u32>),
        reason: DisconnectReason,
    ) {
        let now = self.clock.now();
        let mut wills = Vec::new();
        let mut table = self.table.lock();
        let mut state = slot.state.lock();
        if state.generation != generation || state.is_removed {
            return;
        }
        if let Some(expiry) = expiry {
            state.expiry_seconds = expiry;
        }
        state.seat = None;
        state.disconnected = Some(Disconnected { since: now, reason });
        slot.set_online(false);
        let mut dropped = Vec::new();
        state.session.step(now, Input::Detached, &mut dropped);
        book(&dropped, &self.ledger);
        if !will {
            state.will = None;
        }
        if state.expiry_seconds == 0 {
            wills.extend(self.remove(&mut table, slot, &mut state));
        } else {
            drop(table);
            if state.will.as_ref().is_some_and(|will| will.delay_seconds == 0) {
                wills.extend(state.will.take());
            }
            self.schedule(slot, &mut state, now);
        }
        drop(state);
        self.publish_wills(wills);
    }

    fn schedule(&self, slot: &Slot, state: &mut SlotState, now: Timestamp) {
        let after = |seconds: u32| now.plus(Duration::from_secs(u64::from(seconds)));
        state.will_due = state.will.as_ref().map(|will| after(will.delay_seconds));
        let expires = state.expiry_seconds != u32::MAX;
        state.session_due = expires.then(|| after(state.expiry_seconds));
        for due in [state.will_due, state.session_due].into_iter().flatten() {
            self.diary.note(due, &slot.client_id);
        }
    }

    /// Takes the session out of the table. Returns the will that has now to be published.
    fn remove(
        &self,
        table: &mut AHashMap<Arc<str>, Arc<Slot>>,
        slot: &Slot,
        state: &mut SlotState,
    ) -> Option<Will> {
        self.empty(slot, state);
        state.is_removed = true;
        table.remove(&slot.client_id);
        state.will.take()
    }

    /// Does what is due: delayed wills, expired sessions. [`Broker::start`] calls this in time.
    pub fn tick(&self, now: Timestamp) {
        let mut wills = Vec::new();
        while let Some(client_id) = self.diary.take_due(now) {
            let mut table = self.table.lock();
            let Some(slot) = table.get(&client_id).map(Arc::clone) else { continue };
            let mut state = slot.state.lock();
            let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now);
            if state.seat.is_some() {
                continue;
            }
            if is_due(state.session_due) {
                wills.extend(self.remove(&mut table, &slot, &mut state));
            } else if is_due(state.will_due) {
                state.will_due = None;
                wills.extend(state.will.take());
            }
        }
        self.publish_wills(wills);
    }

    fn publish_wills(&self, wills: Vec<Will>) {
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

    fn new_slot(&self, client_id: Arc<str>) -> Slot {
        let id = SessionId(self.next_session.fetch_add(1, Ordering::Relaxed));
        Slot::new(id, client_id, Session::new(self.limits.session))
    }
}
