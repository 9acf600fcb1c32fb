//! A client's place in the broker: its session, its subscriptions and its present connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use picket_core::{Ledger, Timestamp};
use picket_ports::connections::{ConnectionFacts, Disconnected};
use picket_session::{Effect, Fate, Session};
use tokio::sync::{Notify, oneshot};

use crate::attachment::SubscribeOptions;
use crate::broker::Will;
use crate::group::SlotChanges;
use crate::records::{FilterRecord, SessionRecord};

/// A session's number, unique for ever: stored sessions keep theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: SessionId,
    pub(crate) client_id: Arc<str>,
    online: AtomicBool,
    pub(crate) state: Mutex<SlotState>,
}

/// A subscription as its session holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldFilter {
    /// Its number in the store.
    pub(crate) number: u64,
    pub(crate) options: SubscribeOptions,
}

#[derive(Debug)]
pub(crate) struct SlotState {
    pub(crate) session: Session,
    /// Counts connections; only the newest may act.
    pub(crate) generation: u64,
    /// Wakes the present connection.
    pub(crate) seat: Option<Arc<Notify>>,
    pub(crate) will: Option<Will>,
    /// By filter as sent.
    pub(crate) filters: BTreeMap<Box<str>, HeldFilter>,
    /// How long the session outlives its connection, in seconds; `u32::MAX` is for ever.
    pub(crate) expiry_seconds: u32,
    /// 4 or 5; a session is not resumed under the other version.
    pub(crate) protocol_level: u8,
    /// Whether the last CONNECT asked for a new session.
    pub(crate) clean_session: bool,
    pub(crate) facts: ConnectionFacts,
    pub(crate) connected_since: Timestamp,
    pub(crate) disconnected: Option<Disconnected>,
    /// The connections up to this generation were ended from outside.
    pub(crate) ended_by_api: u64,
    pub(crate) will_due: Option<Timestamp>,
    pub(crate) session_due: Option<Timestamp>,
    /// The diary's note of the next look.
    pub(crate) noted: Option<Timestamp>,
    /// Out of the table: nobody may use it any more.
    pub(crate) is_removed: bool,
    /// Who waits for what becomes of which message.
    pub(crate) receipts: Vec<(u64, oneshot::Sender<Fate>)>,
    /// Absent as long as the session was never to be stored.
    pub(crate) dues: Option<Box<Dues>>,
}

/// What the store has of a session, and what it has yet to learn.
#[derive(Debug, Default)]
pub(crate) struct Dues {
    /// Whether the session is to be stored now.
    pub(crate) is_kept: bool,
    /// Whether the journal has the slot in its list.
    is_noted: bool,
    is_stored: bool,
    record_changed: bool,
    /// By number: the filter's text, or `None` for a subscription that has ended.
    filters: BTreeMap<u64, Option<Box<str>>>,
    next_filter: u64,
}

impl Dues {
    /// Of a session that has come back from the store.
    pub(crate) fn of_restored(next_filter: u64) -> Self {
        Self { is_kept: true, is_stored: true, next_filter, ..Self::default() }
    }

    /// True the first time since the changes were taken.
    pub(crate) fn note(&mut self) -> bool {
        !std::mem::replace(&mut self.is_noted, true)
    }

    fn has_news(&self) -> bool {
        self.record_changed || !self.filters.is_empty() || self.is_kept != self.is_stored
    }
}

