//! The broker as the port that looks at connections and ends them.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use picket_ports::connections::{
    ConnectionCounts, ConnectionFilter, ConnectionPage, DisconnectReason, EndConnection,
    SubscriptionEntry,
};
use picket_ports::{Connection, Connections, ConnectionsError, DirectMessageError, Message};

use crate::broker::Broker;
use crate::depart::Farewell;
use crate::journal::Urgency;
use crate::slot::{Slot, SlotState};
use crate::stored::Stored;

/// Most sessions looked at for one page, so that a filter that fits few does not hold connects up.
const LOOKS_MAX: usize = 10_000;

impl Slot {
    /// The connection as it is shown.
    pub(crate) fn show(&self, state: &SlotState) -> Connection {
        Connection {
            client_id: Arc::clone(&self.client_id),
            facts: state.facts.clone(),
            connected_since: state.connected_since,
            disconnected: state.disconnected.filter(|_| state.seat.is_none()),
            clean_session: state.clean_session,
            protocol_level: state.protocol_level,
            session_expiry_seconds: state.expiry_seconds,
            session_ends: state.session_due,
            subscriptions: state.filters.len(),
            queued: state.session.queued(),
            in_flight: state.session.in_flight(),
            queue_bytes: state.session.bytes(),
        }
    }
}

fn fits(connection: &Connection, filter: &ConnectionFilter) -> bool {
    let ConnectionFilter { connected, text, thing, principal } = filter;
    let facts = &connection.facts;
    let own_thing = facts.thing.as_deref();
    connected.is_none_or(|connected| connection.is_connected() == connected)
        && thing.as_deref().is_none_or(|thing| own_thing == Some(thing))
        && principal.as_deref().is_none_or(|principal| &*facts.principal == principal)
        && text.as_deref().is_none_or(|text| {
            connection.client_id.contains(text) || own_thing.is_some_and(|own| own.contains(text))
        })
}

impl Broker {
    pub(crate) fn slot_of(&self, client_id: &str) -> Option<Arc<Slot>> {
        self.table.lock().get(client_id).map(Arc::clone)
    }

    /// Up to [`LOOKS_MAX`] slots after `after`.
    fn slots_after(&self, after: Option<&str>) -> Vec<Arc<Slot>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let table = self.table.lock();
        let range = table.range::<str, _>((from, Bound::Unbounded));
        range.take(LOOKS_MAX).map(|(_, slot)| Arc::clone(slot)).collect()
    }

    /// Detaches the client's connection, or only its session if it has none.
    fn end(&self, client_id: &str, how: EndConnection) -> Option<Option<Stored>> {
        let mut table = self.table.lock();
        let slot = table.get(client_id).map(Arc::clone)?;
        let mut state = slot.state.lock();
        let was_stored = state.is_kept();
        let mut wills = Vec::new();
        let seat = state.seat.clone();
        if seat.is_some() {
            state.generation += 1;
            state.ended_by_api = state.generation - 1;
            let farewell = Farewell {
                with_will: !how.prevent_will,
                expiry_seconds: how.clean_session.then_some(0),
                reason: DisconnectReason::ApiInitiatedDisconnect,
            };
            wills.extend(self.unseat(&mut table, &slot, &mut state, farewell));
        } else {
            if how.prevent_will {
                self.change(&slot, &mut state, |state| {
                    state.will = None;
                    state.record_changed();
                });
            }
            if how.clean_session {
                wills.extend(self.remove(&mut table, &slot, &mut state));
            } else if let Some(left) = state.disconnected {
                self.schedule(&slot, &mut state, left.since);
            }
        }
        drop(state);
        drop(table);
        // The connection looks at its standing and closes.
        seat.inspect(|seat| seat.notify_one());
        self.publish_wills(wills);
        Some(if was_stored { self.promise(Urgency::Now) } else { None })
    }
}

#[async_trait]
impl Connections for Broker {
    async fn connection(&self, client_id: &str) -> Option<Connection> {
        let shown = self.slot_of(client_id).and_then(|slot| {
            let state = slot.state.lock();
            (!state.is_removed).then(|| slot.show(&state))
        });
        shown.or_else(|| self.past.lock().get(client_id, self.clock.now()))
    }

    async fn connections(
        &self,
        filter: &ConnectionFilter,
        after: Option<&str>,
        page_max: usize,
    ) -> ConnectionPage {
        let slots = self.slots_after(after);
        let mut page = ConnectionPage::default();
        let mut looked_at = 0;
        for slot in &slots {
            if page.connections.len() >= page_max {
                break;
            }
            looked_at += 1;
            let connection = slot.show(&slot.state.lock());
            if fits(&connection, filter) {
                page.connections.push(connection);
            }
        }
        let may_be_more = looked_at < slots.len() || slots.len() == LOOKS_MAX;
        let last = slots.get(looked_at.saturating_sub(1)).filter(|_| may_be_more);
        page.next = last.map(|slot| slot.client_id.as_ref().to_owned());
        page
    }

    async fn connection_counts(&self) -> ConnectionCounts {
        let stats = self.stats();
        ConnectionCounts { connected: stats.connected, kept: stats.kept }
    }

    async fn subscriptions(&self, client_id: &str) -> Option<Vec<SubscriptionEntry>> {
        let slot = self.slot_of(client_id)?;
        let state = slot.state.lock();
        let entries = state.filters.iter().map(|(filter, held)| SubscriptionEntry {
            filter: Arc::from(&**filter),
            qos: held.options.qos,
        });
        Some(entries.collect())
    }

    async fn end_connection(
        &self,
        client_id: &str,
        how: EndConnection,
    ) -> Result<(), ConnectionsError> {
        let ended = self.end(client_id, how);
        let Some(stored) = ended else {
            return Err(ConnectionsError::NoSuchClient { client_id: client_id.to_owned() });
        };
        match stored {
            Some(stored) if stored.wait().await.is_err() => {
                Err(ConnectionsError::NotStored { client_id: client_id.to_owned() })
            }
            _ => Ok(()),
        }
    }

    async fn send_direct(
        &self,
        client_id: &str,
        message: Message,
        patience: Duration,
    ) -> Result<(), DirectMessageError> {
        self.send_to_one(client_id, message, patience).await
    }
}
