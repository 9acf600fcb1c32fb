//! What happens later: delayed wills, session ends, and wills on their way to the tap.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use picket_core::{Tasks, Timestamp};
use picket_ports::Message;
use tokio::sync::Notify;

use crate::broker::Broker;
use crate::slot::{SessionId, Slot, SlotState};

/// Retained messages that expired are looked for this often; also the longest sleep.
const ROUND: Duration = Duration::from_secs(60);
const TAP_QUEUE_MAX: usize = 10_000;

/// When which session needs a look: one note at most for each, however often its client comes and goes.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    notes: Mutex<BTreeMap<(Timestamp, SessionId), Arc<str>>>,
    for_tap: Mutex<VecDeque<Arc<Message>>>,
    changed: Notify,
}

impl Diary {
    /// `slot` needs its next look at `due`, or none. The caller holds its state.
    pub(crate) fn note(&self, slot: &Slot, state: &mut SlotState, due: Option<Timestamp>) {
        if state.noted == due {
            return;
        }
        let mut notes = self.notes.lock();
        if let Some(old) = state.noted {
            notes.remove(&(old, slot.id));
        }
        state.noted = due;
        if let Some(due) = due {
            notes.insert((due, slot.id), Arc::clone(&slot.client_id));
            self.changed.notify_one();
        }
    }

    /// Takes the note of the next session that is due. It may be out of date; the look decides.
    pub(crate) fn take_due(&self, now: Timestamp) -> Option<(Timestamp, SessionId, Arc<str>)> {
        let mut notes = self.notes.lock();
        let first = notes.first_entry().filter(|first| first.key().0 <= now)?;
        let ((due, id), client_id) = first.remove_entry();
        Some((due, id, client_id))
    }

    #[cfg(test)]
    pub(crate) fn notes(&self) -> usize {
        self.notes.lock().len()
    }

    /// Leaves a will for the tap, which can only be called from a task. False if too many wait.
    pub(crate) fn leave_for_tap(&self, message: Arc<Message>) -> bool {
        let mut waiting = self.for_tap.lock();
        let has_room = waiting.len() < TAP_QUEUE_MAX;
        if has_room {
            waiting.push_back(message);
            self.changed.notify_one();
        }
        has_room
    }

    fn sleep(&self, now: Timestamp) -> Duration {
        let notes = self.notes.lock();
        notes.first_key_value().map_or(ROUND, |((due, _), _)| due.since(now)).min(ROUND)
    }
}

impl Broker {
    /// Starts the tasks that publish delayed wills, end sessions in time, and store what is to be
    /// stored. Told to stop, they store the rest; whoever publishes must have stopped before.
    pub fn start(self: &Arc<Self>, tasks: &Tasks) {
        if let Some(journal) = self.journal.clone() {
            let stop = tasks.token();
            tasks.spawn("broker journal", async move { journal.run(stop).await });
        }
        let broker = Arc::clone(self);
        let stop = tasks.token();
        tasks.spawn("broker housekeeping", async move {
            let mut last_round = broker.clock.now();
            loop {
                let now = broker.clock.now();
                broker.tick(now);
                if now.since(last_round) >= ROUND {
                    broker.retained.write().expire(now, broker.journal.as_deref());
                    broker.listeners.sweep();
                    last_round = now;
                }
                broker.serve_tap().await;
                // At least a millisecond, so that a rounded time cannot spin.
                let pause = broker.diary.sleep(broker.clock.now()).max(Duration::from_millis(1));
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = broker.diary.changed.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }

    async fn serve_tap(&self) {
        loop {
            let next = self.diary.for_tap.lock().pop_front();
            let Some(message) = next else { return };
            let Some(tap) = self.tap_for(&message.topic) else { continue };
            if let Err(error) = tap.accept(Arc::clone(&message)).await {
                tracing::warn!(topic = %message.topic, %error, "a rule on a will failed");
            }
        }
    }
}
