//! What waits for a client, and how fast it gets it.

use std::sync::Arc;
use std::time::Duration;

use picket_broker::BrokerConfig;
use picket_core::{Clock as _, Timestamp};
use picket_ports::Message;
use tokio::sync::Notify;

use crate::rig::{Rig, graceful, inbox, kept, message, qos, subscribe, wait};
use crate::store::MemoryStates;

const START: Timestamp = Timestamp::from_millis(1_000);

#[tokio::test]
async fn what_waited_comes_at_the_rate_that_is_set_and_the_client_is_woken_for_it() {
    let states = MemoryStates::new();
    let config = BrokerConfig { resume_per_second: 10, ..BrokerConfig::default() };
    let rig = Rig::open_with(&states, START, config).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    for _ in 0..5 {
        rig.publish("in").await;
    }
    let wake = Arc::new(Notify::new());
    let client = rig.broker.connect(kept("pump"), Arc::clone(&wake)).unwrap().attachment;
    let mut got = inbox(&client).len();
    while got < 5 {
        assert_eq!(inbox(&client), [""; 0], "not before its time");
        rig.clock.advance(Duration::from_millis(100));
        rig.broker.tick(rig.clock.now());
        wake.notified().await;
        assert_eq!(inbox(&client).len(), 1);
        got += 1;
    }
    assert_eq!(rig.clock.now(), START.plus(Duration::from_millis(400)));
    rig.publish("in").await;
    assert_eq!(inbox(&client).len(), 1, "what did not wait comes at once");
}

#[tokio::test]
async fn a_client_that_is_away_is_kept_what_fits_its_queue_in_number_and_bytes() {
    let states = MemoryStates::new();
    let config =
        BrokerConfig { queue_messages_max: 3, queue_bytes_max: 1_000, ..BrokerConfig::default() };
    let rig = Rig::open_with(&states, START, config).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    for length in [100, 2_000, 100, 100, 100] {
        let routed = rig.route_message(message("in", &"x".repeat(length)));
        wait(routed.stored).await;
    }
    rig.check_book(3);
    assert_eq!(rig.broker.ledger().dropped.get("queue_full"), Some(&2));
    let back = Rig::open_at(&states.copy(), START).await;
    assert_eq!(inbox(&back.connect(kept("pump")).attachment).len(), 3);
}

#[tokio::test]
async fn a_message_s_time_runs_on_through_a_restart() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    for (payload, expiry) in [("short", 30), ("long", 300)] {
        let mut message = message("in", payload);
        message.properties.expiry_seconds = Some(expiry);
        wait(rig.route_message(message).stored).await;
    }
    wait(rig.route_message(Message { qos: 0, ..message("in", "lost") }).stored).await;
    rig.stop().await;

    let rig = Rig::open_at(&states, Timestamp::from_millis(31_000)).await;
    let client = rig.connect(kept("pump")).attachment;
    assert_eq!(inbox(&client), ["Dropped(Expired)", "1:long"]);
    assert_eq!(rig.broker.ledger().dropped.get("expired"), Some(&1));
    rig.check_book(0);
    client.acknowledged(1);
    rig.stop().await;
    assert_eq!(states.keys(b'm'), 0);
}
