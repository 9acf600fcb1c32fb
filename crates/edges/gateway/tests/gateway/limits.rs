//! Silent, slow, oversized and senseless peers.

use std::io::Write as _;
use std::time::{Duration, Instant};

use picket_gateway::Refused;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::client::{Client, is_closed_within, tcp, tls};

const SHORT: &str = "handshake_timeout_ms = 200\nconnect_timeout_ms = 200";

#[test]
fn a_silent_peer_is_dropped_on_every_port() {
    let bench = Bench::with(SHORT);
    let device = bench.device();
    let start = Instant::now();
    let at = bench.at;
    for address in [at.mqtt, at.alpn, at.plaintext].into_iter().flatten() {
        assert!(is_closed_within(&mut tcp(address), Duration::from_secs(3)));
    }
    let mut silent = tls(&bench, at.mqtt.unwrap(), Some(&device), b"", &rustls::version::TLS13);
    assert!(is_closed_within(&mut silent, Duration::from_secs(3)));
    // A few bytes of a CONNECT buy no time.
    let mut slow = tcp(at.plaintext.unwrap());
    slow.write_all(b"\x10\x7f").unwrap();
    assert!(is_closed_within(&mut slow, Duration::from_secs(3)));
    assert!(start.elapsed() < Duration::from_secs(5));
    bench.until("all closed", || bench.gateway.counters().open == 0);
}

#[test]
fn a_first_packet_that_is_no_connect_or_too_large_is_dropped_at_once() {
    let bench = Bench::start();
    for bytes in [&b"\x30\x03\x00\x01a"[..], b"\x10\xff\xff\xff\x7f", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = tcp(bench.at.plaintext.unwrap());
        stream.write_all(bytes).unwrap();
        assert!(is_closed_within(&mut stream, Duration::from_secs(3)));
    }
    bench.until("counted", || {
        bench.gateway.counters().refused.get(&Refused::MalformedConnect) == Some(&3)
    });
}

#[test]
fn a_packet_that_is_too_large_is_refused_before_it_is_read() {
    let bench = Bench::with("[plaintext_rules]\npayload_bytes_max = 1000");
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    client.raw(b"\x30\xff\xff\xff\x7f\x00\x01a");
    assert_eq!(client.next(), "disconnect PacketTooLarge");
    let mut client = Client::plain(&bench, false);
    client.connect("c");
    client.publish("t", &"x".repeat(1001), 0, false);
    assert_eq!(client.next(), "closed");
}

#[test]
fn a_client_that_says_nothing_for_its_keep_alive_is_cut() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, true);
    client.connect_with("c", true, 1, Vec::new());
    let start = Instant::now();
    assert_eq!(client.next(), "disconnect KeepAliveTimeout");
    assert!(start.elapsed() >= Duration::from_millis(1400));
}

#[test]
fn publishes_beyond_the_rate_are_discarded() {
    let bench = Bench::with("[plaintext_rules]\npublishes_per_second = 5");
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    for _ in 0..6 {
        client.publish("t", "x", 1, false);
    }
    let answers: Vec<String> = (0..6).map(|_| client.next()).collect();
    assert_eq!(answers.iter().filter(|answer| *answer == "puback").count(), 5);
    assert_eq!(answers.last().map(String::as_str), Some("puback QuotaExceeded"));
}

#[test]
fn a_client_id_may_connect_so_often_and_then_has_to_wait() {
    let bench = Bench::with("[plaintext_rules]\nconnects_per_second = 1\nconnect_burst = 2");
    for n in 0..3 {
        let mut client = Client::plain(&bench, true);
        client.send_connect("busy", Vec::new());
        let told = client.next_told();
        match n {
            0 | 1 => assert_eq!(told, "connack Success false"),
            _ => assert_eq!(
                told,
                "connack QuotaExceeded false: this client id connects too often; try again later"
            ),
        }
    }
    let mut old = Client::plain(&bench, false);
    assert_eq!(old.connect("busy"), "connack ServerUnavailable false");
    // Others are not concerned, and a second later neither is it.
    assert_eq!(Client::plain(&bench, true).connect("calm"), "connack Success false");
    bench.until("a second is over", || {
        Client::plain(&bench, true).connect("busy") == "connack Success false"
    });
    assert!(bench.refused(Refused::Throttled) >= 2);
}

#[test]
fn all_clients_together_have_rates_if_the_configuration_says_so() {
    let bench = Bench::with(
        "connects_per_second = 2\npublishes_in_per_second = 3\nsubscribes_per_second = 1",
    );
    let mut client = Client::plain(&bench, true);
    client.connect("one");
    Client::plain(&bench, true).connect("two");
    let mut third = Client::plain(&bench, true);
    assert_eq!(third.connect("three"), "connack QuotaExceeded false");
    for _ in 0..4 {
        client.publish("t", "x", 1, false);
    }
    let answers: Vec<String> = (0..4).map(|_| client.next()).collect();
    assert_eq!(answers, ["puback", "puback", "puback", "puback QuotaExceeded"]);
    assert_eq!(client.subscribe(&[("a", 0), ("b", 0)]), "suback GrantedQos0 QuotaExceeded");
}

