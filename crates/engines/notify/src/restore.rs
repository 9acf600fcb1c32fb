//! Taking up what was left at the last stop.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_ports::{LogError, StateBatch};
use uuid::Uuid;

use crate::engine::NotifyEngine;
use crate::lane::Entry;
use crate::message::{Tally, Waiting, unpack};
use crate::store;

/// No delivery waits longer than this; a stored time that is later was written by a clock that was wrong.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

impl NotifyEngine {
    /// Reads what waits, what is kept and the tallies, and removes messages that nothing waits for.
    pub(crate) async fn restore(&self) -> Result<(), LogError> {
        let mut last = None::<u64>;
        let mut waiting: Vec<(Uuid, u64, Waiting)> = Vec::new();
        store::each(&*self.store, b"w", |key, value| {
            let found = store::subscription_of(key).zip(store::sequence_of(key));
            if let (Some((id, sequence)), Ok(entry)) = (found, unpack::<Waiting>(value)) {
                waiting.push((id, sequence, entry));
            }
        })
        .await?;
        let mut held: HashMap<u64, u32> = HashMap::new();
        for (_, sequence, _) in &waiting {
            *held.entry(*sequence).or_default() += 1;
        }
        let mut orphans = HashSet::new();
        store::each(&*self.store, b"m", |key, _| {
            let Some(sequence) = store::sequence_of(key) else { return };
            last = last.max(Some(sequence));
            if !held.contains_key(&sequence) {
                orphans.insert(sequence);
            }
        })
        .await?;
        store::each(&*self.store, b"f", |key, _| {
            let Some(id) = store::subscription_of(key) else { return };
            let sequence = store::sequence_of(key);
            last = last.max(sequence);
            self.lanes.lane(id).restore(None, sequence);
        })
        .await?;
        store::each(&*self.store, b"t", |key, value| {
            let Some(id) = store::subscription_of(key) else { return };
            self.lanes.lane(id).restore(unpack::<Tally>(value).ok(), None);
        })
        .await?;
        self.remove_orphans(orphans).await?;
        for (sequence, count) in held {
            last = last.max(Some(sequence));
            self.lanes.hold(sequence, count);
        }
        self.sequence.store(last.map_or(0, |last| last + 1), Ordering::Relaxed);
        self.take_up(waiting);
        Ok(())
    }

    async fn remove_orphans(&self, orphans: HashSet<u64>) -> Result<(), LogError> {
        if orphans.is_empty() {
            return Ok(());
        }
        let mut batch = StateBatch::default();
        for sequence in orphans {
            batch.delete(store::message(sequence));
        }
        self.store.commit(batch).await
    }

    fn take_up(&self, waiting: Vec<(Uuid, u64, Waiting)>) {
        let latest = self.clock.now().plus(PAUSE_MAX);
        self.ledger.received(waiting.len() as u64);
        if !waiting.is_empty() {
            tracing::info!(deliveries = waiting.len(), "notifications wait from before the start");
        }
        for (id, sequence, Waiting { failures, due }) in waiting {
            self.put_back(id, Entry { due: due.min(latest), sequence, failures });
        }
    }
}
