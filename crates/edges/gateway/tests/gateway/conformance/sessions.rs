//! Sessions that outlive their connections.

use std::time::{Duration, Instant};

use super::packet::{four, holds, two};
use super::wire::{Hello, Wire};
use crate::bench::Bench;

const BOTH: [bool; 2] = [false, true];

fn is_present(hello: &Hello<'_>, bench: &Bench) -> (Wire, bool) {
    let (wire, connack) = hello.join(bench);
    (wire, connack.body[0] == 1)
}

/// Lets `time` pass, as far as the broker's clock is concerned.
pub(super) fn pass(bench: &Bench, time: Duration) {
    let start = Instant::now();
    bench.until("time has passed", || start.elapsed() > time);
}

#[test]
fn messages_for_an_offline_client_wait_in_order() {
    let bench = Bench::start();
    for v5 in BOTH {
        let hello = Hello::persistent(v5, "s");
        let mut wire = hello.open(&bench);
        wire.subscribe(&[("q/#", 2)]);
        wire.leave();
        let mut publisher = Hello::new(v5, "p").open(&bench);
        for (payload, qos) in [("a", 1), ("b", 2), ("lost", 0), ("c", 1)] {
            publisher.publish("q/x", payload, qos, false);
        }
        let (mut wire, present) = is_present(&hello, &bench);
        assert!(present);
        let got = [wire.next(), wire.next(), wire.next()];
        assert_eq!(got, ["q/x=a @1", "q/x=b @2", "q/x=c @1"]);
        assert_eq!(wire.rest(), [""; 0]);
        drop(wire);
        Hello::new(v5, "s").open(&bench).leave();
    }
}

#[test]
fn what_was_not_acknowledged_comes_again_with_dup_and_the_same_id() {
    let bench = Bench::start();
    for v5 in BOTH {
        let hello = Hello::persistent(v5, "s");
        let mut wire = hello.open(&bench);
        wire.subscribe(&[("t", 2)]);
        let mut publisher = Hello::new(v5, "p").open(&bench);
        for (payload, qos) in [("one", 1), ("two", 2), ("three", 2), ("done", 1)] {
            publisher.publish("t", payload, qos, false);
        }
        let sent: Vec<_> = (0..4).map(|_| wire.packet().unwrap()).collect();
        let id = |n: usize| two(sent[n].publish_id(v5));
        wire.send(0x40, &id(3));
        // The third gets as far as PUBREL.
        wire.send(0x50, &id(2));
        assert!(wire.next().starts_with("pubrel"));
        drop(wire);
        let (mut wire, present) = is_present(&hello, &bench);
        assert!(present);
        for (n, shown) in [(0, "t=one @1 dup"), (1, "t=two @2 dup")] {
            let again = wire.packet().unwrap();
            assert_eq!(again.show(v5), shown);
            assert_eq!(again.publish_id(v5), sent[n].publish_id(v5));
        }
        assert_eq!(wire.next(), format!("pubrel {}", sent[2].publish_id(v5)));
        wire.send(0x40, &id(0));
        wire.send(0x50, &id(1));
        assert!(wire.next().starts_with("pubrel"));
        wire.send(0x70, &id(1));
        wire.send(0x70, &id(2));
        assert_eq!(wire.rest(), [""; 0]);
        drop(wire);
        let (mut wire, _) = is_present(&hello, &bench);
        assert_eq!(wire.rest(), [""; 0]);
        drop(wire);
        Hello::new(v5, "s").open(&bench).leave();
    }
}

#[test]
fn a_publish_of_qos_2_that_is_sent_again_is_one_message() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut subscriber = Hello::new(v5, "s").open(&bench);
        subscriber.subscribe(&[("t", 0)]);
        let hello = Hello::persistent(v5, "p");
        let mut wire = hello.open(&bench);
        wire.publish_as(0x34, 9, &[], ("t", "once"));
        assert_eq!(wire.next(), "pubrec 9");
        assert_eq!(subscriber.next(), "t=once @0");
        drop(wire);
        let mut wire = hello.open(&bench);
        wire.publish_as(0x3C, 9, &[], ("t", "once"));
        assert_eq!(wire.next(), "pubrec 9");
        wire.send(0x62, &two(9));
        assert_eq!(wire.next(), "pubcomp 9");
        assert_eq!(subscriber.rest(), [""; 0]);
        // The id is free for another message now.
        wire.publish_as(0x34, 9, &[], ("t", "next"));
        assert_eq!(wire.next(), "pubrec 9");
        assert_eq!(subscriber.next(), "t=next @0");
        drop(wire);
        Hello::new(v5, "p").open(&bench).leave();
    }
}

