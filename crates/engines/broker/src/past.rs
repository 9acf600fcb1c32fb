//! Connections that have ended and left no session, remembered for half an hour (spec iot-core §2.10).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ahash::AHashMap;
use picket_core::Timestamp;
use picket_ports::Connection;

use crate::slot::{Slot, SlotState};

const REMEMBERED: Duration = Duration::from_secs(30 * 60);
/// The oldest make room.
const REMEMBERED_MAX: usize = 50_000;

#[derive(Debug, Default)]
pub(crate) struct Past {
    by_client: AHashMap<Arc<str>, Box<Connection>>,
    /// When to forget whom. An entry may be out of date; the look decides.
    order: VecDeque<(Timestamp, Arc<str>)>,
}

impl Past {
    /// The session of a client that has left ends.
    pub(crate) fn remember(&mut self, slot: &Slot, state: &SlotState) {
        let Some(ended) = state.disconnected else { return };
        while self.order.len() >= REMEMBERED_MAX {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.by_client.remove(&oldest);
        }
        let connection = Connection { session_ends: None, ..slot.show(state) };
        self.by_client.insert(Arc::clone(&slot.client_id), Box::new(connection));
        self.order.push_back((ended.since.plus(REMEMBERED), Arc::clone(&slot.client_id)));
    }

    /// The client is back.
    pub(crate) fn forget(&mut self, client_id: &str) {
        self.by_client.remove(client_id);
    }

    pub(crate) fn get(&self, client_id: &str, now: Timestamp) -> Option<Connection> {
        let connection = self.by_client.get(client_id)?;
        let ended = connection.disconnected?;
        (now.since(ended.since) < REMEMBERED).then(|| (**connection).clone())
    }

    /// Forgets what is too old.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while self.order.front().is_some_and(|(due, _)| *due <= now) {
            let Some((due, client_id)) = self.order.pop_front() else { break };
            let ended = self.by_client.get(&client_id).and_then(|past| past.disconnected);
            if ended.is_some_and(|ended| ended.since.plus(REMEMBERED) <= due) {
                self.by_client.remove(&client_id);
            }
        }
    }
}
