use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use picket_ports::messages::{MessageProperties, Origin};
use proptest::prelude::*;

use super::*;

const LIMITS: SessionLimits = SessionLimits {
    in_flight_max: 2,
    queue_messages_max: 4,
    queue_bytes_max: 10_000,
    unacknowledged_max: Duration::from_secs(3600),
    resume_per_second: 0,
    resume_shared_per_second: 0,
};

fn delivery(topic: &str, qos: u8) -> Delivery {
    let message = Message {
        topic: topic.into(),
        payload: Bytes::from_static(b"x"),
        qos,
        retain: false,
        properties: MessageProperties::default(),
        origin: Origin::Service("test"),
        arrived: Timestamp::from_millis(0),
        traces: Arc::default(),
        depth: 0,
    };
    Delivery {
        message: Arc::new(message),
        qos,
        retain: false,
        is_shared: false,
        subscription_ids: Vec::new(),
    }
}

struct Bench {
    session: Session,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        Self { session: Session::new(LIMITS), now: Timestamp::from_millis(0) }
    }

    fn step(&mut self, input: Input) -> Vec<String> {
        let mut effects = Vec::new();
        self.session.step(self.now, input, &mut effects);
        effects.iter().map(show).collect()
    }

    fn attach(&mut self) {
        assert_eq!(self.step(Input::Attached { receive_maximum: 9 }), [""; 0]);
    }

    fn deliver(&mut self, topics: &[&str]) {
        for topic in topics {
            assert_eq!(self.step(Input::Deliver(delivery(topic, 1))), [""; 0]);
        }
    }

    /// What the store is told: `+` for a message written, `-` for one removed, then the window.
    fn told(&mut self) -> String {
        let has_news = self.session.has_news();
        let changes = self.session.changes();
        assert!(has_news || changes.is_empty(), "{changes:?}");
        let kept = changes.kept.iter().map(|(number, d)| format!("+{number}{}", d.message.topic));
        let gone = changes.gone.iter().map(|number| format!("-{number}"));
        let window = changes.window.iter().map(|window| {
            let flight = |(id, number, released): &(u16, u64, bool)| {
                format!("{id}:{number}{}", if *released { "!" } else { "" })
            };
            format!("[{}]", window.flights.iter().map(flight).collect::<Vec<_>>().join(" "))
        });
        kept.chain(gone).chain(window).collect::<Vec<_>>().join(" ")
    }

    fn fill(&mut self) -> Vec<String> {
        let mut effects = Vec::new();
        self.session.fill(self.now, 100, &mut |m| !m.topic.starts_with("secret"), &mut effects);
        effects.iter().map(show).collect()
    }
}

fn show(effect: &Effect) -> String {
    match effect {
        Effect::Send { packet_id, delivery, duplicate } => {
            let again = if *duplicate { " again" } else { "" };
            format!("{}:{}{again}", packet_id.unwrap_or(0), delivery.message.topic)
        }
        Effect::Release(id) => format!("release {id}"),
        Effect::Dropped(reason) => format!("dropped {}", reason.as_str()),
    }
}

#[test]
fn the_window_holds_back_what_is_not_acknowledged() {
    let mut bench = Bench::new();
    bench.attach();
    bench.deliver(&["a", "b", "c"]);
    assert_eq!(bench.fill(), ["1:a", "2:b"]);
    assert_eq!(bench.fill(), [""; 0]);
    bench.step(Input::Acknowledged(1));
    assert_eq!(bench.fill(), ["3:c"]);
}

#[test]
fn a_resumed_session_sends_unacknowledged_messages_again_and_then_the_queue() {
    let mut bench = Bench::new();
    bench.attach();
    bench.step(Input::Deliver(delivery("a", 1)));
    bench.step(Input::Deliver(delivery("b", 2)));
    bench.fill();
    bench.step(Input::Received(2));
    assert_eq!(bench.step(Input::Detached), [""; 0]);
    bench.step(Input::Deliver(delivery("c", 1)));
    assert_eq!(bench.step(Input::Deliver(delivery("d", 0))), ["dropped offline_qos0"]);
    bench.attach();
    assert_eq!(bench.fill(), ["1:a again", "release 2"]);
    assert_eq!(bench.fill(), [""; 0]);
    bench.step(Input::Acknowledged(1));
    assert_eq!(bench.fill(), ["3:c"]);
}