impl SlotState {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            generation: 0,
            seat: None,
            will: None,
            filters: BTreeMap::new(),
            expiry_seconds: 0,
            protocol_level: 0,
            clean_session: false,
            facts: ConnectionFacts::default(),
            connected_since: Timestamp::default(),
            disconnected: None,
            ended_by_api: 0,
            will_due: None,
            session_due: None,
            noted: None,
            is_removed: false,
            receipts: Vec::new(),
            dues: None,
        }
    }

    /// Tells those who wait what has become of their messages.
    pub(crate) fn tell_fates(&mut self) {
        if self.receipts.is_empty() {
            return;
        }
        for (number, fate) in self.session.take_fates() {
            if let Some(at) = self.receipts.iter().position(|(waits, _)| *waits == number) {
                let (_, receipt) = self.receipts.swap_remove(at);
                // Nobody listens any more if the caller has gone.
                let _heard = receipt.send(fate);
            }
        }
    }

    /// Whether what happens to the session has to be stored.
    pub(crate) fn is_kept(&self) -> bool {
        self.dues.as_ref().is_some_and(|dues| dues.is_kept)
    }

    /// Whether there is something to tell the store.
    pub(crate) fn has_news(&self) -> bool {
        self.dues.as_ref().is_some_and(|dues| dues.has_news() || self.session.has_news())
    }

    /// The session's record has to be written again.
    pub(crate) fn record_changed(&mut self) {
        if let Some(dues) = self.dues.as_mut().filter(|dues| dues.is_kept) {
            dues.record_changed = true;
        }
    }

    /// Starts or stops to store the session. What was stored and is no longer to be is taken back.
    pub(crate) fn keep(&mut self, on: bool) {
        if !on && self.dues.is_none() {
            return;
        }
        self.session.keep(on);
        let dues = self.dues.get_or_insert_default();
        if dues.is_kept && !on {
            dues.filters.extend(self.filters.values().map(|held| (held.number, None)));
        }
        dues.is_kept = on;
        dues.record_changed |= on;
    }

    /// Adds or replaces a subscription. True if it is new.
    pub(crate) fn hold(&mut self, filter: &str, options: SubscribeOptions) -> bool {
        let known = self.filters.get(filter).map(|held| held.number);
        let number = match &mut self.dues {
            Some(dues) => {
                let number = known.unwrap_or(dues.next_filter);
                dues.next_filter = dues.next_filter.max(number + 1);
                if dues.is_kept {
                    dues.filters.insert(number, Some(filter.into()));
                }
                number
            }
            None => 0,
        };
        self.filters.insert(filter.into(), HeldFilter { number, options });
        known.is_none()
    }

    /// Ends a subscription. False if there was none.
    pub(crate) fn let_go(&mut self, filter: &str) -> bool {
        let Some(held) = self.filters.remove(filter) else { return false };
        if let Some(dues) = self.dues.as_mut().filter(|dues| dues.is_kept) {
            dues.filters.insert(held.number, None);
        }
        true
    }

    fn record(&self, client_id: &Arc<str>) -> SessionRecord {
        SessionRecord {
            client_id: Arc::clone(client_id),
            protocol_level: self.protocol_level,
            clean_session: self.clean_session,
            expiry_seconds: self.expiry_seconds,
            generation: self.generation,
            connected_since: self.connected_since,
            disconnected: self.disconnected,
            will: self.will.clone(),
            facts: self.facts.clone(),
        }
    }
}

impl Slot {
    pub(crate) fn new(id: SessionId, client_id: Arc<str>, state: SlotState) -> Self {
        Self { id, client_id, online: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// Returns whether that changes anything.
    pub(crate) fn set_online(&self, online: bool) -> bool {
        self.online.swap(online, Ordering::Relaxed) != online
    }

    /// What the store has yet to learn, and how many messages that tells of.
    pub(crate) fn take_changes(&self) -> Option<(SlotChanges, usize)> {
        let mut state = self.state.lock();
        let told = state.session.untold();
        let messages = state.session.changes();
        let dues = state.dues.as_ref()?;
        let has_record = dues.is_kept && (dues.record_changed || !dues.is_stored);
        let loses_record = !dues.is_kept && dues.is_stored;
        let record = match has_record {
            true => Some(Some(Box::new(state.record(&self.client_id)))),
            false => loses_record.then_some(None),
        };
        let SlotState { dues, filters: held, .. } = &mut *state;
        let dues = dues.as_mut()?;
        dues.is_noted = false;
        dues.record_changed = false;
        dues.is_stored = dues.is_kept;
        let filters = std::mem::take(&mut dues.filters).into_iter().map(|(number, filter)| {
            let record = filter.and_then(|filter| {
                let options = held.get(&filter)?.options;
                Some(FilterRecord { filter, options })
            });
            (number, record)
        });
        let changes =
            SlotChanges { number: self.id.0, record, filters: filters.collect(), messages };
        Some((changes, told))
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
