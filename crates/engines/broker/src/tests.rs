//! The broker with clients that are only attachments.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use picket_core::{Clock, ManualClock, Timestamp};
use picket_ports::connections::DisconnectReason;
use picket_ports::messages::{MessageProperties, Origin};
use picket_ports::{ConnectionFacts, Message, Publish};
use picket_session::{Dialect, Effect, Filter, matches};
use proptest::prelude::*;
use tokio::sync::Notify;

use crate::*;

struct Bench {
    broker: Arc<Broker>,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        let clock = ManualClock::at(Timestamp::from_millis(1_000));
        Self { broker: Broker::new(BrokerLimits::default(), Arc::new(clock.clone())), clock }
    }

    fn request(client_id: &str) -> SessionRequest {
        SessionRequest {
            client_id: client_id.into(),
            clean_start: false,
            expiry_seconds: 0,
            receive_maximum: 100,
            connection_number_min: 0,
            protocol_level: 5,
            will: None,
            facts: ConnectionFacts::default(),
        }
    }

    fn connect(&self, request: SessionRequest) -> Connected {
        self.broker.connect(request, Arc::new(Notify::new())).unwrap()
    }

    fn client(&self, client_id: &str) -> Attachment {
        self.connect(Self::request(client_id)).attachment
    }

    fn publish(&self, topic: &str, retain: bool) -> usize {
        self.broker.route(&Arc::new(message(topic, retain)), None).receivers
    }
}

fn message(topic: &str, retain: bool) -> Message {
    Message {
        topic: topic.into(),
        payload: Bytes::from_static(b"x"),
        qos: 1,
        retain,
        properties: MessageProperties::default(),
        origin: Origin::Service("test"),
        arrived: Timestamp::from_millis(1_000),
        traces: Arc::default(),
        depth: 0,
    }
}

fn options(qos: u8) -> SubscribeOptions {
    SubscribeOptions {
        qos,
        no_local: false,
        retain_as_published: false,
        retain_handling: 0,
        id: None,
        dialect: Dialect::Standard,
    }
}

fn inbox(attachment: &Attachment) -> Vec<String> {
    let mut effects = Vec::new();
    attachment.fill(1000, &mut |_| true, &mut effects);
    let show = |effect: &Effect| match effect {
        Effect::Send { delivery, .. } => {
            let ids: Vec<String> = delivery.subscription_ids.iter().map(u32::to_string).collect();
            let retain = if delivery.retain { " retained" } else { "" };
            format!("{}@{}{retain} {}", delivery.message.topic, delivery.qos, ids.join("+"))
        }
        other => format!("{other:?}"),
    };
    effects.iter().map(|effect| show(effect).trim().to_owned()).collect()
}

#[test]
fn overlapping_subscriptions_give_one_copy_with_the_highest_qos_and_all_identifiers() {
    let bench = Bench::new();
    let client = bench.client("a");
    client.subscribe("t/+", SubscribeOptions { id: Some(1), ..options(0) });
    client.subscribe("t/#", SubscribeOptions { id: Some(2), ..options(1) });
    assert_eq!(bench.publish("t/x", false), 1);
    let got = inbox(&client);
    assert!(got == ["t/x@1 1+2"] || got == ["t/x@1 2+1"], "{got:?}");
}

#[test]
fn a_session_that_is_kept_gets_what_came_while_it_was_away() {
    let bench = Bench::new();
    let request = || SessionRequest { expiry_seconds: 60, ..Bench::request("a") };
    let client = bench.connect(request()).attachment;
    client.subscribe("t", options(1));
    let departure = Departure::Graceful { expiry_seconds: None };
    client.leave(departure, DisconnectReason::ClientInitiatedDisconnect);
    bench.publish("t", false);
    let back = bench.connect(request());
    assert!(back.session_present);
    assert_eq!(inbox(&back.attachment), ["t@1"]);
}

