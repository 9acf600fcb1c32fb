//! The protocol without a socket.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// CONNACK, accepted, of 3.1.1 and of 5.
const CONNACK_3: &[u8] = &[0x20, 2, 0, 0];
const CONNACK_5: &[u8] = &[0x20, 3, 0, 0, 0];

fn start(version: MqttVersion, now: Instant) -> ClientSession {
    let options = ConnectOptions { version, ..ConnectOptions::new("pump-1") };
    ClientSession::connect(&options, now).unwrap()
}

fn connected(version: MqttVersion, now: Instant) -> ClientSession {
    let mut session = start(version, now);
    let connack = if version == MqttVersion::V5 { CONNACK_5 } else { CONNACK_3 };
    session.receive(connack, now).unwrap();
    assert_eq!(session.next_event(), Some(SessionEvent::Connected));
    session.wrote(session.output().len());
    session
}

#[test]
fn bytes_may_come_one_at_a_time() {
    let now = Instant::now();
    let mut session = start(MqttVersion::V5, now);
    for byte in CONNACK_5 {
        session.receive(&[*byte], now).unwrap();
    }
    assert_eq!(session.next_event(), Some(SessionEvent::Connected));
}

#[test]
fn what_was_written_in_part_is_continued() {
    let mut session = start(MqttVersion::V3_1_1, Instant::now());
    let whole = session.output().to_vec();
    session.wrote(3);
    assert_eq!(session.output(), &whole[3..]);
    session.wrote(whole.len() - 3);
    assert!(session.output().is_empty());
}

#[test]
fn a_publish_before_the_servers_yes_is_refused() {
    let now = Instant::now();
    let publish = PublishRequest::at_least_once("a", b"");
    assert_eq!(start(MqttVersion::V5, now).publish(&publish, now), Err(SessionError::NotConnected));
}

#[test]
fn more_publishes_than_allowed_in_flight_are_put_off_until_one_is_acknowledged() {
    let now = Instant::now();
    let options = ConnectOptions { in_flight_max: 1, ..ConnectOptions::new("pump-1") };
    let mut session = ClientSession::connect(&options, now).unwrap();
    session.receive(CONNACK_5, now).unwrap();
    let publish = PublishRequest::at_least_once("a", b"x");
    let id = session.publish(&publish, now).unwrap().unwrap();
    assert_eq!(session.publish(&publish, now), Err(SessionError::Busy));
    let [high, low] = id.to_be_bytes();
    session.receive(&[0x40, 2, high, low], now).unwrap();
    assert!(session.publish(&publish, now).unwrap().is_some());
}

#[test]
fn silence_is_broken_by_a_ping_whose_missing_answer_ends_the_session() {
    let now = Instant::now();
    let mut session = connected(MqttVersion::V3_1_1, now);
    let ping_at = session.next_timeout().unwrap();
    assert_eq!(ping_at, now + Duration::from_secs(60));
    session.timeout(ping_at).unwrap();
    assert_eq!(session.output(), [0xc0, 0]);
    let overdue = session.next_timeout().unwrap();
    assert_eq!(session.timeout(overdue), Err(SessionError::PingTimeout(Duration::from_secs(15))));
    assert!(session.is_closed());
}

#[test]
fn an_invalid_topic_costs_no_packet_id_and_leaves_the_session_alone() {
    let now = Instant::now();
    let mut session = connected(MqttVersion::V5, now);
    for topic in ["", "a/+", "#", "a\0"] {
        let error = session.publish(&PublishRequest::at_least_once(topic, b""), now).unwrap_err();
        assert!(matches!(error, SessionError::Invalid { what: "topic", .. }), "{error}");
    }
    let id = session.publish(&PublishRequest::at_least_once("a", b""), now).unwrap();
    assert_eq!(id, Some(1));
}

#[test]
fn an_answer_that_was_not_asked_for_is_a_breach_of_the_protocol() {
    let now = Instant::now();
    for bytes in [&[0x40, 2, 0, 9][..], CONNACK_5, &[0xc0, 0], &[0xff, 0]] {
        let mut session = connected(MqttVersion::V5, now);
        let outcome = session.receive(bytes, now);
        assert!(outcome.is_err(), "{bytes:?}");
        assert!(session.is_closed());
    }
}

proptest! {
    #[test]
    fn no_bytes_of_a_server_make_a_session_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        v5: bool,
        after_connack: bool,
    ) {
        let now = Instant::now();
        let version = if v5 { MqttVersion::V5 } else { MqttVersion::V3_1_1 };
        let mut session =
            if after_connack { connected(version, now) } else { start(version, now) };
        let failed = session.receive(&bytes, now).is_err();
        prop_assert!(!failed || session.is_closed());
    }
}
