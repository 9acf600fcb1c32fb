//! Flow control, packet sizes, keep-alive and shared subscriptions.

use super::packet::{four, holds, short, two};
use super::wire::Hello;
use crate::bench::Bench;

#[test]
fn no_more_is_sent_than_the_client_takes_unacknowledged() {
    let bench = Bench::start();
    for qos in [1, 2] {
        let mut wire = Hello::new(true, "s").with(short(0x21, 2)).open(&bench);
        wire.subscribe(&[("t", qos)]);
        let mut publisher = Hello::new(true, "p").open(&bench);
        for n in ["1", "2", "3"] {
            publisher.publish("t", n, qos, false);
        }
        // QoS 0 has no part in it, but may not overtake either.
        let ids =
            [wire.packet().unwrap().publish_id(true), wire.packet().unwrap().publish_id(true)];
        assert_eq!(wire.rest(), [""; 0]);
        match qos {
            1 => wire.send(0x40, &two(ids[0])),
            _ => {
                wire.send(0x50, &two(ids[0]));
                assert_eq!(wire.next(), format!("pubrel {}", ids[0]));
                assert_eq!(wire.rest(), [""; 0]);
                wire.send(0x70, &two(ids[0]));
            }
        }
        assert_eq!(wire.next(), format!("t=3 @{qos}"));
    }
}

#[test]
fn a_pubrec_that_refuses_ends_the_exchange() {
    let bench = Bench::start();
    let mut wire = Hello::new(true, "s").with(short(0x21, 1)).open(&bench);
    wire.subscribe(&[("t", 2)]);
    let mut publisher = Hello::new(true, "p").open(&bench);
    publisher.publish("t", "1", 2, false);
    publisher.publish("t", "2", 2, false);
    let id = wire.packet().unwrap().publish_id(true);
    wire.send(0x50, &[&two(id)[..], &[0x80]].concat());
    assert_eq!(wire.next(), "t=2 @2");
}

#[test]
fn a_client_that_sends_more_than_the_server_takes_is_cut() {
    let bench = Bench::start();
    let (mut wire, connack) = Hello::new(true, "a").join(&bench);
    assert!(holds(connack.connack_properties(), &short(0x21, 100)), "{connack:?}");
    for id in 1..=101 {
        wire.publish_as(0x34, id, &[], ("t", "x"));
    }
    for id in 1..=100 {
        assert_eq!(wire.next(), format!("pubrec {id}"));
    }
    assert_eq!(wire.next(), "disconnect 0x93");
    assert_eq!(wire.next(), "closed");
}

#[test]
fn a_pubrel_that_belongs_to_nothing_is_told_so() {
    let bench = Bench::start();
    let mut wire = Hello::new(true, "a").open(&bench);
    wire.send(0x62, &two(77));
    assert_eq!(wire.next(), "pubcomp 77 0x92");
    let mut wire = Hello::new(false, "a").open(&bench);
    wire.send(0x62, &two(77));
    assert_eq!(wire.next(), "pubcomp 77");
}

#[test]
fn what_is_larger_than_the_client_takes_is_left_out() {
    let bench = Bench::start();
    let mut wire = Hello::new(true, "s").with(four(0x27, 64)).open(&bench);
    wire.subscribe(&[("t", 1)]);
    let mut publisher = Hello::new(true, "p").open(&bench);
    for (payload, qos) in [(".".repeat(32), 0), (".".repeat(64), 1), ("small".to_owned(), 1)] {
        publisher.publish("t", &payload, qos, false);
    }
    assert_eq!(wire.next(), format!("t={} @0", ".".repeat(32)));
    assert_eq!(wire.next(), "t=small @1");
    assert_eq!(wire.rest(), [""; 0]);
}

#[test]
fn a_larger_packet_than_the_server_takes_is_refused_by_name() {
    let bench = Bench::with("[plaintext_rules]\npayload_bytes_max = 1000");
    let (mut wire, connack) = Hello::new(true, "a").join(&bench);
    let properties = connack.connack_properties();
    let at = properties.iter().position(|id| *id == 0x27).unwrap();
    let max = u32::from_be_bytes(properties[at + 1..at + 5].try_into().unwrap());
    wire.publish_as(0x30, 0, &[], ("t", &"x".repeat(max as usize)));
    assert_eq!(wire.next(), "disconnect 0x95");
    assert_eq!(wire.next(), "closed");
}

#[test]
fn a_long_keep_alive_is_lowered_where_the_client_can_be_told() {
    let bench = Bench::start();
    let (_wire, connack) = Hello::new(true, "a").keep_alive(120).join(&bench);
    assert!(holds(connack.connack_properties(), &short(0x13, 60)), "{connack:?}");
    for keep_alive in [0, 60] {
        let (_wire, connack) = Hello::new(true, "a").keep_alive(keep_alive).join(&bench);
        assert!(!holds(connack.connack_properties(), &[0x13]), "{connack:?}");
    }
}

#[test]
fn members_of_a_group_share_its_messages() {
    let bench = Bench::start();
    for v5 in [false, true] {
        let mut members: Vec<_> =
            ["a", "b"].map(|id| Hello::new(v5, id).open(&bench)).into_iter().collect();
        for wire in &mut members {
            wire.subscribe(&[("$share/g/x", 1), ("all", 1)]);
        }
        let mut publisher = Hello::new(v5, "p").open(&bench);
        for n in 0..10 {
            publisher.publish("x", &n.to_string(), 1, false);
            publisher.publish("all", &n.to_string(), 1, false);
        }
        let seen: Vec<String> = members.iter_mut().flat_map(super::wire::Wire::rest).collect();
        assert_eq!(seen.iter().filter(|it| it.starts_with("all=")).count(), 20);
        let mut shared: Vec<&String> = seen.iter().filter(|it| it.starts_with("x=")).collect();
        shared.sort();
        shared.dedup();
        assert_eq!((shared.len(), seen.len()), (10, 30));
        // Retained messages are not for groups.
        publisher.publish("x", "kept", 0, true);
        let mut late = Hello::new(v5, "late").open(&bench);
        late.subscribe(&[("$share/h/x", 1)]);
        assert_eq!(late.rest(), [""; 0]);
        publisher.publish("x", "", 0, true);
    }
}
