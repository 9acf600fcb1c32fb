//! The broker itself: what it holds, and how a change of a session is passed on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use picket_core::{Clock, Ledger, LedgerSnapshot};
use picket_ports::{Message, MessageTap};
use picket_session::{Session, TopicLimits};

use crate::housekeeping::Diary;
use crate::journal::{Journal, Urgency};
use crate::limits::BrokerLimits;
use crate::listeners::Listeners;
use crate::past::Past;
use crate::retained::Retained;
use crate::slot::{SessionId, Slot, SlotState};
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

/// Sessions by client id, in order, so that a listing can go on where it stopped.
pub(crate) type Table = BTreeMap<Arc<str>, Arc<Slot>>;

/// Routes messages between clients and parts of the server.
#[derive(Debug)]
pub struct Broker {
    pub(crate) limits: BrokerLimits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Ledger,
    pub(crate) tap: OnceLock<Arc<dyn MessageTap>>,
    /// Locks are taken in this order: table, a slot's state, subscriptions, past connections; that of
    /// retained messages alone. The journal's and the diary's are the last in every case.
    pub(crate) table: Mutex<Table>,
    pub(crate) subscriptions: RwLock<Subscriptions>,
    pub(crate) retained: RwLock<Retained>,
    pub(crate) listeners: Listeners,
    pub(crate) past: Mutex<Past>,
    pub(crate) diary: Diary,
    /// Absent if nothing survives the process.
    pub(crate) journal: Option<Arc<Journal>>,
    /// Of all sessions.
    queue_bytes: AtomicUsize,
    /// Clients connected.
    pub(crate) online: AtomicUsize,
    pub(crate) next_session: AtomicU64,
}

/// Filters were checked by the gateway; here only their parts are told apart.
pub(crate) const UNLIMITED: TopicLimits =
    TopicLimits { bytes_max: usize::MAX, slashes_max: usize::MAX };

impl Broker {
    /// A broker that keeps everything in memory only. [`Broker::start`] must follow for delays and
    /// expiries to happen.
    pub fn new(limits: BrokerLimits, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::with_journal(limits, clock, None))
    }

    pub(crate) fn with_journal(
        limits: BrokerLimits,
        clock: Arc<dyn Clock>,
        journal: Option<Arc<Journal>>,
    ) -> Self {
        Self {
            limits,
            clock,
            ledger: Ledger::new("broker"),
            tap: OnceLock::new(),
            table: Mutex::default(),
            subscriptions: RwLock::default(),
            retained: RwLock::default(),
            listeners: Listeners::default(),
            past: Mutex::default(),
            diary: Diary::default(),
            journal,
            queue_bytes: AtomicUsize::new(0),
            online: AtomicUsize::new(0),
            next_session: AtomicU64::new(1),
        }
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

    /// Bytes in the queues and windows of all sessions.
    pub fn queue_bytes(&self) -> usize {
        self.queue_bytes.load(Ordering::Relaxed)
    }

    /// Whether there is room for the client: it has a session, or one more may be made.
    pub fn has_room_for(&self, client_id: &str) -> bool {
        let table = self.table.lock();
        table.len() < self.limits.sessions_max || table.contains_key(client_id)
    }

    /// Lets `act` change the state of `slot`, whose lock the caller holds, and passes on what follows.
    pub(crate) fn change<R>(
        &self,
        slot: &Arc<Slot>,
        state: &mut SlotState,
        act: impl FnOnce(&mut SlotState) -> R,
    ) -> R {
        let (bytes, untold) = (state.session.bytes(), state.session.untold());
        let result = act(state);
        self.count_bytes(bytes, state.session.bytes());
        state.tell_fates();
        if let Some(journal) = &self.journal {
            journal.count(untold, state.session.untold());
            if state.has_news() && state.dues.as_mut().is_some_and(|dues| dues.note()) {
                journal.note(slot);
            }
        }
        result
    }

    pub(crate) fn count_bytes(&self, before: usize, after: usize) {
        if after > before {
            self.queue_bytes.fetch_add(after - before, Ordering::Relaxed);
        } else if after < before {
            self.queue_bytes.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    /// The promise that what was changed so far is stored.
    pub(crate) fn promise(&self, urgency: Urgency) -> Option<Stored> {
        self.journal.as_ref().map(|journal| journal.promise(urgency))
    }

    pub(crate) fn new_slot(&self, client_id: Arc<str>) -> Slot {
        let id = SessionId(self.next_session.fetch_add(1, Ordering::Relaxed));
        Slot::new(id, client_id, SlotState::new(Session::new(self.limits.session)))
    }
}
