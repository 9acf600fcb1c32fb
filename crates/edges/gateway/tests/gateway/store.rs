//! The front door over a store of sessions that can be slow or broken, and over one from before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use picket_ports::state_store::by_hand::{CommitHand, HandledStates, MemoryStates};
use picket_ports::{LogError, StateBatch, StateStore};
use serde_json::Value;

use crate::bench::{ALLOW_ALL, Bench};
use crate::client::Client;

/// A disk that may be full.
#[derive(Debug, Default)]
struct Disk {
    is_full: AtomicBool,
}

#[async_trait]
impl CommitHand for Disk {
    async fn commit(&self, store: &dyn StateStore, batch: StateBatch) -> Result<(), LogError> {
        match self.is_full.load(Ordering::SeqCst) {
            true => Err(LogError::DiskFull { log: "broker".to_owned() }),
            false => store.commit(batch).await,
        }
    }
}

fn states() -> HandledStates<MemoryStates, Disk> {
    HandledStates { inner: MemoryStates::default(), hand: Arc::default() }
}

#[test]
fn who_cannot_be_let_in_because_of_the_disk_leaves_neither_will_nor_session() {
    let states = states();
    let bench = Bench::over(&states);
    let mut watcher = Client::plain(&bench, true);
    watcher.connect("watcher");
    watcher.subscribe(&[("will", 0)]);
    states.hand.is_full.store(true, Ordering::SeqCst);
    for (v5, told) in
        [(true, "connack ServerUnavailable false"), (false, "connack ServerUnavailable false")]
    {
        let mut late = Client::plain(&bench, v5);
        assert_eq!(late.connect_kept_with_will("late", "will"), told);
        assert_eq!(late.next(), "closed");
    }
    assert!(watcher.is_quiet(), "it was never connected");
    assert_eq!(bench.broker.session_count(), 1);
    // Those whose sessions end with their connections are let in all the same.
    assert_eq!(Client::plain(&bench, true).connect("guest"), "connack Success false");
}

/// The number in the next event of `pump`'s coming.
fn next_number(watcher: &mut Client) -> Value {
    let event = watcher.next();
    let (_, document) = event.split_once('=').unwrap_or_else(|| panic!("no event: {event}"));
    let document: Value = serde_json::from_str(document.strip_suffix(" @0").unwrap()).unwrap();
    document["versionNumber"].clone()
}

#[test]
fn the_version_numbers_of_a_session_that_is_kept_go_on_after_a_restart() {
    let states = states();
    let mut next = 0;
    for _ in 0..2 {
        let bench = Bench::over(&states);
        bench.registry.set_policy(ALLOW_ALL);
        let mut watcher = Client::secure(&bench, &bench.device(), true);
        watcher.connect("watcher");
        watcher.subscribe(&[("$aws/events/presence/connected/pump", 0)]);
        for _ in 0..3 {
            let mut pump = Client::plain(&bench, false);
            let present = next > 0;
            assert_eq!(
                pump.connect_with("pump", false, 60, Vec::new()),
                format!("connack Accepted {present}")
            );
            assert_eq!(next_number(&mut watcher), next);
            pump.subscribe(&[("in", 1)]);
            next += 1;
            pump.disconnect();
        }
    }
}
