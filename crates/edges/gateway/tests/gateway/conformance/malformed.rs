//! Packets that no client may send.

use super::packet::{Packet, byte, four, short, string, subscription_id, text, two};
use super::wire::{Hello, Wire};
use crate::bench::Bench;

/// What each version does with a packet after CONNECT: 3.1.1 closes; 5 says why first.
fn check(bench: &Bench, versions: &[bool], what: &str, bytes: &[u8]) {
    for v5 in versions {
        let mut wire = Hello::new(*v5, "a").open(bench);
        wire.raw(bytes);
        let mut answer = wire.next();
        if let Some(code) = answer.strip_prefix("disconnect 0x").filter(|_| *v5) {
            let code = u8::from_str_radix(code, 16).unwrap();
            assert!(code >= 0x80, "{what}: {answer}");
            answer = wire.next();
        }
        assert_eq!(answer, "closed", "{what} (v5: {v5})");
    }
    // And nobody else suffers.
    Hello::new(true, "other").open(bench).leave();
}

#[test]
fn packets_that_break_the_format_end_the_connection() {
    let bench = Bench::start();
    let both = &[false, true][..];
    let topic = text("t");
    let publish = |topic: &[u8]| Packet::bytes(0x30, &[topic, &[0][..], b"x"].concat());
    check(&bench, both, "packet type 0", &[0x00, 0]);
    check(&bench, both, "a length of five bytes", &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]);
    check(&bench, both, "QoS 3", &Packet::bytes(0x36, &[&topic[..], &[0, 1, 0]].concat()));
    check(&bench, both, "packet id 0", &Packet::bytes(0x32, &[&topic[..], &[0, 0, 0]].concat()));
    check(&bench, both, "a wildcard in a topic", &publish(&text("a/#")));
    check(&bench, both, "a topic that is no UTF-8", &publish(b"\x00\x01\xff"));
    check(&bench, both, "a topic with U+0000", &publish(&text("a\0b")));
    check(
        &bench,
        both,
        "a topic longer than the packet",
        &Packet::bytes(0x30, &[0xFF, 0xFF, b't']),
    );
    check(&bench, both, "SUBSCRIBE with wrong flags", &Packet::bytes(0x80, &[0, 1, 0]));
    check(&bench, both, "UNSUBSCRIBE with wrong flags", &Packet::bytes(0xA0, &[0, 1, 0]));
    check(&bench, both, "PUBREL with wrong flags", &Packet::bytes(0x60, &[0, 1]));
    check(&bench, both, "PUBACK with flags", &Packet::bytes(0x42, &[0, 1]));
    check(&bench, both, "DISCONNECT with flags", &[0xE1, 0]);
    check(&bench, both, "a packet only servers send", &Packet::bytes(0x20, &[0, 0, 0]));
    check(&bench, both, "SUBACK from a client", &Packet::bytes(0x90, &[0, 1, 0, 0]));
    check(&bench, both, "PINGRESP from a client", &[0xD0, 0]);
    check(&bench, both, "PUBACK for nothing", &Packet::bytes(0x40, &two(99)));
    for v5 in [false, true] {
        let none: &[u8] = if v5 { &[0] } else { &[] };
        let only = &[v5][..];
        let subscribe =
            |id: u16, rest: &[u8]| Packet::bytes(0x82, &[&two(id)[..], none, rest].concat());
        check(&bench, only, "SUBSCRIBE without filters", &subscribe(1, &[]));
        let filter = [&text("t")[..], &[0]].concat();
        check(&bench, only, "SUBSCRIBE with id 0", &subscribe(0, &filter));
        let reserved = [&text("t")[..], &[0xC0]].concat();
        check(&bench, only, "SUBSCRIBE with reserved bits", &subscribe(1, &reserved));
        let qos = [&text("t")[..], &[3]].concat();
        check(&bench, only, "SUBSCRIBE with QoS 3", &subscribe(1, &qos));
        let empty = Packet::bytes(0xA2, &[&two(1)[..], none].concat());
        check(&bench, only, "UNSUBSCRIBE without filters", &empty);
        check(&bench, only, "a second CONNECT", &Hello::new(v5, "b").bytes());
    }
}

#[test]
fn properties_that_have_no_place_end_the_connection() {
    let bench = Bench::start();
    let v5 = &[true][..];
    let publish = |properties: Vec<u8>| {
        let length = [properties.len() as u8];
        Packet::bytes(0x30, &[&text("t")[..], &length, &properties, b"x"].concat())
    };
    check(&bench, v5, "an unknown property", &publish(vec![0x7F, 0]));
    check(&bench, v5, "a property of CONNECT", &publish(four(0x11, 1)));
    check(&bench, v5, "a property twice", &publish([four(0x02, 1), four(0x02, 1)].concat()));
    check(&bench, v5, "payload format 2", &publish(byte(0x01, 2)));
    check(&bench, v5, "topic alias 0", &publish(short(0x23, 0)));
    check(&bench, v5, "a subscription identifier", &publish(subscription_id(1)));
    check(&bench, v5, "a wildcard to respond to", &publish(string(0x08, "a/+")));
    check(&bench, v5, "properties longer than the packet", &Packet::bytes(0x30, b"\x00\x01t\x7fx"));
    let subscribe = |id: Vec<u8>| {
        let length = [id.len() as u8];
        Packet::bytes(0x82, &[&two(1)[..], &length, &id, &text("t"), &[0]].concat())
    };
    check(&bench, v5, "subscription identifier 0", &subscribe(subscription_id(0)));
    let handling = Packet::bytes(0x82, &[&[0, 1, 0][..], &text("t"), &[0x30]].concat());
    check(&bench, v5, "retain handling 3", &handling);
    check(&bench, v5, "AUTH", &[0xF0, 0]);
}