#[test]
fn a_clean_start_throws_the_old_session_away() {
    let bench = Bench::start();
    for v5 in BOTH {
        let hello = Hello::persistent(v5, "s");
        let mut wire = hello.open(&bench);
        wire.subscribe(&[("t", 1)]);
        wire.leave();
        let (wire, present) = is_present(&Hello::new(v5, "s"), &bench);
        assert!(!present);
        wire.leave();
        let (mut wire, present) = is_present(&hello, &bench);
        assert!(!present);
        wire.publish("t", "x", 1, false);
        assert_eq!(wire.rest(), [""; 0]);
        drop(wire);
        Hello::new(v5, "s").open(&bench).leave();
    }
}

#[test]
fn a_session_lasts_as_long_as_it_was_asked_to() {
    let bench = Bench::start();
    let hello = |expiry| Hello::new(true, "s").resuming().with(four(0x11, expiry));
    // Not at all.
    is_present(&hello(0), &bench).0.leave();
    let (wire, present) = is_present(&hello(1), &bench);
    assert!(!present);
    wire.leave();
    // Shorter than a second.
    let (wire, present) = is_present(&hello(1), &bench);
    assert!(present);
    wire.leave();
    bench.until("the session has ended", || bench.broker.session_count() == 0);
    let (mut wire, present) = is_present(&hello(1), &bench);
    assert!(!present);
    // DISCONNECT prolongs it, and ends it.
    wire.send(0xE0, &[&[0, 5][..], &four(0x11, 60)].concat());
    assert_eq!(wire.next(), "closed");
    pass(&bench, Duration::from_millis(1200));
    let (mut wire, present) = is_present(&hello(60), &bench);
    assert!(present);
    wire.send(0xE0, &[&[0, 5][..], &four(0x11, 0)].concat());
    assert_eq!(wire.next(), "closed");
    bench.until("the session has ended", || bench.broker.session_count() == 0);
    assert!(!is_present(&hello(0), &bench).1);
}

#[test]
fn an_expiry_beyond_the_limit_is_lowered_and_told() {
    let bench = Bench::with("[plaintext_rules]\nsession_expiry_seconds_max = 100");
    let (_wire, connack) = Hello::new(true, "s").with(four(0x11, u32::MAX)).join(&bench);
    assert!(holds(connack.connack_properties(), &four(0x11, 100)), "{connack:?}");
    let (_wire, connack) = Hello::new(true, "s").with(four(0x11, 99)).join(&bench);
    assert!(!holds(connack.connack_properties(), &[0x11]), "{connack:?}");
}

#[test]
fn a_session_without_expiry_cannot_get_one_by_disconnect() {
    let bench = Bench::start();
    let mut wire = Hello::new(true, "s").open(&bench);
    wire.send(0xE0, &[&[0, 5][..], &four(0x11, 60)].concat());
    assert_eq!(wire.next(), "disconnect 0x82");
    assert_eq!(wire.next(), "closed");
    bench.until("the session has ended", || bench.broker.session_count() == 0);
}

#[test]
fn a_newer_connection_takes_the_session_over_with_what_waits() {
    let bench = Bench::start();
    for v5 in BOTH {
        let hello = Hello::persistent(v5, "s");
        let mut old = hello.open(&bench);
        old.subscribe(&[("t", 1)]);
        let mut publisher = Hello::new(v5, "p").open(&bench);
        publisher.publish("t", "x", 1, false);
        assert_eq!(old.next(), "t=x @1");
        let (mut new, present) = is_present(&hello, &bench);
        assert!(present);
        assert_eq!(new.next(), "t=x @1 dup");
        if v5 {
            assert_eq!(old.next(), "disconnect 0x8e");
        }
        assert_eq!(old.next(), "closed");
        publisher.publish("t", "y", 1, false);
        assert_eq!(new.next(), "t=y @1");
        drop(new);
        Hello::new(v5, "s").open(&bench).leave();
    }
}

#[test]
fn a_client_without_a_place_is_told_so_and_those_who_have_one_stay() {
    let bench = Bench::with_sessions_max(1);
    let mut first = Hello::persistent(true, "first").open(&bench);
    let (mut late, answer) = Hello::new(true, "late").knock(&bench);
    assert_eq!(answer.unwrap().show(true), "connack 0x97");
    assert_eq!(late.next(), "closed");
    let (_late, answer) = Hello::new(false, "late").knock(&bench);
    assert_eq!(answer.unwrap().show(false), "connack 0x03");
    first.publish("t", "x", 1, false);
    first.leave();
    assert!(is_present(&Hello::persistent(true, "first"), &bench).1);
}
