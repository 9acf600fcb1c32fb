use bytes::Bytes;
use picket_ports::messages::{MessageProperties, Origin};
use proptest::prelude::*;

use super::*;

const LIMITS: SessionLimits =
    SessionLimits { in_flight_max: 2, queue_messages_max: 4, queue_bytes_max: 10_000 };

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
    Delivery { message: Arc::new(message), qos, retain: false, subscription_ids: Vec::new() }
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
    bench.step(Input::Attached { receive_maximum: 9 });
    for topic in ["a", "b", "c"] {
        bench.step(Input::Deliver(delivery(topic, 1)));
    }
    assert_eq!(bench.fill(), ["1:a", "2:b"]);
    assert_eq!(bench.fill(), [""; 0]);
    bench.step(Input::Acknowledged(1));
    assert_eq!(bench.fill(), ["3:c"]);
}

#[test]
fn a_resumed_session_sends_unacknowledged_messages_again_and_then_the_queue() {
    let mut bench = Bench::new();
    bench.step(Input::Attached { receive_maximum: 9 });
    bench.step(Input::Deliver(delivery("a", 1)));
    bench.step(Input::Deliver(delivery("b", 2)));
    bench.fill();
    bench.step(Input::Received(2));
    assert_eq!(bench.step(Input::Detached), [""; 0]);
    bench.step(Input::Deliver(delivery("c", 1)));
    assert_eq!(bench.step(Input::Deliver(delivery("d", 0))), ["dropped offline_qos0"]);
    assert_eq!(bench.step(Input::Attached { receive_maximum: 9 }), ["1:a again", "release 2"]);
    bench.step(Input::Acknowledged(1));
    assert_eq!(bench.fill(), ["3:c"]);
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
    bench.step(Input::Attached { receive_maximum: 9 });
    let mut short = delivery("a", 1);
    if let Some(message) = Arc::get_mut(&mut short.message) {
        message.properties.expiry_seconds = Some(5);
    }
    bench.step(Input::Deliver(short));
    bench.step(Input::Deliver(delivery("secret/b", 1)));
    bench.now = Timestamp::from_millis(5_000);
    assert_eq!(bench.fill(), ["dropped expired", "dropped receive_denied"]);
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
}
