//! A lane for each subscription: what waits for it, and the task that makes the attempts. Lanes share
//! nothing but a bound on all attempts, of which one with a dead receiver takes one place at a time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use parking_lot::Mutex;
use picket_core::Timestamp;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use crate::engine::NotifyEngine;
use crate::message::Tally;

/// Failures in a row from which on a receiver gets one attempt at a time.
const SICK: u32 = 3;
/// Longest sleep: after it the clock is read again, which may have been set.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// A delivery that waits; the earliest is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) due: Timestamp,
    pub(crate) sequence: u64,
    pub(crate) failures: u32,
}

/// All lanes.
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: Mutex<HashMap<Uuid, Arc<Lane>>>,
    /// For how many subscriptions each stored message still waits.
    held: Mutex<HashMap<u64, u32>>,
    /// Places for attempts.
    pub(crate) seats: Semaphore,
    is_open: AtomicBool,
}

/// What waits for one subscription.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) id: Uuid,
    state: Mutex<LaneState>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct LaneState {
    due: BinaryHeap<Reverse<Entry>>,
    running: usize,
    has_worker: bool,
    tally: Tally,
    /// Sequences of what is kept for inspection, oldest first.
    failed: VecDeque<u64>,
    /// Failures since the last success.
    in_a_row: u32,
    /// No attempt begins before.
    not_before: Option<Instant>,
}

/// What a lane does next.
enum Step {
    Start(Entry),
    SleepUntil(Timestamp),
    Pause(Duration),
    Wait,
    End,
}

impl Lanes {
    pub(crate) fn new(attempts_max: usize) -> Self {
        Self {
            lanes: Mutex::default(),
            held: Mutex::default(),
            seats: Semaphore::new(attempts_max),
            is_open: AtomicBool::new(false),
        }
    }

    pub(crate) fn lane(&self, id: Uuid) -> Arc<Lane> {
        let mut lanes = self.lanes.lock();
        let make = || Arc::new(Lane { id, state: Mutex::default(), wake: Notify::new() });
        lanes.entry(id).or_insert_with(make).clone()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Lane>> {
        self.lanes.lock().values().cloned().collect()
    }

    /// How many deliveries wait or are on their way.
    pub(crate) fn waiting(&self, id: Uuid) -> usize {
        self.lanes.lock().get(&id).map_or(0, |lane| lane.waiting())
    }

    /// Forgets a lane in which nothing is left.
    pub(crate) fn remove_if_empty(&self, id: Uuid) -> bool {
        let mut lanes = self.lanes.lock();
        let is_empty = lanes.get(&id).is_some_and(|lane| lane.waiting() == 0);
        if is_empty {
            lanes.remove(&id);
        }
        is_empty
    }

    /// Notes that a message waits for `count` subscriptions.
    pub(crate) fn hold(&self, sequence: u64, count: u32) {
        *self.held.lock().entry(sequence).or_default() += count;
    }

    /// Whether a message waits for one subscription only.
    pub(crate) fn is_last(&self, sequence: u64) -> bool {
        self.held.lock().get(&sequence).is_none_or(|count| *count <= 1)
    }

    /// Notes that a message waits for one subscription less; true if that was the last.
    pub(crate) fn release(&self, sequence: u64) -> bool {
        let mut held = self.held.lock();
        let Some(count) = held.get_mut(&sequence) else { return true };
        *count = count.saturating_sub(1);
        let is_over = *count == 0;
        if is_over {
            held.remove(&sequence);
        }
        is_over
    }
}

impl Lane {
    pub(crate) fn waiting(&self) -> usize {
        let state = self.state.lock();
        state.due.len() + state.running
    }

    pub(crate) fn tally(&self) -> Tally {
        self.state.lock().tally.clone()
    }

    /// What was kept from before the start.
    pub(crate) fn restore(&self, tally: Option<Tally>, failed: Option<u64>) {
        let mut state = self.state.lock();
        if let Some(tally) = tally {
            state.tally = tally;
        }
        state.failed.extend(failed);
    }

    pub(crate) fn note_full(&self) {
        let mut state = self.state.lock();
        state.tally.failed += 1;
        state.tally.last_error = Some("too many messages wait for this subscription".to_owned());
    }

    /// Books a success; gives the tally as it is then.
    pub(crate) fn succeeded(&self) -> Tally {
        let mut state = self.state.lock();
        state.in_a_row = 0;
        state.tally.delivered += 1;
        state.tally.last_error = None;
        state.tally.clone()
    }

    /// Books an attempt that failed; gives the tally as it is then.
    pub(crate) fn failed(&self, error: &str, is_given_up: bool) -> Tally {
        let mut state = self.state.lock();
        state.in_a_row = state.in_a_row.saturating_add(1);
        state.tally.failed += u64::from(is_given_up);
        state.tally.last_error = Some(error.to_owned());
        state.tally.clone()
    }

    /// Notes a message that is kept for inspection; gives those that have to go for it.
    pub(crate) fn keep(&self, sequence: u64, failed_max: usize) -> Vec<u64> {
        let mut state = self.state.lock();
        state.failed.push_back(sequence);
        let surplus = state.failed.len().saturating_sub(failed_max);
        state.failed.drain(..surplus).collect()
    }

    /// Ends an attempt; with `again`, it waits for the next one.
    pub(crate) fn ended(&self, again: Option<Entry>) {
        let mut state = self.state.lock();
        state.running = state.running.saturating_sub(1);
        state.due.extend(again.map(Reverse));
    }