#[test]
fn messages_to_a_client_beyond_its_rate_wait() {
    let bench = Bench::with("[plaintext_rules]\npublishes_per_second = 20");
    let mut slow = Client::plain(&bench, true);
    slow.connect("slow");
    slow.subscribe(&[("t", 0)]);
    let start = Instant::now();
    for sender in ["a", "b"] {
        let mut sender_client = Client::plain(&bench, true);
        sender_client.connect(sender);
        for _ in 0..15 {
            sender_client.publish("t", "x", 0, false);
        }
        sender_client.disconnect();
    }
    for _ in 0..30 {
        assert_eq!(slow.next(), "t=x @0");
    }
    // Twenty at once and ten more at twenty a second.
    assert!(start.elapsed() > Duration::from_millis(450), "{:?}", start.elapsed());
}

#[test]
fn bytes_beyond_the_rate_are_delayed() {
    let bench = Bench::with("[plaintext_rules]\nbytes_per_second = 100000");
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    let payload = "x".repeat(50_000);
    let start = Instant::now();
    for _ in 0..4 {
        client.publish("t", &payload, 1, false);
        assert_eq!(client.next(), "puback");
    }
    // What comes in a second passes at once.
    assert!(start.elapsed() > Duration::from_millis(700), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_new_connection_is_no_way_around_the_rate_of_publishes() {
    let bench = Bench::with("[plaintext_rules]\npublishes_per_second = 5");
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    for _ in 0..5 {
        client.publish("t", "x", 1, false);
        assert_eq!(client.next(), "puback");
    }
    client.disconnect();
    bench.until("gone", || bench.gateway.counters().open == 0);
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    let answers: Vec<String> = (0..5)
        .map(|_| {
            client.publish("t", "x", 1, false);
            client.next()
        })
        .collect();
    assert!(answers.contains(&"puback QuotaExceeded".to_owned()), "{answers:?}");
}

#[test]
fn only_whole_packets_keep_a_connection_alive() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, true);
    client.connect_with("c", true, 1, Vec::new());
    let start = Instant::now();
    // The beginning of a PUBLISH, a byte at a time.
    for byte in b"\x30\x7f\x00\x01a\x00xxxxxxxxxxxxxxxx" {
        if client.next_within(Duration::from_millis(100)).is_some() {
            break;
        }
        client.raw(&[*byte]);
    }
    assert!(start.elapsed() < Duration::from_millis(2200), "{:?}", start.elapsed());
}

#[test]
fn connections_are_limited_in_all_and_per_address() {
    let bench = Bench::with("connections_per_address_max = 1");
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    assert!(is_closed_within(&mut tcp(bench.at.plaintext.unwrap()), Duration::from_secs(3)));
    assert_eq!(bench.gateway.counters().refused.get(&Refused::PerAddressMax), Some(&1));
}

#[test]
fn a_wrong_password_is_refused() {
    let bench = Bench::with_password("u:p");
    for (password, answer) in
        [("p", "Success"), ("x", "BadUserNameOrPassword"), ("", "BadUserNameOrPassword")]
    {
        let mut client = Client::plain(&bench, true);
        let got = client.connect_as("c", "u", password);
        assert_eq!(got, format!("connack {answer} false"), "{password}");
    }
    let mut client = Client::plain(&bench, true);
    assert_eq!(client.connect("c"), "connack BadUserNameOrPassword false");
}

#[test]
fn a_subscriber_that_does_not_read_holds_nobody_up() {
    let bench = Bench::with("write_timeout_ms = 500");
    let mut slow = Client::plain(&bench, false);
    slow.connect("slow");
    slow.subscribe(&[("t", 0)]);
    let mut fast = Client::plain(&bench, false);
    fast.connect("fast");
    let payload = "x".repeat(100_000);
    let start = Instant::now();
    for _ in 0..300 {
        fast.publish("t", &payload, 1, false);
        assert_eq!(fast.next(), "puback");
    }
    assert!(start.elapsed() < Duration::from_secs(10));
    bench.until("the slow one is gone", || bench.gateway.counters().open == 1);
    let book = bench.broker.ledger();
    assert_eq!(book.in_flight, 0, "{book:?}");
    assert!(book.dropped.contains_key("queue_full"), "{book:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn senseless_bytes_do_no_harm(
        streams in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 20),
    ) {
        let bench = Bench::with(SHORT);
        let at = bench.at;
        for (i, bytes) in streams.iter().enumerate() {
            for address in [at.mqtt, at.alpn, at.plaintext].into_iter().flatten() {
                drop(tcp(address).write_all(bytes));
            }
            // The same after a good CONNECT.
            let mut client = Client::plain(&bench, i % 2 == 0);
            client.connect("c");
            client.raw(bytes);
        }
        let mut client = Client::plain(&bench, true);
        prop_assert_eq!(client.connect("still-here"), "connack Success false");
        drop(client);
        bench.until("all closed", || bench.gateway.counters().open == 0);
    }
}
