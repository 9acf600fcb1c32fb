//! A client comes: its session is made, taken up or taken over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use picket_ports::ConnectionFacts;
use picket_ports::connections::{DisconnectReason, Disconnected};
use picket_session::{DropReason, Filter, Input};
use tokio::sync::Notify;

use crate::attachment::Attachment;
use crate::broker::{Broker, Table, UNLIMITED, Will};
use crate::journal::Urgency;
use crate::slot::{Slot, SlotState, book};
use crate::stored::Stored;

/// What a CONNECT asks for, checked by the gateway.
#[derive(Debug)]
pub struct SessionRequest {
    /// The client id; the session's name.
    pub client_id: Arc<str>,
    /// Whether an older session is thrown away.
    pub clean_start: bool,
    /// How long the session outlives the connection, in seconds; `u32::MAX` is for ever. A session that
    /// does is stored.
    pub expiry_seconds: u32,
    /// Most unacknowledged messages the client takes.
    pub receive_maximum: u16,
    /// The connection's number is no lower; see [`Attachment::connection_number`].
    pub connection_number_min: u64,
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
    /// The connection's hold on its session. What an earlier connection has sent and the client has not
    /// acknowledged is the first that [`Attachment::fill`] hands out.
    pub attachment: Attachment,
    /// Whether an older session goes on.
    pub session_present: bool,
    /// Packet ids of QoS 2 publishes that await PUBREL.
    pub incoming: BTreeSet<u16>,
    /// Absent if nothing had to be stored. Else CONNACK follows it: a client that was told of a new
    /// session must not find the old one after a crash.
    pub stored: Option<Stored>,
}

impl Broker {
    /// Takes a client in. An older connection of the same client id ends, and its will is published.
    /// `wake` is notified when the attachment has something to say. `None` if there are too many
    /// sessions.
    pub fn connect(
        self: &Arc<Self>,
        request: SessionRequest,
        wake: Arc<Notify>,
    ) -> Option<Connected> {
        let mut wills = Vec::new();
        // Its state is taken before the table is let go of: a session that ends in between is no seat.
        let mut table = self.table.lock();
        let slot = self.slot_for(&mut table, &request.client_id)?;
        let mut state = slot.state.lock();
        drop(table);
        let was_stored = state.is_kept();
        let session_present = self.make_way(&slot, &mut state, &request, &mut wills);
        self.seat(&slot, &mut state, request, wake);
        let has_to_wait = was_stored != state.is_kept() || (was_stored && !session_present);
        let stored = if has_to_wait { self.promise(Urgency::Now) } else { None };
        let (generation, incoming) = (state.generation, state.session.incoming().clone());
        if slot.set_online(true) {
            self.online.fetch_add(1, Ordering::Relaxed);
        }
        drop(state);
        self.past.lock().forget(&slot.client_id);
        self.publish_wills(wills);
        let attachment = Attachment::new(Arc::clone(self), slot, generation);
        Some(Connected { attachment, session_present, incoming, stored })
    }

    fn slot_for(&self, table: &mut Table, client_id: &Arc<str>) -> Option<Arc<Slot>> {
        if let Some(slot) = table.get(client_id) {
            return Some(Arc::clone(slot));
        }
        if table.len() >= self.limits.sessions_max {
            return None;
        }
        let slot = Arc::new(self.new_slot(Arc::clone(client_id)));
        table.insert(Arc::clone(client_id), Arc::clone(&slot));
        Some(slot)
    }

    fn seat(
        &self,
        slot: &Arc<Slot>,
        state: &mut SlotState,
        request: SessionRequest,
        wake: Arc<Notify>,
    ) {
        let now = self.clock.now();
        state.seat = Some(wake);
        state.expiry_seconds = request.expiry_seconds;
        state.protocol_level = request.protocol_level;
        state.clean_session = request.clean_start;
        state.will = request.will;
        state.facts = request.facts;
        state.connected_since = now;
        state.disconnected = None;
        let is_kept = self.journal.is_some() && request.expiry_seconds > 0;
        let attached = Input::Attached { receive_maximum: request.receive_maximum };
        self.change(slot, state, |state| {
            state.keep(is_kept);
            // Attaching drops and sends nothing.
            state.session.step(now, attached, &mut Vec::new());
        });
    }

    /// Ends what was before the new connection. Returns whether the session goes on.
    fn make_way(
        &self,
        slot: &Arc<Slot>,
        state: &mut SlotState,
        request: &SessionRequest,
        wills: &mut Vec<Will>,
    ) -> bool {
        let is_known = state.generation > 0;
        state.generation = (state.generation + 1).max(request.connection_number_min);
        let was_connected = state.seat.take().map(|seat| seat.notify_one()).is_some();
        if was_connected {
            let reason = DisconnectReason::DuplicateClientid;
            state.disconnected = Some(Disconnected { since: self.clock.now(), reason });
        }
        let goes_on = is_known
            && !request.clean_start
            && state.expiry_seconds > 0
            && state.protocol_level == request.protocol_level;
        // A will that waits is not sent if the session goes on in time.
        let old_will = state.will.take();
        wills
            .extend(old_will.filter(|will| !goes_on || (was_connected && will.delay_seconds == 0)));
        state.will_due = None;
        state.session_due = None;
        self.diary.note(slot, state, None);
        if goes_on {
            let mut dropped = Vec::new();
            let now = self.clock.now();
            self.change(slot, state, |state| {
                state.session.step(now, Input::Detached, &mut dropped)
            });
            book(&dropped, &self.ledger);
        } else {
            self.empty(slot, state);
        }
        goes_on
    }

    /// Forgets everything the session holds, in the store too.
    pub(crate) fn empty(&self, slot: &Arc<Slot>, state: &mut SlotState) {
        let mut subscriptions = self.subscriptions.write();
        for filter in state.filters.keys() {
            if let Ok(filter) = Filter::parse(filter, &UNLIMITED) {
                subscriptions.remove(filter, slot.id);
            }
        }
        drop(subscriptions);
        let waiting = state.session.queued();
        if waiting > 0 {
            self.ledger.dropped(DropReason::SessionEnded.as_str(), waiting as u64);
        }
        self.change(slot, state, |state| {
            state.keep(false);
            state.filters.clear();
            state.session.clear();
        });
    }
}
