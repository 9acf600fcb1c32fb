//! Opening a broker over what an earlier one has stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use picket_core::Clock;
use picket_ports::connections::{DisconnectReason, Disconnected};
use picket_ports::{LogError, Message, StateStore, StateStores};
use picket_session::{Delivery, Filter, Session, Window};

use crate::broker::{Broker, UNLIMITED};
use crate::journal::Journal;
use crate::limits::BrokerLimits;
use crate::records::{FilterRecord, Record, SessionRecord, Table, parse_key};
use crate::slot::{Dues, HeldFilter, SessionId, Slot, SlotState};
use crate::subscriptions::Subscription;

const PAGE: usize = 4096;
const STORE: &str = "broker";

/// Why the broker did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be opened or read.
    #[error("sessions and retained messages could not be read")]
    Store(#[from] LogError),
    /// A record is in a form that this version does not know.
    #[error(
        "record {key} of sessions and retained messages cannot be read: it was written by a newer \
         Picket, or is damaged; start that version, or remove the store `broker` to begin without \
         sessions and retained messages"
    )]
    Unreadable {
        /// The key, as a letter and hex.
        key: String,
        /// The cause.
        #[source]
        cause: postcard::Error,
    },
}

/// Everything the store has of one session.
#[derive(Default)]
struct Parts {
    record: Option<SessionRecord>,
    filters: Vec<(u64, FilterRecord)>,
    copies: Vec<(u64, Delivery)>,
    window: Window,
}

impl Broker {
    /// A broker with the sessions and retained messages of `states`, which it keeps there. Clients that
    /// were connected when an earlier process ended count as disconnected now: their wills and the ends
    /// of their sessions are due from now on. [`Broker::start`] must follow.
    pub async fn open(
        limits: BrokerLimits,
        clock: Arc<dyn Clock>,
        states: &dyn StateStores,
    ) -> Result<Arc<Self>, OpenError> {
        let started = Instant::now();
        let store = states.open_state(STORE).await?;
        let sessions = read_sessions(&*store).await?;
        let retained = read_table::<Arc<Message>>(&*store, Table::Retained).await?;
        let journal = Arc::new(Journal::new(store, limits.store_linger));
        let broker = Arc::new(Self::with_journal(limits, clock, Some(journal)));
        for ((number, _), message) in retained {
            broker.retained.write().put(number, message);
        }
        let (mut kept, mut messages) = (0, 0);
        for (number, parts) in sessions {
            messages += parts.copies.len();
            kept += usize::from(broker.restore(number, parts));
        }
        let retained = broker.retained.read().len();
        let took_ms = started.elapsed().as_millis();
        tracing::info!(sessions = kept, messages, retained, took_ms, "sessions are back");
        Ok(broker)
    }

    /// Brings a session back. False if only leftovers of it were there.
    fn restore(self: &Arc<Self>, number: u64, parts: Parts) -> bool {
        self.next_session.fetch_max(number + 1, Ordering::Relaxed);
        let Some(record) = parts.record else {
            tracing::warn!(number, "parts of a session without its record are left unread");
            return false;
        };
        let next_filter = parts.filters.iter().map(|(part, _)| part + 1).max().unwrap_or(0);
        let session = Session::restore(self.limits.session, parts.copies, parts.window);
        self.ledger.received(session.queued() as u64);
        self.count_bytes(0, session.bytes());
        let mut state = SlotState::new(session);
        let was_connected = record.disconnected.is_none();
        let now = self.clock.now();
        let ended = Disconnected { since: now, reason: DisconnectReason::ServerError };
        let disconnected = record.disconnected.unwrap_or(ended);
        state.disconnected = Some(disconnected);
        state.generation = record.generation;
        state.will = record.will;
        state.expiry_seconds = record.expiry_seconds;
        state.protocol_level = record.protocol_level;
        state.clean_session = record.clean_session;
        state.facts = record.facts;
        state.connected_since = record.connected_since;
        state.dues = Some(Box::new(Dues::of_restored(next_filter)));
        for (number, FilterRecord { filter, options }) in parts.filters {
            state.filters.insert(filter, HeldFilter { number, options });
        }
        let client_id = Arc::clone(&record.client_id);
        let slot = Arc::new(Slot::new(SessionId(number), Arc::clone(&client_id), state));
        self.subscribe_restored(&slot);
        let mut state = slot.state.lock();
        self.schedule(&slot, &mut state, disconnected.since);
        if was_connected {
            self.change(&slot, &mut state, SlotState::record_changed);
        }
        drop(state);
        self.table.lock().insert(client_id, slot);
        true
    }

    fn subscribe_restored(&self, slot: &Arc<Slot>) {
        let state = slot.state.lock();
        let mut subscriptions = self.subscriptions.write();
        for (filter, held) in &state.filters {
            if let Ok(parsed) = Filter::parse(filter, &UNLIMITED) {
                subscriptions.insert(parsed, Subscription::of(slot, &held.options));
            }
        }
    }
}

async fn read_sessions(store: &dyn StateStore) -> Result<BTreeMap<u64, Parts>, OpenError> {
    let mut sessions: BTreeMap<u64, Parts> = BTreeMap::new();
    for ((number, _), record) in read_table::<SessionRecord>(store, Table::Sessions).await? {
        sessions.entry(number).or_default().record = Some(record);
    }
    for ((number, part), filter) in read_table::<FilterRecord>(store, Table::Filters).await? {
        sessions.entry(number).or_default().filters.push((part, filter));
    }
    for ((number, part), copy) in read_table::<Delivery>(store, Table::Copies).await? {
        sessions.entry(number).or_default().copies.push((part, copy));
    }
    for ((number, _), window) in read_table::<Window>(store, Table::Windows).await? {
        sessions.entry(number).or_default().window = window;
    }
    Ok(sessions)
}

async fn read_table<R: Record>(
    store: &dyn StateStore,
    table: Table,
) -> Result<Vec<((u64, u64), R)>, OpenError> {
    let mut read = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(&table.prefix(), after.as_deref(), PAGE).await?;
        for (key, value) in &page {
            let unreadable = |cause| {
                let text: String = key.iter().skip(1).map(|byte| format!("{byte:02x}")).collect();
                OpenError::Unreadable { key: format!("{}{text}", char::from(table as u8)), cause }
            };
            let bad_key = || unreadable(postcard::Error::DeserializeBadEncoding);
            let owner = parse_key(key).ok_or_else(bad_key)?;
            read.push((owner, R::decode(value).map_err(unreadable)?));
        }
        match page.into_iter().last() {
            Some((key, _)) => after = Some(key),
            None => return Ok(read),
        }
    }
}
