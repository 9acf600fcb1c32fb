//! What a restart brings back.

use picket_broker::{BrokerConfig, Departure, SessionRequest};
use picket_core::Timestamp;
use picket_fjall::FjallStore;
use picket_ports::connections::DisconnectReason;
use picket_ports::{Connections as _, Message, RetainedMessages as _};

use crate::rig::{Rig, graceful, inbox, kept, message, qos, request, subscribe, wait, will};
use crate::store::MemoryStates;

#[tokio::test]
async fn a_session_comes_back_with_its_subscriptions_queue_and_unacknowledged_messages() {
    let directory = tempfile::tempdir().unwrap();
    let states = FjallStore::open(directory.path()).unwrap();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in/+", qos(1)).await;
    for topic in ["in/a", "in/b", "in/c"] {
        rig.publish(topic).await;
    }
    assert_eq!(inbox(&client), ["1:in/a", "2:in/b", "3:in/c"]);
    client.acknowledged(2);
    graceful(client);
    rig.publish("in/d").await;
    rig.stop().await;
    drop(states);

    let states = FjallStore::open(directory.path()).unwrap();
    let rig = Rig::open(&states).await;
    rig.check_book(1);
    let back = rig.connect(kept("pump"));
    assert!(back.session_present && back.stored.is_none());
    assert_eq!(inbox(&back.attachment), ["1:in/a!", "3:in/c!", "4:in/d"]);
    rig.publish("in/e").await;
    assert_eq!(inbox(&back.attachment), ["5:in/e"]);
    rig.check_book(0);
    rig.stop().await;
}

#[tokio::test]
async fn after_a_crash_everything_promised_is_there_and_what_was_acknowledged_long_ago_is_not() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in/+", qos(1)).await;
    graceful(client);
    rig.publish("in/a").await;
    rig.publish("in/b").await;
    let client = rig.connect(kept("pump")).attachment;
    assert_eq!(inbox(&client), ["1:in/a", "2:in/b"]);
    client.acknowledged(1);
    wait(client.stored()).await;

    let rig = Rig::open(&states.copy()).await;
    let back = rig.connect(kept("pump"));
    assert!(back.session_present);
    // Sent on a connection that a crash cut: it may have another packet id.
    assert_eq!(inbox(&back.attachment), ["1:in/b"]);
}

#[tokio::test]
async fn an_exactly_once_exchange_goes_on_where_it_was() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(2)).await;
    let two = || Message { qos: 2, ..message("in", "x") };
    wait(rig.route_message(two()).stored).await;
    wait(rig.route_message(two()).stored).await;
    inbox(&client);
    client.received(1);
    client.published_exactly_once(77);
    wait(client.stored()).await;

    let rig = Rig::open(&states.copy()).await;
    let back = rig.connect(kept("pump"));
    assert_eq!(back.incoming.into_iter().collect::<Vec<_>>(), [77]);
    assert_eq!(inbox(&back.attachment), ["Release(1)", "2:x!"]);
    assert!(back.attachment.released(77));
    back.attachment.completed(1);
    back.attachment.received(2);
    back.attachment.completed(2);
    graceful(back.attachment);
    let left = rig.broker.connection("pump").await.unwrap();
    assert_eq!((left.in_flight, left.queued), (0, 0));
}

#[tokio::test]
async fn subscriptions_come_back_as_they_were_last() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "a", qos(0)).await;
    subscribe(&client, "a", qos(1)).await;
    subscribe(&client, "b", qos(1)).await;
    subscribe(&client, "$share/g/c", qos(1)).await;
    assert!(client.unsubscribe("b"));
    wait(client.stored()).await;

    let rig = Rig::open(&states.copy()).await;
    let found = rig.broker.subscriptions("pump").await.unwrap();
    let shown: Vec<_> = found.iter().map(|s| format!("{}@{}", s.filter, s.qos)).collect();
    assert_eq!(shown, ["$share/g/c@1", "a@1"]);
    for topic in ["a", "b", "c"] {
        rig.publish(topic).await;
    }
    let back = rig.connect(kept("pump")).attachment;
    assert_eq!(inbox(&back), ["1:a", "2:c"]);
    subscribe(&back, "d", qos(1)).await;

    let rig = Rig::open(&states.copy()).await;
    assert_eq!(rig.broker.subscriptions("pump").await.unwrap().len(), 2, "of the first crash");
}

#[tokio::test]
async fn a_session_that_was_thrown_away_does_not_come_back() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    for (client_id, how) in [("new", 0), ("short", 1), ("left", 2), ("api", 3)] {
        let client = rig.kept(client_id).await;
        subscribe(&client, "in", qos(1)).await;
        graceful(client);
        rig.publish("in").await;
        match how {
            // A clean start over it; told so only once that is stored.
            0 => {
                wait(rig.connect(SessionRequest { clean_start: true, ..request(client_id) }).stored)
                    .await
            }
            // Taken up by a connection that will not keep it.
            1 => {
                let connected = rig.connect(request(client_id));
                assert!(connected.session_present);
                wait(connected.stored).await;
            }
            2 => {
                let client = rig.connect(kept(client_id)).attachment;
                let departure = Departure::Graceful { expiry_seconds: Some(0) };
                client.leave(departure, DisconnectReason::ClientInitiatedDisconnect);
            }
            _ => {
                let how = picket_ports::connections::EndConnection {
                    clean_session: true,
                    prevent_will: false,
                };
                rig.broker.end_connection(client_id, how).await.unwrap();
            }
        }
    }
    let witness = rig.kept("witness").await;
    wait(witness.stored()).await;
    for table in [b'f', b'm', b'w'] {
        assert_eq!(states.keys(table), 0, "table {}", char::from(table));
    }
    let rig = Rig::open(&states.copy()).await;
    assert_eq!(rig.broker.session_count(), 1);
}