    fn step(&self, now: Timestamp, running_max: usize, gap: Option<Duration>) -> Step {
        let mut state = self.state.lock();
        let running_max = if state.in_a_row >= SICK { 1 } else { running_max };
        if state.running >= running_max {
            return Step::Wait;
        }
        let Some(Reverse(next)) = state.due.peek().copied() else {
            if state.running > 0 {
                return Step::Wait;
            }
            state.has_worker = false;
            return Step::End;
        };
        if next.due > now {
            return Step::SleepUntil(next.due);
        }
        if let Some(gap) = gap {
            let present = Instant::now();
            if let Some(left) = state.not_before.and_then(|at| at.checked_duration_since(present)) {
                return Step::Pause(left);
            }
            state.not_before = Some(present + gap);
        }
        state.due.pop();
        state.running += 1;
        Step::Start(next)
    }
}

impl NotifyEngine {
    /// Lets all lanes work.
    pub(crate) fn open_lanes(self: &Arc<Self>) {
        self.lanes.is_open.store(true, Ordering::SeqCst);
        for lane in self.lanes.all() {
            self.wake(&lane);
        }
    }

    /// Adds a delivery to its lane.
    pub(crate) fn enqueue(self: &Arc<Self>, id: Uuid, entry: Entry) {
        let lane = self.lanes.lane(id);
        lane.state.lock().due.push(Reverse(entry));
        self.wake(&lane);
    }

    /// Adds a delivery before the lanes are open.
    pub(crate) fn put_back(&self, id: Uuid, entry: Entry) {
        self.lanes.lane(id).state.lock().due.push(Reverse(entry));
    }

    fn wake(self: &Arc<Self>, lane: &Arc<Lane>) {
        if !self.lanes.is_open.load(Ordering::SeqCst) {
            return;
        }
        let had_worker = {
            let mut state = lane.state.lock();
            std::mem::replace(&mut state.has_worker, true)
        };
        if had_worker {
            lane.wake.notify_one();
        } else {
            self.tasks.spawn("notify-lane", work(self.clone(), lane.clone()));
        }
    }
}

type Attempts = FuturesUnordered<BoxFuture<'static, ()>>;

async fn work(engine: Arc<NotifyEngine>, lane: Arc<Lane>) {
    let mut attempts = Attempts::new();
    let token = engine.tasks.token();
    while !token.is_cancelled() {
        let now = engine.clock.now();
        let gap = engine.gap_of(lane.id);
        let pause = match lane.step(now, engine.config.per_subscription_max, gap) {
            Step::Start(entry) => {
                attempts.push(Box::pin(engine.clone().attempt(lane.clone(), entry)));
                continue;
            }
            Step::SleepUntil(due) => due.since(now).clamp(Duration::from_millis(1), SLEEP_MAX),
            Step::Pause(pause) => pause.max(Duration::from_millis(1)),
            Step::Wait => SLEEP_MAX,
            Step::End => return,
        };
        tokio::select! {
            () = token.cancelled() => {}
            Some(()) = attempts.next(), if !attempts.is_empty() => {}
            () = lane.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    // What does not end in time is tried again after the restart.
    let draining = async { while attempts.next().await.is_some() {} };
    drop(tokio::time::timeout(engine.config.drain(), draining).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> Lane {
        Lane { id: Uuid::nil(), state: Mutex::default(), wake: Notify::new() }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_sick_receiver_gets_one_attempt_at_a_time_and_a_well_one_several() {
        let lane = lane();
        for sequence in 0..4 {
            let entry = Entry { due: at(0), sequence, failures: 0 };
            lane.state.lock().due.push(Reverse(entry));
        }
        let start = |lane: &Lane| matches!(lane.step(at(1), 2, None), Step::Start(_));
        assert!(start(&lane) && start(&lane) && !start(&lane));
        for _ in 0..3 {
            lane.failed("down", false);
        }
        lane.ended(None);
        assert!(!start(&lane));
        lane.ended(None);
        assert!(start(&lane) && !start(&lane));
        lane.succeeded();
        assert!(start(&lane));
    }

    #[test]
    fn what_failed_waits_behind_what_is_due() {
        let lane = lane();
        lane.ended(Some(Entry { due: at(50), sequence: 1, failures: 1 }));
        lane.ended(Some(Entry { due: at(10), sequence: 2, failures: 0 }));
        assert!(matches!(lane.step(at(20), 4, None), Step::Start(Entry { sequence: 2, .. })));
        assert!(matches!(lane.step(at(20), 4, None), Step::SleepUntil(due) if due == at(50)));
        assert_eq!(lane.waiting(), 2);
    }

    #[test]
    fn a_throttled_receiver_waits_between_two() {
        let lane = lane();
        for sequence in 0..2 {
            lane.ended(Some(Entry { due: at(0), sequence, failures: 0 }));
        }
        let gap = Some(Duration::from_secs(60));
        assert!(matches!(lane.step(at(1), 4, gap), Step::Start(_)));
        assert!(matches!(lane.step(at(1), 4, gap), Step::Pause(_)));
    }

    #[test]
    fn the_oldest_of_what_is_kept_goes_first() {
        let lane = lane();
        assert!(lane.keep(1, 2).is_empty() && lane.keep(2, 2).is_empty());
        assert_eq!(lane.keep(3, 2), [1]);
        assert_eq!(lane.keep(4, 0), [2, 3, 4]);
    }

    #[test]
    fn a_message_is_over_when_the_last_subscription_has_it() {
        let lanes = Lanes::new(1);
        lanes.hold(7, 2);
        assert!(!lanes.is_last(7));
        assert!(!lanes.release(7) && lanes.is_last(7) && lanes.release(7));
    }
}