#[test]
fn a_session_ends_when_its_time_is_over() {
    let bench = Bench::new();
    let request = || SessionRequest { expiry_seconds: 60, ..Bench::request("a") };
    let client = bench.connect(request()).attachment;
    client.subscribe("t", options(1));
    let departure = Departure::WithWill { expiry_seconds: None };
    client.leave(departure, DisconnectReason::ConnectionLost);
    bench.clock.advance(Duration::from_secs(60));
    bench.broker.tick(bench.clock.now());
    assert_eq!(bench.broker.session_count(), 0);
    assert!(bench.broker.subscriptions.read().is_empty());
    assert!(!bench.connect(request()).session_present);
}

#[test]
fn clients_that_come_and_go_leave_one_note_and_one_memory_each() {
    let bench = Bench::new();
    let kept = || SessionRequest { expiry_seconds: 3600, ..Bench::request("a") };
    for _ in 0..100 {
        bench.clock.advance(Duration::from_secs(1));
        drop(bench.connect(kept()).attachment);
        assert_eq!(bench.broker.diary.notes(), 1);
    }
    let connected = bench.connect(kept());
    assert_eq!(bench.broker.diary.notes(), 0, "nothing is due while it is there");
    drop(connected);
    drop(bench.connect(SessionRequest { clean_start: true, ..Bench::request("a") }).attachment);
    assert_eq!(bench.broker.diary.notes(), 0);
    for _ in 0..100 {
        bench.clock.advance(Duration::from_secs(1));
        drop(bench.client("b"));
    }
    assert_eq!(bench.broker.past.lock().len(), (2, 2));
    bench.clock.advance(Duration::from_secs(30 * 60));
    bench.broker.tick(bench.clock.now());
    assert_eq!(bench.broker.past.lock().len(), (0, 0));
}

#[test]
fn a_will_and_an_end_that_are_due_at_different_times_both_come() {
    let bench = Bench::new();
    let watcher = bench.client("watcher");
    watcher.subscribe("will", options(0));
    let will = Some(Will { message: message("will", false), delay_seconds: 10 });
    drop(bench.connect(SessionRequest { will, expiry_seconds: 60, ..Bench::request("a") }));
    for (second, wills, sessions) in [(9, 0, 2), (10, 1, 2), (59, 0, 2), (60, 0, 1)] {
        bench.clock.set(Timestamp::from_millis(1_000 + second * 1_000));
        bench.broker.tick(bench.clock.now());
        assert_eq!((inbox(&watcher).len(), bench.broker.session_count()), (wills, sessions));
    }
    assert_eq!(bench.broker.diary.notes(), 0);
}

#[test]
fn a_clean_start_or_another_version_throws_the_old_session_away() {
    let bench = Bench::new();
    let request = || SessionRequest { expiry_seconds: 60, ..Bench::request("a") };
    drop(bench.connect(request()));
    let other = bench.connect(SessionRequest { protocol_level: 4, ..request() });
    assert!(!other.session_present);
    drop(other);
    assert!(!bench.connect(SessionRequest { clean_start: true, ..request() }).session_present);
}

#[test]
fn a_newer_connection_takes_the_session_and_the_old_will_is_published() {
    let bench = Bench::new();
    let watcher = bench.client("watcher");
    watcher.subscribe("will", options(1));
    let will = Will { message: message("will", false), delay_seconds: 0 };
    let old = bench.connect(SessionRequest { will: Some(will), ..Bench::request("a") }).attachment;
    let new = bench.client("a");
    assert_eq!((old.standing(), new.standing()), (Standing::TakenOver, Standing::Current));
    assert_eq!(inbox(&watcher), ["will@1"]);
    drop(old);
    assert_eq!(bench.broker.session_count(), 2);
}

#[test]
fn a_delayed_will_waits_and_is_dropped_if_the_client_comes_back() {
    let bench = Bench::new();
    let watcher = bench.client("watcher");
    watcher.subscribe("will", options(1));
    let request = || SessionRequest {
        expiry_seconds: 100,
        will: Some(Will { message: message("will", false), delay_seconds: 5 }),
        ..Bench::request("a")
    };
    drop(bench.connect(request()));
    drop(bench.connect(request()));
    bench.clock.advance(Duration::from_secs(4));
    bench.broker.tick(bench.clock.now());
    assert_eq!(inbox(&watcher), [""; 0]);
    bench.clock.advance(Duration::from_secs(1));
    bench.broker.tick(bench.clock.now());
    assert_eq!(inbox(&watcher), ["will@1"]);
}

