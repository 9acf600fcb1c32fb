//! What is promised, and what it costs the store.

use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_broker::{BrokerConfig, NotStored};
use picket_core::Timestamp;
use picket_ports::{Message, Publish as _, PublishError, RetainedMessages as _};

use crate::rig::{Rig, graceful, inbox, kept, message, qos, request, subscribe, wait};
use crate::store::MemoryStates;

/// A message is stored only if it is not acknowledged within a long time.
fn patient() -> BrokerConfig {
    BrokerConfig { store_linger_ms: 1000, ..BrokerConfig::default() }
}

const START: Timestamp = Timestamp::from_millis(1_000);

#[tokio::test]
async fn a_message_that_a_connected_client_acknowledges_in_time_is_never_written() {
    let states = MemoryStates::new();
    let rig = Rig::open_with(&states, START, patient()).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    let started = tokio::time::Instant::now();
    for _ in 0..50 {
        let routed = rig.route("in");
        assert_eq!(inbox(&client).len(), 1);
        let id = u16::try_from(rig.broker.ledger().delivered).unwrap();
        client.acknowledged(id);
        wait(routed.stored).await;
    }
    assert_eq!(states.written(b'm'), 0);
    // The acknowledgement ended the wait, not the time.
    assert!(started.elapsed() < Duration::from_millis(1000));
}

#[tokio::test]
async fn a_message_that_is_not_acknowledged_in_time_is_written_before_the_promise_is_kept() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    rig.publish("in").await;
    assert_eq!((states.keys(b'm'), states.written(b'm')), (1, 1));
    inbox(&client);
    client.acknowledged(1);
    wait(client.stored()).await;
    assert_eq!(states.keys(b'm'), 0);
}

#[tokio::test]
async fn what_waits_for_the_store_while_it_is_busy_goes_in_one_commit() {
    let states = MemoryStates::gated();
    let limits = BrokerConfig::default();
    states.let_commits_pass(2);
    let rig = Rig::open_with(&states, START, limits).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    let first = rig.route("in").stored.unwrap();
    let before = states.disk.attempts.load(Ordering::SeqCst);
    assert_eq!(before, 2);
    // The first is with the store by now, or will be with the others.
    tokio::task::yield_now().await;
    let others: Vec<_> = (0..1000).map(|_| rig.route("in").stored.unwrap()).collect();
    let mut early = std::pin::pin!(first.wait());
    assert!(futures::poll!(early.as_mut()).is_pending());
    states.let_commits_pass(2);
    assert_eq!(early.await, Ok(()));
    for other in others {
        assert_eq!(other.wait().await, Ok(()));
    }
    assert!(states.disk.attempts.load(Ordering::SeqCst) <= before + 2);
    assert_eq!(states.keys(b'm'), 1001);
}

#[tokio::test]
async fn a_store_that_fails_is_refused_to_publishers_and_comes_back_without_a_loss() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    let present = rig.connect(request("present")).attachment;
    present.subscribe("in", qos(1));
    rig.publish("in").await;
    inbox(&present);

    states.disk.is_broken.store(true, Ordering::SeqCst);
    assert!(!rig.broker.stats().is_refusing);
    assert_eq!(rig.route("in").stored.unwrap().wait().await, Err(NotStored));
    // From now on nothing is taken that would have to be stored, and the rest goes on.
    let error = rig.broker.publish(message("in", "x")).await.unwrap_err();
    assert!(matches!(error, PublishError::NotStored { .. }));
    let retained = Message { retain: true, ..message("r", "x") };
    assert_eq!(rig.route_message(retained).stored.unwrap().wait().await, Err(NotStored));
    assert_eq!(rig.broker.retained_count().await, 0);
    assert_eq!(inbox(&present).len(), 2);
    let connected = rig.connect(kept("late"));
    assert_eq!(connected.stored.unwrap().wait().await, Err(NotStored));
    assert_eq!(rig.broker.ledger().dropped.get("not_stored"), Some(&2));

    let stats = rig.broker.stats();
    assert!(stats.is_refusing);
    assert_eq!((stats.connected, stats.kept, stats.retained), (2, 1, 0));
    states.disk.is_broken.store(false, Ordering::SeqCst);
    let mut tries = 0;
    while rig.route("in").stored.unwrap().wait().await.is_err() {
        tries += 1;
        assert!(tries < 1000);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!rig.broker.stats().is_refusing);
    // One before, the one whose promise was broken and that was written later, one after.
    let back = Rig::open(&states.copy()).await;
    assert_eq!(inbox(&back.connect(kept("pump")).attachment).len(), 3);
}

#[tokio::test]
async fn a_promise_after_the_end_is_broken_at_once() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    let broker = std::sync::Arc::clone(&rig.broker);
    rig.stop().await;
    let error = broker.publish(message("in", "x")).await.unwrap_err();
    assert!(matches!(error, PublishError::NotStored { .. }));
}

#[tokio::test]
async fn the_queues_of_all_clients_together_are_bounded() {
    let states = MemoryStates::new();
    let config = BrokerConfig { queues_bytes_max: 1000, ..BrokerConfig::default() };
    let rig = Rig::open_with(&states, START, config).await;
    for client_id in ["a", "b", "c"] {
        let client = rig.kept(client_id).await;
        subscribe(&client, "in", qos(1)).await;
        graceful(client);
    }
    for _ in 0..10 {
        wait(rig.route("in").stored).await;
    }
    assert!(rig.broker.queue_bytes() <= 1000);
    let book = rig.broker.ledger();
    assert_eq!(book.in_flight + book.dropped["all_queues_full"], 30);
    for client_id in ["a", "b", "c"] {
        let client = rig.connect(kept(client_id)).attachment;
        for id in 1..=u16::try_from(inbox(&client).len()).unwrap() {
            client.acknowledged(id);
        }
    }
    assert_eq!(rig.broker.queue_bytes(), 0);
    rig.check_book(0);
}

#[tokio::test]
async fn a_retained_message_that_does_not_fit_leaves_the_one_there_was() {
    let states = MemoryStates::new();
    let config = BrokerConfig { retained_bytes_max: 20, ..BrokerConfig::default() };
    let rig = Rig::open_with(&states, START, config).await;
    rig.retain("topic", "0123456789").await;
    let larger = Message { retain: true, ..message("topic", "0123456789abcdef") };
    assert!(rig.route_message(larger).retained_full);
    let kept = rig.broker.retained("topic").await.unwrap();
    assert_eq!(&*kept.payload, b"0123456789");
    assert_eq!(rig.broker.ledger().dropped.get("retained_full"), Some(&1));
}
