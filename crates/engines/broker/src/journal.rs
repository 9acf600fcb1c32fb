//! What waits to be stored, and the task that stores it: group commit for all sessions and retained
//! messages.
//!
//! Nothing is queued here but the names of what has changed; the changes are read off when the store is
//! ready for them. So a message that is acknowledged, or a retained message that is replaced, before its
//! turn costs nothing, and what waits is bounded by what sessions and retained messages may hold.
//!
//! When the store is slow, publishers wait: their acknowledgements follow the commit, and a client has a
//! bounded number of publishes without one. When it fails, publishers are told so, and what would have
//! to be stored is refused until the store works again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_ports::{LogError, Message, StateStore};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::group::Group;
use crate::slot::Slot;
use crate::stored::{Generation, NotStored, Stored};

/// Changes nobody waits for are stored after this time.
const LAZY_PAUSE: Duration = Duration::from_millis(100);
/// The first pause after a failure; it doubles up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(3600);

/// How soon a change has to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Nobody waits for it.
    Lazy,
    /// A publisher waits, but the receivers are connected and may acknowledge before it is needed.
    Soon,
    /// Somebody waits, and nothing else can end that.
    Now,
}

#[derive(Debug, Default)]
struct Waiting {
    slots: Vec<Arc<Slot>>,
    retained: AHashMap<u64, Option<Arc<Message>>>,
    generation: Arc<Generation>,
    due: Option<(Urgency, Instant)>,
}

/// The way to the store.
#[derive(Debug)]
pub(crate) struct Journal {
    store: Arc<dyn StateStore>,
    linger: Duration,
    waiting: Mutex<Waiting>,
    changed: Notify,
    /// Copies of messages that have to be stored, are not, and have not been acknowledged.
    untold: AtomicUsize,
    is_failing: AtomicBool,
}

impl Journal {
    pub(crate) fn new(store: Arc<dyn StateStore>, linger: Duration) -> Self {
        Self {
            store,
            linger,
            waiting: Mutex::default(),
            changed: Notify::new(),
            untold: AtomicUsize::new(0),
            is_failing: AtomicBool::new(false),
        }
    }

    /// Whether what has to be stored is refused at the moment.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// `slot` has changed. It marks itself, so as to be here once only.
    pub(crate) fn note(&self, slot: &Arc<Slot>) {
        let mut waiting = self.waiting.lock();
        waiting.slots.push(Arc::clone(slot));
        self.raise(&mut waiting, Urgency::Lazy);
    }

    /// The retained message of this number is now `message`.
    pub(crate) fn note_retained(&self, number: u64, message: Option<Arc<Message>>) {
        let mut waiting = self.waiting.lock();
        waiting.retained.insert(number, message);
        self.raise(&mut waiting, Urgency::Lazy);
    }

    /// The number of untold messages of a session went from `before` to `after`.
    pub(crate) fn count(&self, before: usize, after: usize) {
        if after > before {
            self.untold.fetch_add(after - before, Ordering::Relaxed);
        } else if after < before {
            let gone = before - after;
            // The publishers of these messages need not wait any longer.
            if self.untold.fetch_sub(gone, Ordering::Relaxed) == gone {
                self.changed.notify_one();
            }
        }
    }

    /// The promise that everything noted so far is stored.
    pub(crate) fn promise(&self, urgency: Urgency) -> Stored {
        let mut waiting = self.waiting.lock();
        // Inside the lock: a generation taken after this look is answered by whoever sets the flag.
        if self.is_failing() {
            return Stored::never();
        }
        self.raise(&mut waiting, urgency);
        Stored::with(&waiting.generation)
    }

    fn raise(&self, waiting: &mut Waiting, urgency: Urgency) {
        if waiting.due.is_none_or(|(present, _)| urgency > present) {
            let pause = match urgency {
                Urgency::Lazy => LAZY_PAUSE,
                Urgency::Soon => self.linger,
                Urgency::Now => Duration::ZERO,
            };
            let at = Instant::now() + pause;
            let at = waiting.due.map_or(at, |(_, earlier)| at.min(earlier));
            waiting.due = Some((urgency, at));
            self.changed.notify_one();
        }
    }

    /// When the next group is due.
    fn due(&self) -> Option<Instant> {
        let (urgency, at) = self.waiting.lock().due?;
        let is_idle = urgency == Urgency::Soon && self.untold.load(Ordering::Relaxed) == 0;
        Some(if is_idle { Instant::now() } else { at })
    }

    /// Stores what is due until `stop`, and then the rest.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let due = self.due();
            if due.is_some_and(|due| due <= Instant::now()) {
                self.flush(&stop).await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(due.unwrap_or_else(|| Instant::now() + IDLE)) => {}
            }
        }
        while self.waiting.lock().due.is_some() && !self.is_failing() {
            self.flush(&stop).await;
        }
        // From now on nobody would keep a promise.
        self.is_failing.store(true, Ordering::Relaxed);
        self.fail_waiting();
    }

    async fn flush(&self, stop: &CancellationToken) {
        let Waiting { slots, retained, generation, due: _ } =
            std::mem::take(&mut *self.waiting.lock());
        let mut group = Group::default();
        for slot in slots {
            let told = group.add_slot(&slot);
            self.untold.fetch_sub(told, Ordering::Relaxed);
        }
        group.add_retained(retained);
        while let Some((batch, end)) = group.next_batch() {
            if let Err(error) = self.store.commit(batch).await {
                generation.settle(Err(NotStored));
                if !self.retry(&group, &error, stop).await {
                    return;
                }
            }
            group.done(end);
        }
        generation.settle(Ok(()));
    }

    /// Tries the next batch of `group` again until it is stored. False if the server stops before.
    async fn retry(&self, group: &Group, error: &LogError, stop: &CancellationToken) -> bool {
        tracing::error!(%error, "sessions and retained messages cannot be stored; what would have to be is refused");
        self.is_failing.store(true, Ordering::Relaxed);
        let mut pause = RETRY_MIN;
        loop {
            self.fail_waiting();
            tokio::select! {
                () = stop.cancelled() => {
                    tracing::error!("changes of sessions and retained messages are lost");
                    return false;
                }
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(RETRY_MAX);
            let Some((batch, _)) = group.next_batch() else { break };
            match self.store.commit(batch).await {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "they still cannot be stored"),
            }
        }
        self.is_failing.store(false, Ordering::Relaxed);
        tracing::info!("sessions and retained messages are stored again");
        true
    }

    /// Answers everyone who waits for a group that is not written.
    fn fail_waiting(&self) {
        let failed = std::mem::take(&mut self.waiting.lock().generation);
        failed.settle(Err(NotStored));
    }
}