#[test]
fn what_becomes_of_a_watched_message_is_told_once() {
    let mut bench = Bench::new();
    let watch = |bench: &mut Bench, topic: &str, qos| {
        let number = bench.session.taken();
        assert_eq!(bench.step(Input::Deliver(delivery(topic, qos))), [""; 0]);
        bench.session.watch(number);
        number
    };
    bench.attach();
    let confirmed = watch(&mut bench, "a", 1);
    let plain = watch(&mut bench, "b", 0);
    let denied = watch(&mut bench, "secret", 1);
    let (large, forgotten) = (watch(&mut bench, "c", 1), bench.session.taken());
    assert_eq!(bench.session.take_fates(), []);
    assert_eq!(bench.fill(), ["1:a", "0:b", "dropped receive_denied", "2:c"]);
    let told = [(plain, Fate::Sent), (denied, Fate::Dropped(DropReason::Denied))];
    assert_eq!(bench.session.take_fates(), told);
    bench.step(Input::Undeliverable(2));
    bench.step(Input::Acknowledged(1));
    bench.step(Input::Acknowledged(1));
    let told = [(large, Fate::Dropped(DropReason::TooLarge)), (confirmed, Fate::Acknowledged)];
    assert_eq!(bench.session.take_fates(), told);
    assert_eq!(watch(&mut bench, "d", 1), forgotten);
    bench.session.unwatch(forgotten);
    let (lost, kept) = (watch(&mut bench, "e", 0), watch(&mut bench, "f", 1));
    assert_eq!(bench.step(Input::Detached), ["dropped offline_qos0"]);
    assert_eq!(bench.session.take_fates(), [(lost, Fate::Dropped(DropReason::Offline))]);
    bench.session.clear();
    assert_eq!(bench.session.take_fates(), [(kept, Fate::Dropped(DropReason::SessionEnded))]);
    assert_eq!(bench.session.take_fates(), []);
}

#[test]
fn a_full_queue_drops_the_newest() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        assert_eq!(bench.step(Input::Deliver(delivery("a", 1))), [""; 0]);
    }
    assert_eq!(bench.step(Input::Deliver(delivery("a", 1))), ["dropped queue_full"]);
}

#[test]
fn expired_and_denied_messages_are_not_sent() {
    let mut bench = Bench::new();
    bench.attach();
    let mut short = delivery("a", 1);
    if let Some(message) = Arc::get_mut(&mut short.message) {
        message.properties.expiry_seconds = Some(5);
    }
    bench.step(Input::Deliver(short));
    bench.step(Input::Deliver(delivery("secret/b", 1)));
    bench.now = Timestamp::from_millis(5_000);
    assert_eq!(bench.fill(), ["dropped expired", "dropped receive_denied"]);
}

#[test]
fn a_smaller_window_holds_messages_back_that_are_to_be_sent_again() {
    let mut bench = Bench::new();
    bench.attach();
    bench.deliver(&["a", "b", "c"]);
    assert_eq!(bench.fill(), ["1:a", "2:b"]);
    bench.step(Input::Detached);
    bench.step(Input::Attached { receive_maximum: 1 });
    assert_eq!(bench.fill(), ["1:a again"]);
    bench.step(Input::Acknowledged(1));
    assert_eq!(bench.fill(), ["2:b again"]);
    bench.step(Input::Acknowledged(2));
    assert_eq!(bench.fill(), ["3:c"]);
}

#[test]
fn a_message_is_not_sent_again_once_the_client_may_not_receive_it() {
    let mut bench = Bench::new();
    bench.attach();
    bench.deliver(&["a"]);
    bench.fill();
    bench.step(Input::Detached);
    bench.attach();
    let mut effects = Vec::new();
    bench.session.fill(bench.now, 100, &mut |_| false, &mut effects);
    assert!(effects.is_empty());
    assert_eq!((bench.session.in_flight(), bench.session.bytes()), (0, 0));
}

