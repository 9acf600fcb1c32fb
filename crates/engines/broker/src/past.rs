//! Connections that have ended and left no session, remembered for half an hour (spec iot-core §2.10).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ahash::AHashMap;
use picket_core::Timestamp;
use picket_ports::Connection;

use crate::slot::{Slot, SlotState};

const REMEMBERED: Duration = Duration::from_secs(30 * 60);
/// The oldest make room.
const REMEMBERED_MAX: usize = 50_000;

#[derive(Debug)]
struct Memory {
    until: Timestamp,
    connection: Box<Connection>,
}

/// One memory at most for each client id.
#[derive(Debug, Default)]
pub(crate) struct Past {
    by_client: AHashMap<Arc<str>, Memory>,
    /// When to forget whom.
    order: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Past {
    /// The session of a client that has left ends.
    pub(crate) fn remember(&mut self, slot: &Slot, state: &SlotState) {
        let Some(ended) = state.disconnected else { return };
        self.forget(&slot.client_id);
        while self.by_client.len() >= REMEMBERED_MAX {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.by_client.remove(&oldest);
        }
        let until = ended.since.plus(REMEMBERED);
        let connection = Box::new(Connection { session_ends: None, ..slot.show(state) });
        self.by_client.insert(Arc::clone(&slot.client_id), Memory { until, connection });
        self.order.insert((until, Arc::clone(&slot.client_id)));
    }

    /// The client is back.
    pub(crate) fn forget(&mut self, client_id: &Arc<str>) {
        if let Some(memory) = self.by_client.remove(client_id) {
            self.order.remove(&(memory.until, Arc::clone(client_id)));
        }
    }

    pub(crate) fn get(&self, client_id: &str, now: Timestamp) -> Option<Connection> {
        let memory = self.by_client.get(client_id)?;
        (now < memory.until).then(|| (*memory.connection).clone())
    }

    /// Forgets what is too old.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while self.order.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, client_id)) = self.order.pop_first() else { break };
            self.by_client.remove(&client_id);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.by_client.len(), self.order.len())
    }
}