#[test]
fn a_connect_that_breaks_the_format_is_refused() {
    let bench = Bench::start();
    let body = |name: &str, level: u8, flags: u8, rest: &[u8]| {
        Packet::bytes(0x10, &[&text(name)[..], &[level, flags, 0, 60], rest].concat())
    };
    let id = text("a");
    let id5 = [&[0][..], &id].concat();
    let with = |property: Vec<u8>| {
        let properties = [&[property.len() as u8][..], &property, &id].concat();
        body("MQTT", 5, 2, &properties)
    };
    let cases = [
        ("a wrong name", body("hj", 4, 2, &id)),
        ("a wrong name of the same length", body("MQTX", 4, 2, &id)),
        ("a wrong name for 5", body("MQXX", 5, 2, &id5)),
        ("the old name", body("MQIsdp", 3, 2, &id)),
        ("level 6", body("MQTT", 6, 2, &id)),
        ("level 0", body("MQTT", 0, 2, &id)),
        ("the reserved flag", body("MQTT", 4, 3, &id)),
        ("the reserved flag in 5", body("MQTT", 5, 3, &id5)),
        ("a will's QoS without a will", body("MQTT", 4, 0x0A, &id)),
        ("a will's QoS 3", body("MQTT", 4, 0x1E, &[&id[..], &text("w"), &text("x")].concat())),
        (
            "a password without a user in 3.1.1",
            body("MQTT", 4, 0x42, &[&id[..], &text("p")].concat()),
        ),
        ("a will that is not there", body("MQTT", 4, 0x06, &id)),
        ("more than was announced", body("MQTT", 4, 2, &[&id[..], b"surplus"].concat())),
        ("wrong flags of the packet", [&[0x11][..], &body("MQTT", 4, 2, &id)[1..]].concat()),
        ("receive maximum 0", with(short(0x21, 0))),
        ("maximum packet size 0", with(four(0x27, 0))),
        ("a property twice", with([short(0x21, 5), short(0x21, 5)].concat())),
        ("a property of PUBLISH", with(short(0x23, 5))),
        ("extended authentication", with(string(0x15, "SCRAM"))),
        ("PUBLISH first", Packet::bytes(0x30, b"\x00\x01tx")),
        ("PINGREQ first", vec![0xC0, 0]),
        ("SUBSCRIBE first", Packet::bytes(0x82, b"\x00\x01\x00\x01t\x00")),
        ("AUTH first", vec![0xF0, 0]),
    ];
    let is_refused = |bytes: &[u8]| {
        let mut wire = Wire::silent(&bench, false);
        wire.raw(bytes);
        // Either a CONNACK that says no comes first, or nothing.
        let connack = wire.packet();
        let says_no = |packet: &Packet| packet.first == 0x20 && packet.body[1] != 0;
        connack.as_ref().is_none_or(says_no) && (connack.is_none() || wire.packet().is_none())
    };
    let taken: Vec<&str> =
        cases.iter().filter(|(_, bytes)| !is_refused(bytes)).map(|(what, _)| *what).collect();
    assert_eq!(taken, [""; 0]);
    bench.until("all gone", || bench.gateway.counters().open == 0);
    let refused: u64 = bench.gateway.counters().refused.values().sum();
    assert_eq!((refused, bench.broker.session_count()), (cases.len() as u64, 0));
}

#[test]
fn an_unknown_level_is_answered_in_the_way_of_its_time() {
    let bench = Bench::start();
    let mut wire = Wire::silent(&bench, false);
    wire.raw(b"\x10\x0d\x00\x04MQTT\x03\x02\x00\x3c\x00\x01a");
    assert_eq!(wire.next(), "connack 0x01");
    assert_eq!(wire.next(), "closed");
}

#[test]
fn half_a_packet_holds_nobody_up() {
    let bench = Bench::with("connect_timeout_ms = 300");
    let mut half = Hello::new(true, "half").keep_alive(1).open(&bench);
    half.raw(&[0x30, 0x7F, 0x00]);
    let mut wire = Hello::new(true, "other").open(&bench);
    wire.publish("t", "x", 1, false);
    assert_eq!(half.next(), "disconnect 0x8d");
    let mut late = Wire::silent(&bench, true);
    late.raw(&Hello::new(true, "late").bytes()[..8]);
    assert_eq!(late.next(), "closed");
}