#[test]
fn a_message_that_is_not_acknowledged_for_an_hour_is_given_up_and_keeps_its_place() {
    let mut bench = Bench::new();
    bench.attach();
    bench.deliver(&["a", "b", "c"]);
    bench.fill();
    bench.now = Timestamp::from_millis(3_600_000);
    assert_eq!(bench.fill(), [""; 0]);
    assert_eq!(bench.session.bytes(), delivery("c", 1).bytes());
    // A late acknowledgement gives the place free, as does a new connection.
    bench.step(Input::Acknowledged(2));
    assert_eq!(bench.fill(), ["3:c"]);
    bench.step(Input::Detached);
    bench.attach();
    assert_eq!(bench.fill(), ["3:c again"]);
    assert_eq!(bench.session.in_flight(), 1);
}

#[test]
fn what_waited_is_sent_at_the_rate_that_is_set_and_what_comes_later_at_once() {
    let mut bench = Bench::new();
    bench.session.limits.resume_per_second = 10;
    bench.session.limits.in_flight_max = 100;
    bench.deliver(&["a", "b", "c"]);
    bench.attach();
    bench.deliver(&["d"]);
    assert_eq!(bench.fill(), ["1:a"]);
    assert_eq!(bench.session.resumes_at(), Some(Timestamp::from_millis(100)));
    bench.now = Timestamp::from_millis(99);
    assert_eq!(bench.fill(), [""; 0]);
    bench.now = Timestamp::from_millis(100);
    assert_eq!(bench.fill(), ["2:b"]);
    bench.now = Timestamp::from_millis(200);
    assert_eq!(bench.fill(), ["3:c", "4:d"]);
    assert_eq!(bench.session.resumes_at(), None);
}

#[test]
fn what_waited_for_a_group_has_a_rate_of_its_own() {
    let mut bench = Bench::new();
    bench.session.limits.resume_per_second = 10;
    bench.session.limits.resume_shared_per_second = 20;
    bench.session.limits.in_flight_max = 100;
    for topic in ["a", "b"] {
        let shared = Delivery { is_shared: true, ..delivery(topic, 1) };
        bench.step(Input::Deliver(shared));
    }
    bench.deliver(&["c", "d"]);
    bench.attach();
    for (millis, sent) in [(0, "1:a"), (50, "2:b"), (100, "3:c"), (200, "4:d")] {
        bench.now = Timestamp::from_millis(millis);
        assert_eq!(bench.fill(), [sent], "{millis} ms");
        assert_eq!(bench.fill(), [""; 0], "{millis} ms");
    }
}

#[test]
fn messages_that_have_expired_make_room() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        let mut short = delivery("a", 1);
        if let Some(message) = Arc::get_mut(&mut short.message) {
            message.properties.expiry_seconds = Some(5);
        }
        bench.step(Input::Deliver(short));
    }
    bench.now = Timestamp::from_millis(5_000);
    assert_eq!(bench.step(Input::Deliver(delivery("b", 1))), ["dropped expired"; 4]);
    assert_eq!(bench.session.queued(), 1);
}

#[test]
fn a_message_acknowledged_before_the_store_is_told_costs_it_nothing() {
    let mut bench = Bench::new();
    bench.session.keep(true);
    bench.attach();
    bench.deliver(&["a", "b"]);
    bench.step(Input::Deliver(delivery("c", 0)));
    bench.fill();
    bench.step(Input::Acknowledged(1));
    assert_eq!(bench.session.untold(), 1);
    assert_eq!(bench.told(), "+1b");
    bench.step(Input::Acknowledged(2));
    assert_eq!(bench.told(), "-1");
    assert_eq!(bench.told(), "");
}

