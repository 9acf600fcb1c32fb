//! Who is told of alarms hears everything, in order, at least once, whatever fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_core::{ManualClock, Tasks};
use picket_ports::alarms::{
    AlarmListener, AlarmListenerError, AlarmNews, Verification, VerificationState,
};
use picket_ports::state_store::by_hand::{CommitHand, HandledState};
use picket_ports::{LogError, StateBatch, StateStore};

use super::{at, book, commit, event, id, store, wait_until};
use crate::alarms::AlarmBook;
use crate::violation::AlarmEvent;

/// Writes down what it is told, unless it is broken.
#[derive(Debug)]
struct Ear {
    name: &'static str,
    broken: AtomicBool,
    /// News with this in their line are not taken.
    deaf_to: Mutex<Option<&'static str>>,
    heard: Mutex<Vec<String>>,
}

impl Ear {
    fn new(name: &'static str) -> Arc<Self> {
        let (broken, deaf_to) = (AtomicBool::new(false), Mutex::default());
        Arc::new(Self { name, broken, deaf_to, heard: Mutex::default() })
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().clone()
    }

    /// The same without what was told again.
    fn heard_first(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.heard().into_iter().filter(|line| seen.insert(line.clone())).collect()
    }
}

fn line(news: &AlarmNews) -> String {
    let number = |id: &str| id.trim_start_matches('0').to_owned();
    match news {
        AlarmNews::Event { event, .. } => {
            format!("{} {:?}", number(&event.violation.violation_id), event.event)
        }
        AlarmNews::Verified { violation, verification, before } => {
            let id = number(&violation.violation_id);
            format!("{id} {before:?} {:?}", verification.state)
        }
    }
}

#[async_trait]
impl AlarmListener for Ear {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn tell(&self, news: &[AlarmNews]) -> Result<(), AlarmListenerError> {
        let lines: Vec<String> = news.iter().map(line).collect();
        let deaf_to = *self.deaf_to.lock();
        let refused = deaf_to.is_some_and(|part| lines.iter().any(|line| line.contains(part)));
        if refused || self.broken.load(Ordering::SeqCst) {
            return Err(AlarmListenerError("cannot hear".to_owned()));
        }
        self.heard.lock().extend(lines);
        Ok(())
    }
}

fn ears(ears: &[&Arc<Ear>]) -> Vec<Arc<dyn AlarmListener>> {
    ears.iter().map(|ear| (*ear).clone() as Arc<dyn AlarmListener>).collect()
}

fn found(state: VerificationState) -> Verification {
    Verification { state, at: Some(at(1)), ..Verification::default() }
}

async fn waiting(store: &dyn StateStore) -> usize {
    store.scan(b"aq", None, usize::MAX).await.unwrap().len()
}

async fn stop(tasks: Tasks) {
    assert!(tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_broken_listener_holds_up_nobody_and_hears_everything_once_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (quick, broken) = (Ear::new("quick"), Ear::new("broken"));
    broken.broken.store(true, Ordering::SeqCst);
    let listeners = ears(&[&quick, &broken]);
    let book = book(&store(dir.path()).await, &ManualClock::at(at(0)), listeners).await;
    let tasks = Tasks::new();
    book.start(&tasks);
    for n in 1..=5 {
        commit(&book, vec![event(n, "cam", 0, None), event(n, "cam", 0, Some(1))]).await.unwrap();
    }
    book.verify(&id(5), found(VerificationState::TruePositive)).await.unwrap();
    wait_until("the quick one", || quick.heard().len() == 11).await;
    assert_eq!(quick.heard()[..2], ["1 InAlarm", "1 AlarmCleared"]);
    assert_eq!(quick.heard()[10], "5 Unknown TruePositive");
    assert!(broken.heard().is_empty());
    assert_eq!(waiting(&*book.store).await, 11);
    broken.broken.store(false, Ordering::SeqCst);
    wait_until("the broken one", || broken.heard().len() == 11).await;
    assert_eq!(broken.heard(), quick.heard());
    wait_until("the account", || book.ledger().in_flight == 0).await;
    assert_eq!((book.ledger().received, book.ledger().delivered), (22, 22));
    assert_eq!(waiting(&*book.store).await, 0);
    stop(tasks).await;
}

#[tokio::test]
async fn news_that_a_listener_cannot_take_hold_up_only_what_comes_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let ear = Ear::new("ear");
    *ear.deaf_to.lock() = Some("4 InAlarm");
    let clock = ManualClock::at(at(0));
    let book = book(&store(dir.path()).await, &clock, ears(&[&ear])).await;
    commit(&book, (1..=6).map(|n| event(n, "cam", 0, None)).collect()).await.unwrap();
    let tasks = Tasks::new();
    book.start(&tasks);
    wait_until("what comes before", || ear.heard().len() == 3).await;
    // After the longest time the rest gets through.
    clock.advance(Duration::from_secs(3601));
    commit(&book, vec![event(7, "cam", 0, None)]).await.unwrap();
    wait_until("what comes after", || ear.heard().len() == 4).await;
    assert_eq!(ear.heard()[3], "7 InAlarm");
    wait_until("the account", || book.ledger().in_flight == 0).await;
    assert_eq!(book.ledger().dropped.get("too-old"), Some(&3));
    stop(tasks).await;
}

