use std::path::PathBuf;

use bytes::Bytes;
use picket_ports::Message;
use picket_ports::messages::{MessageProperties, Origin};
use picket_session::Delivery;

use super::*;

fn message() -> Message {
    Message {
        topic: "plant/7/command".into(),
        payload: Bytes::from_static(b"\x00\xffopen"),
        qos: 2,
        retain: true,
        properties: MessageProperties {
            payload_format: Some(1),
            expiry_seconds: Some(3600),
            content_type: Some("text/plain".to_owned()),
            response_topic: Some("plant/7/answer".to_owned()),
            correlation_data: Some(Bytes::from_static(b"\x01\x02")),
            user: vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())],
        },
        origin: Origin::Client { client_id: "operator".into(), principal: "0123".into() },
        arrived: Timestamp::from_millis(1_700_000_000_123),
        traces: Arc::default(),
        depth: 0,
    }
}

fn plain_message() -> Message {
    Message {
        properties: MessageProperties::default(),
        origin: Origin::Http { principal: "AIDA".into() },
        ..message()
    }
}

fn session() -> SessionRecord {
    SessionRecord {
        client_id: "pump-7".into(),
        protocol_level: 5,
        clean_session: false,
        expiry_seconds: 3600,
        generation: 12,
        connected_since: Timestamp::from_millis(1_700_000_000_000),
        disconnected: Some(Disconnected {
            since: Timestamp::from_millis(1_700_000_060_000),
            reason: DisconnectReason::MqttKeepAliveTimeout,
        }),
        will: Some(Will { message: plain_message(), delay_seconds: 30 }),
        facts: ConnectionFacts {
            source: Some(([192, 0, 2, 7], 50_123).into()),
            target: Some(([192, 0, 2, 1], 8883).into()),
            transport: Transport::Tls,
            keep_alive_seconds: 60,
            thing: Some("pump-7".into()),
            principal: "0123".into(),
            session_identifier: "0af1".into(),
        },
    }
}

fn filter() -> FilterRecord {
    FilterRecord {
        filter: "$share/g/plant/+/command".into(),
        options: SubscribeOptions {
            qos: 1,
            no_local: true,
            retain_as_published: true,
            retain_handling: 2,
            id: Some(9),
            dialect: Dialect::Standard,
        },
    }
}

fn copy() -> Delivery {
    Delivery {
        message: Arc::new(message()),
        qos: 1,
        retain: true,
        is_shared: false,
        subscription_ids: vec![3, 268_435_455],
    }
}

fn window() -> Window {
    let flights = vec![(7, 41, false), (8, 42, true)];
    Window { flights, incoming: vec![5, 65_535], last_packet_id: 8 }
}

/// Compares `record` with the fixture of its form, both ways. With `UPDATE_EXPECT` set, writes a
/// fixture that is missing; one that exists is never changed, since data directories hold it.
fn check<R: Record>(name: &str, record: &R, shown: impl Fn(&R) -> String) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "corpus", "records", name].iter().collect();
    if !path.exists() && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, record.encode().unwrap()).unwrap();
    }
    let stored = std::fs::read(&path).unwrap();
    assert_eq!(shown(&R::decode(&stored).unwrap()), shown(record), "{name} is read");
    assert_eq!(record.encode().unwrap(), stored, "{name} is written");
}

#[test]
fn records_are_read_and_written_as_the_fixtures_have_them() {
    check("session.v1", &session(), |record| format!("{record:?}"));
    check("filter.v1", &filter(), |record| format!("{record:?}"));
    check("copy.v1", &copy(), |record| format!("{record:?}"));
    let shared = Delivery { is_shared: true, ..copy() };
    check("shared-copy.v1", &shared, |record| format!("{record:?}"));
    check("window.v1", &window(), |record| format!("{record:?}"));
    check("retained.v1", &Arc::new(plain_message()), |record| format!("{record:?}"));
}

#[test]
fn a_part_of_picket_is_stored_as_such() {
    let message = Message { origin: Origin::Service("metrics export"), ..message() };
    let bytes = Arc::new(message).encode().unwrap();
    assert_eq!(<Arc<Message>>::decode(&bytes).unwrap().origin, Origin::Service("picket"));
}

#[test]
fn a_form_of_a_later_version_is_refused() {
    let mut bytes = window().encode().unwrap();
    bytes[0] = 200;
    assert!(Window::decode(&bytes).is_err());
}

#[test]
fn keys_are_in_the_order_of_sessions_and_parts() {
    let keys = [(1, 2), (1, 256), (2, 0), (256, 1)].map(|(a, b)| Table::Copies.key(a, b));
    assert!(keys.is_sorted());
    assert_eq!(parse_key(&Table::Copies.key(7, 9)), Some((7, 9)));
    assert_eq!(parse_key(b"m123"), None);
}