#[test]
fn the_window_is_told_when_the_client_leaves_and_while_it_holds_qos_2() {
    let mut bench = Bench::new();
    bench.session.keep(true);
    bench.attach();
    bench.deliver(&["a"]);
    bench.step(Input::Deliver(delivery("b", 2)));
    bench.fill();
    assert_eq!(bench.told(), "+0a +1b [2:1]");
    bench.step(Input::Received(2));
    assert_eq!(bench.told(), "-1 [2:1!]");
    bench.step(Input::Detached);
    assert_eq!(bench.told(), "[1:0 2:1!]");
    bench.attach();
    bench.fill();
    bench.step(Input::Acknowledged(1));
    bench.step(Input::Completed(2));
    assert_eq!(bench.told(), "-0 []");
}

#[test]
fn a_session_that_is_no_longer_kept_takes_everything_back() {
    let mut bench = Bench::new();
    bench.session.keep(true);
    bench.deliver(&["a", "b"]);
    assert_eq!(bench.told(), "+0a +1b");
    bench.deliver(&["c"]);
    bench.session.keep(false);
    assert_eq!((bench.told().as_str(), bench.session.untold()), ("-0 -1", 0));
    bench.session.clear();
    bench.session.keep(true);
    bench.deliver(&["d"]);
    assert_eq!(bench.told(), "+3d");
}

proptest! {
    #[test]
    fn the_window_and_the_byte_count_hold_under_any_input(
        inputs in prop::collection::vec((0u8..8, 0u16..6), 0..200),
    ) {
        let mut bench = Bench::new();
        for (kind, id) in inputs {
            let input = match kind {
                0 => Input::Attached { receive_maximum: id },
                1 => Input::Detached,
                2 => Input::Acknowledged(id),
                3 => Input::Received(id),
                4 => Input::Completed(id),
                5 => Input::Undeliverable(id),
                _ => Input::Deliver(delivery("a", kind % 3)),
            };
            bench.step(input);
            bench.fill();
            prop_assert!(bench.session.in_flight() <= 2);
            prop_assert!(bench.session.queued() <= 4);
            let counted = bench.session.bytes;
            bench.session.recount();
            prop_assert_eq!(counted, bench.session.bytes);
        }
    }

    #[test]
    fn a_restored_session_has_all_that_was_told_and_is_the_same_if_all_was(
        inputs in prop::collection::vec((0u8..12, 0u16..6), 0..120),
    ) {
        let mut bench = Bench::new();
        bench.session.keep(true);
        let mut store: BTreeMap<u64, Delivery> = BTreeMap::new();
        let mut window = Window::default();
        for (at, (kind, id)) in inputs.into_iter().enumerate() {
            let topic = format!("{at}");
            bench.step(match kind {
                0 => Input::Attached { receive_maximum: id },
                1 => Input::Detached,
                2 => Input::Acknowledged(id),
                3 => Input::Received(id),
                4 => Input::Completed(id),
                5 => Input::PublishedExactlyOnce(id),
                6 => Input::Released(id),
                _ => Input::Deliver(delivery(&topic, kind % 3)),
            });
            bench.fill();
            if at % 3 > 0 {
                continue;
            }
            let has_news = bench.session.has_news();
            let changes = bench.session.changes();
            // What changed without news is only a window that got smaller while connected.
            let is_quiet = changes.kept.is_empty() && changes.gone.is_empty();
            prop_assert!(has_news || is_quiet);
            for (number, delivery) in changes.kept {
                prop_assert!(!changes.gone.contains(&number));
                prop_assert!(store.insert(number, delivery).is_none());
            }
            for number in changes.gone {
                prop_assert!(store.remove(&number).is_some());
            }
            window = changes.window.unwrap_or(window);
            let back = Session::restore(LIMITS, store.clone().into_iter().collect(), window.clone());
            let numbers = |session: &Session| {
                let mut numbers: Vec<u64> = session.numbers().collect();
                numbers.sort_unstable();
                numbers
            };
            prop_assert_eq!(numbers(&back), numbers(&bench.session));
            prop_assert_eq!(&back.incoming, &bench.session.incoming);
        }
    }
}