#[tokio::test]
async fn the_queue_is_bounded_and_says_what_it_gives_up() {
    let dir = tempfile::tempdir().unwrap();
    let ear = Ear::new("ear");
    let book = book(&store(dir.path()).await, &ManualClock::at(at(0)), ears(&[&ear])).await;
    commit(&book, (1..=1500).map(|n| event(n, "cam", 0, None)).collect()).await.unwrap();
    let tasks = Tasks::new();
    book.start(&tasks);
    wait_until("the newest", || ear.heard().len() == 1000).await;
    assert_eq!(ear.heard()[0], "1f5 InAlarm");
    wait_until("the account", || book.ledger().in_flight == 0).await;
    assert_eq!(book.ledger().dropped.get("queue-full"), Some(&500));
    assert_eq!(waiting(&*book.store).await, 0);
    stop(tasks).await;
}

#[tokio::test]
async fn without_listeners_nothing_is_queued() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&store(dir.path()).await, &ManualClock::at(at(0)), Vec::new()).await;
    commit(&book, vec![event(1, "cam", 0, None)]).await.unwrap();
    book.verify(&id(1), found(VerificationState::FalsePositive)).await.unwrap();
    assert_eq!((waiting(&*book.store).await, book.ledger().received), (0, 0));
}

/// A store that dies with its commit number `last`: nothing is taken after it. Whether that one itself
/// was taken, nobody is told.
#[derive(Debug)]
struct Death {
    commits: AtomicU64,
    last: u64,
    takes_last: bool,
}

#[async_trait]
impl CommitHand for Death {
    async fn commit(&self, store: &dyn StateStore, batch: StateBatch) -> Result<(), LogError> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if number < self.last || (number == self.last && self.takes_last) {
            store.commit(batch).await?;
        }
        if number < self.last {
            return Ok(());
        }
        Err(LogError::Storage { log: "detect".to_owned(), cause: "killed".to_owned() })
    }
}

/// What evaluation commits, in order.
fn script() -> Vec<Vec<AlarmEvent>> {
    vec![
        vec![event(1, "a", 0, None), event(2, "b", 0, None)],
        vec![event(1, "a", 0, Some(10))],
        vec![event(3, "a", 20, None), event(2, "b", 0, Some(20))],
    ]
}

/// Works through the script from its first commit that is not stored, as evaluation does after a kill,
/// and verifies what is verified in the middle of it. Ends at the first failure.
async fn work(book: &AlarmBook) -> Result<(), String> {
    for (place, events) in script().into_iter().enumerate() {
        let last = &events[events.len() - 1].event;
        let is_stored = book.episode(&last.violation.violation_id).await.unwrap();
        let is_stored = is_stored.is_some_and(|it| {
            it.events.iter().any(|one| one.time == last.time && one.event == last.event)
        });
        if !is_stored {
            commit(book, events).await.map_err(|error| error.to_string())?;
        }
        let is_verified = book.verifications.state(&id(1)) == VerificationState::FalsePositive;
        if place == 1 && !is_verified {
            let told = book.verify(&id(1), found(VerificationState::FalsePositive)).await;
            told.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_kill_at_any_step_loses_no_news_and_changes_no_order() {
    let expected = [
        "1 InAlarm",
        "2 InAlarm",
        "1 AlarmCleared",
        "1 Unknown FalsePositive",
        "3 InAlarm",
        "2 AlarmCleared",
    ];
    for last in 1..=14 {
        for takes_last in [false, true] {
            let (first, second) = (Ear::new("first"), Ear::new("second"));
            killed_and_started_again((last, takes_last), [&first, &second], expected.len()).await;
            for ear in [&first, &second] {
                assert_eq!(ear.heard_first(), expected, "{} {last} {takes_last}", ear.name);
            }
        }
    }
}

/// Works until the store dies, and then over what is stored until both have heard `all` news.
async fn killed_and_started_again(
    (last, takes_last): (u64, bool),
    both: [&Arc<Ear>; 2],
    all: usize,
) {
    let have_heard = || both.iter().all(|ear| ear.heard_first().len() == all);
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(at(0));
    let inner = store(dir.path()).await;
    // The store of a book that is opened for the first time is not what is tested here.
    drop(book(&inner, &clock, Vec::new()).await);
    let death = Arc::new(Death { commits: AtomicU64::new(0), last, takes_last });
    let dying: Arc<dyn StateStore> = Arc::new(HandledState { inner: inner.clone(), hand: death });
    let tasks = Tasks::new();
    let before = book(&dying, &clock, ears(&both)).await;
    before.start(&tasks);
    if work(&before).await.is_ok() {
        wait_until("both", have_heard).await;
    }
    stop(tasks).await;
    let tasks = Tasks::new();
    let after = book(&inner, &clock, ears(&both)).await;
    after.start(&tasks);
    work(&after).await.unwrap();
    wait_until("all news", have_heard).await;
    wait_until("the account", || after.ledger().in_flight == 0).await;
    assert_eq!(waiting(&*inner).await, 0, "{last} {takes_last}");
    stop(tasks).await;
}