#[test]
fn retained_messages_go_to_wildcards_only_in_the_standard_dialect() {
    let bench = Bench::new();
    bench.publish("r/1", true);
    bench.publish("r", true);
    let client = bench.client("a");
    client.subscribe("r/#", SubscribeOptions { dialect: Dialect::Aws, ..options(1) });
    assert_eq!(inbox(&client), [""; 0]);
    client.subscribe("r/1", SubscribeOptions { dialect: Dialect::Aws, ..options(1) });
    assert_eq!(inbox(&client), ["r/1@1 retained"]);
    client.subscribe("r/#", options(0));
    assert_eq!(inbox(&client), ["r@0 retained", "r/1@0 retained"]);
    client.subscribe("r/#", SubscribeOptions { retain_handling: 1, ..options(0) });
    assert_eq!(inbox(&client), [""; 0]);
}

#[test]
fn a_shared_subscription_gives_each_message_to_one_member_in_turn() {
    let bench = Bench::new();
    let members = [bench.client("a"), bench.client("b"), bench.client("c")];
    for member in &members {
        member.subscribe("$share/g/t/#", options(1));
    }
    for _ in 0..9 {
        assert_eq!(bench.publish("t/x", false), 1);
    }
    for member in &members {
        assert_eq!(inbox(member).len(), 3);
    }
}

#[test]
fn a_group_that_is_away_keeps_its_messages_with_a_member_that_can() {
    let bench = Bench::new();
    let request = |name: &str| SessionRequest { expiry_seconds: 60, ..Bench::request(name) };
    for (name, qos) in [("a", 0), ("b", 1), ("c", 0)] {
        bench.connect(request(name)).attachment.subscribe("$share/g/in", options(qos));
    }
    for _ in 0..6 {
        bench.publish("in", false);
    }
    assert_eq!(inbox(&bench.connect(request("b")).attachment).len(), 6);
}

#[test]
fn every_copy_is_delivered_dropped_or_in_flight() {
    let bench = Bench::new();
    let client = bench.client("a");
    client.subscribe("t", options(1));
    for _ in 0..10_500 {
        bench.publish("t", false);
    }
    let book = bench.broker.ledger();
    assert_eq!((book.received, book.in_flight), (10_500, 10_000));
    assert_eq!(book.dropped.get("queue_full"), Some(&500));
    inbox(&client);
    assert_eq!(bench.broker.ledger().delivered, 100);
    drop(client);
    assert_eq!(bench.broker.ledger().in_flight, 0);
}

#[tokio::test]
async fn a_service_publish_with_a_wildcard_is_refused() {
    let bench = Bench::new();
    let error = bench.broker.publish(message("a/#", false)).await.unwrap_err();
    assert_eq!(error.to_string(), "topic `a/#` cannot be published to: it contains a wildcard");
}

proptest! {
    #[test]
    fn the_tree_agrees_with_matching_each_filter(
        filters in prop::collection::btree_set("(\\$?[ab]|\\+)(/([ab]|\\+)){0,3}(/#)?", 1..12),
        topic in "\\$?[ab](/[ab]){0,4}",
        standard in any::<bool>(),
    ) {
        let bench = Bench::new();
        let dialect = if standard { Dialect::Standard } else { Dialect::Aws };
        let mut expected = 0;
        let mut clients = Vec::new();
        for filter in &filters {
            let client = bench.client(filter);
            client.subscribe(filter, SubscribeOptions { dialect, ..options(1) });
            clients.push(client);
            expected += usize::from(matches(filter, &topic, dialect));
            prop_assert!(Filter::parse(filter, &crate::broker::UNLIMITED).is_ok());
        }
        prop_assert_eq!(bench.publish(&topic, false), expected);
        drop(clients);
        prop_assert!(bench.broker.subscriptions.read().is_empty());
    }
}