#[tokio::test]
async fn a_session_whose_time_is_over_ends_at_the_start() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    graceful(rig.kept("away").await);
    let connected = rig.kept("connected").await;
    wait(connected.stored()).await;

    let later = Timestamp::from_millis(1_000 + 3_600_000);
    let rig = Rig::open_at(&states.copy(), later).await;
    rig.broker.tick(later);
    assert!(!rig.connect(kept("away")).session_present);
    // Its connection broke with the crash, so its hour begins with the start.
    let shown = rig.broker.connection("connected").await.unwrap();
    assert_eq!(shown.disconnected.unwrap().reason, DisconnectReason::ServerError);
    assert_eq!(shown.session_ends, Some(later.plus(std::time::Duration::from_secs(3600))));
    rig.advance(3599);
    assert!(rig.connect(kept("connected")).session_present);
}

#[tokio::test]
async fn the_number_of_a_connection_goes_on_after_a_crash() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    for number in 1..=3 {
        let client = rig.kept("pump").await;
        assert_eq!(client.connection_number(), number);
        wait(client.stored()).await;
        graceful(client);
    }
    // The gateway knows of connections from before the session.
    let client = rig.connect(SessionRequest { connection_number_min: 9, ..kept("pump") });
    assert!(client.session_present);
    assert_eq!(client.attachment.connection_number(), 9);
    wait(client.attachment.stored()).await;
    let rig = Rig::open(&states.copy()).await;
    assert_eq!(rig.kept("pump").await.connection_number(), 10);
    assert_eq!(rig.kept("another").await.connection_number(), 1);
}

#[tokio::test]
async fn a_delayed_will_is_published_after_a_restart_in_its_time() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let watcher = rig.kept("watcher").await;
    subscribe(&watcher, "will/#", qos(1)).await;
    let left = rig.connect(SessionRequest { will: will("will/left", 60), ..kept("left") });
    drop(left.attachment);
    let cut = rig.connect(SessionRequest { will: will("will/cut", 60), ..kept("cut") });
    let good = rig.connect(SessionRequest { will: will("will/good", 0), ..kept("good") });
    graceful(good.attachment);
    wait(cut.attachment.stored()).await;

    // 40 s later.
    let rig = Rig::open_at(&states.copy(), Timestamp::from_millis(41_000)).await;
    let watcher = rig.connect(kept("watcher")).attachment;
    rig.advance(19);
    assert_eq!(inbox(&watcher), [""; 0]);
    rig.advance(1);
    assert_eq!(inbox(&watcher), ["1:gone"], "60 s after it left");
    rig.advance(39);
    assert_eq!(inbox(&watcher), [""; 0]);
    rig.advance(1);
    assert_eq!(inbox(&watcher), ["2:gone"], "60 s after the start that followed the cut");
}

#[tokio::test]
async fn retained_messages_come_back_with_what_is_left_of_their_time() {
    let directory = tempfile::tempdir().unwrap();
    let states = FjallStore::open(directory.path()).unwrap();
    let rig = Rig::open(&states).await;
    rig.retain("r/kept", "old").await;
    rig.retain("r/kept", "new").await;
    rig.retain("r/cleared", "x").await;
    rig.retain("r/cleared", "").await;
    let mut short = Message { retain: true, ..message("r/short", "x") };
    short.properties.expiry_seconds = Some(60);
    short.properties.user = vec![("unit".to_owned(), "kPa".to_owned())];
    wait(rig.route_message(short).stored).await;
    rig.stop().await;
    drop(states);

    let states = FjallStore::open(directory.path()).unwrap();
    let rig = Rig::open_at(&states, Timestamp::from_millis(60_000)).await;
    let page = rig.broker.list_retained(None, 10).await;
    let shown: Vec<_> = page.messages.iter().map(|m| (&*m.topic, &*m.payload)).collect();
    assert_eq!(shown, [("r/kept", &b"new"[..]), ("r/short", b"x")]);
    assert_eq!(page.messages[1].properties.user.len(), 1);
    rig.advance(1);
    assert!(rig.broker.retained("r/short").await.is_none());
    // A new topic does not take the number of one that is there.
    rig.retain("r/another", "y").await;
    rig.stop().await;
    drop(states);
    let states = FjallStore::open(directory.path()).unwrap();
    let rig = Rig::open_at(&states, Timestamp::from_millis(61_000)).await;
    assert_eq!(rig.broker.list_retained(None, 10).await.messages.len(), 2);
    rig.stop().await;
}

#[tokio::test]
async fn a_session_without_an_expiry_leaves_nothing_in_the_store() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    let connected = rig.connect(request("short"));
    assert!(connected.stored.is_none() && connected.attachment.stored().is_none());
    connected.attachment.subscribe("in", qos(1));
    assert!(rig.route("in").stored.is_none());
    rig.stop().await;
    assert_eq!(states.disk.writes.lock().len(), 0);
}

#[tokio::test]
async fn a_store_of_a_later_version_stops_the_start_with_a_way_out() {
    let states = MemoryStates::new();
    let rig = Rig::open(&states).await;
    rig.retain("r", "x").await;
    rig.stop().await;
    let copy = states.with_values(|value| value[0] = 99);
    let clock = std::sync::Arc::new(picket_core::SystemClock);
    let limits = picket_broker::BrokerLimits::from(&BrokerConfig::default());
    let error = picket_broker::Broker::open(limits, clock, &copy).await.unwrap_err();
    assert!(error.to_string().contains("written by a newer Picket"), "{error}");
}
