//! The message a client leaves for the case that it vanishes.

use std::time::{Duration, Instant};

use super::packet::{four, holds, string, user};
use super::sessions::pass;
use super::wire::{Hello, Wire};
use crate::bench::Bench;

const BOTH: [bool; 2] = [false, true];

fn watcher(bench: &Bench, v5: bool) -> Wire {
    let mut wire = Hello::new(v5, "watcher").open(bench);
    wire.subscribe(&[("w/#", 2)]);
    wire
}

#[test]
fn a_will_comes_when_the_socket_breaks_and_not_after_disconnect() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut watcher = watcher(&bench, v5);
        for qos in 0..=2 {
            let hello = Hello::new(v5, "a").will("w/a", "gone", qos, false);
            drop(hello.open(&bench));
            assert_eq!(watcher.next(), format!("w/a=gone @{qos}"));
        }
        Hello::new(v5, "a").will("w/a", "gone", 1, false).open(&bench).leave();
        assert!(!watcher.rest().iter().any(|seen| seen.contains("gone")));
    }
}

#[test]
fn a_retained_will_is_kept() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut watcher = watcher(&bench, v5);
        drop(Hello::new(v5, "a").will("w/kept", "gone", 1, true).open(&bench));
        assert_eq!(watcher.next(), "w/kept=gone @1");
        let mut late = Hello::new(v5, "late").open(&bench);
        late.subscribe(&[("w/kept", 1)]);
        assert_eq!(late.next(), "w/kept=gone @1 retain");
        late.publish_as(0x31, 0, &[], ("w/kept", ""));
        assert_eq!(late.rest(), ["w/kept= @0"]);
    }
}

#[test]
fn a_silent_client_is_cut_after_one_and_a_half_keep_alives_and_its_will_is_sent() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut watcher = watcher(&bench, v5);
        let start = Instant::now();
        let mut wire =
            Hello::new(v5, "a").keep_alive(1).will("w/a", "silent", 1, false).open(&bench);
        assert_eq!(watcher.next(), "w/a=silent @1");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(1400) && took < Duration::from_millis(3000));
        if v5 {
            assert_eq!(wire.next(), "disconnect 0x8d");
        }
        assert_eq!(wire.next(), "closed");
    }
}

#[test]
fn a_ping_is_a_sign_of_life() {
    let bench = Bench::start();
    let mut wire = Hello::new(false, "a").keep_alive(1).open(&bench);
    for _ in 0..3 {
        pass(&bench, Duration::from_millis(900));
        assert_eq!(wire.rest(), [""; 0]);
    }
}

#[test]
fn disconnect_0x04_asks_for_the_will() {
    let bench = Bench::start();
    let mut watcher = watcher(&bench, true);
    let mut wire = Hello::new(true, "a").will("w/a", "wanted", 1, false).open(&bench);
    wire.send(0xE0, &[4]);
    assert_eq!(wire.next(), "closed");
    assert_eq!(watcher.next(), "w/a=wanted @1");
}

#[test]
fn a_will_brings_its_properties() {
    let bench = Bench::start();
    let mut watcher = watcher(&bench, true);
    let properties = [user("a", "2"), user("c", "3"), string(0x03, "text"), string(0x08, "w/re")];
    let mut hello = Hello::new(true, "a").will("w/a", "x", 1, false);
    for property in &properties {
        hello = hello.will_property(property.clone());
    }
    drop(hello.open(&bench));
    let (shown, got) = watcher.message();
    assert_eq!(shown, "w/a=x @1");
    for property in properties {
        assert!(holds(&got, &property), "{got:?}");
    }
}

#[test]
fn a_delayed_will_waits_until_its_time_or_the_end_of_the_session() {
    let bench = Bench::start();
    let mut watcher = watcher(&bench, true);
    for (delay, expiry, seconds) in [(1, 5, 1), (5, 1, 1), (5, 0, 0)] {
        let hello = Hello::new(true, "a").with(four(0x11, expiry));
        let hello = hello.will("w/a", "late", 1, false).will_property(four(0x18, delay));
        let wire = hello.open(&bench);
        let start = Instant::now();
        drop(wire);
        assert_eq!(watcher.next(), "w/a=late @1");
        let took = start.elapsed().as_secs_f64();
        let seconds = f64::from(seconds);
        assert!(took >= seconds && took < seconds + 0.9, "{delay} {expiry}: {took}");
    }
}

#[test]
fn a_client_that_is_back_in_time_has_its_delayed_will_dropped() {
    let bench = Bench::start();
    let mut watcher = watcher(&bench, true);
    let hello = Hello::persistent(true, "a").will("w/a", "late", 1, false);
    let hello = hello.will_property(four(0x18, 1));
    drop(hello.open(&bench));
    let back = hello.open(&bench);
    pass(&bench, Duration::from_millis(1300));
    assert_eq!(watcher.rest(), [""; 0]);
    // A clean start ends the session, and with it the wait.
    drop(back);
    let _new = Hello::new(true, "a").open(&bench);
    assert_eq!(watcher.next(), "w/a=late @1");
}
