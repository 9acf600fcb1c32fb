//! What MQTT 5 says beside topic and payload.

use std::time::Duration;

use super::packet::{byte, four, holds, short, string, subscription_id, user};
use super::sessions::pass;
use super::wire::Hello;
use crate::bench::Bench;

/// The no-local bit of subscription options.
const NO_LOCAL: u8 = 0x04;
/// Retain as published.
const AS_PUBLISHED: u8 = 0x08;

#[test]
fn the_properties_of_a_message_travel_unchanged_and_in_order() {
    let bench = Bench::start();
    let mut subscriber = Hello::new(true, "s").open(&bench);
    subscriber.subscribe(&[("t", 2)]);
    let mut publisher = Hello::new(true, "p").open(&bench);
    let fixed =
        [byte(0x01, 1), string(0x03, "My name"), string(0x08, "answers/here"), string(0x09, "334")];
    let pairs = [user("a", "2"), user("c", "3"), user("a", "1"), user("", "")].concat();
    let sent = [&pairs[..], &fixed.concat()].concat();
    for qos in 0..=2 {
        publisher.publish_with("t", "x", (qos, false), &sent);
        let (shown, got) = subscriber.message();
        assert_eq!(shown, format!("t=x @{qos}"));
        assert!(holds(&got, &pairs), "{got:?}");
        fixed.iter().for_each(|property| assert!(holds(&got, property), "{got:?}"));
        assert_eq!(got.len(), sent.len());
    }
    // Retained ones too.
    publisher.publish_with("kept", "x", (1, true), &sent);
    subscriber.subscribe(&[("kept", 1)]);
    let got = subscriber.message().1;
    assert!(holds(&got, &pairs), "{got:?}");
}

#[test]
fn an_expired_message_is_not_delivered_and_others_tell_the_time_that_is_left() {
    let bench = Bench::start();
    let hello = Hello::persistent(true, "s");
    let mut wire = hello.open(&bench);
    wire.subscribe(&[("t", 2)]);
    wire.leave();
    let mut publisher = Hello::new(true, "p").open(&bench);
    for qos in [1, 2] {
        publisher.publish_with("t", "short", (qos, false), &four(0x02, 1));
        publisher.publish_with("t", "long", (qos, false), &four(0x02, 60));
    }
    publisher.publish_with("r", "short", (1, true), &four(0x02, 1));
    pass(&bench, Duration::from_millis(1100));
    let mut wire = hello.open(&bench);
    for qos in [1, 2] {
        let (shown, properties) = wire.message();
        assert_eq!(shown, format!("t=long @{qos}"));
        let left: [u8; 4] = properties.get(1..5).unwrap().try_into().unwrap();
        assert_eq!(properties[0], 0x02);
        assert!((50..60).contains(&u32::from_be_bytes(left)), "{properties:?}");
    }
    wire.subscribe(&[("r", 1)]);
    assert_eq!(wire.rest(), [""; 0]);
}

#[test]
fn no_local_keeps_the_own_messages_away() {
    let bench = Bench::start();
    let mut one = Hello::new(true, "one").open(&bench);
    let mut two = Hello::new(true, "two").open(&bench);
    for wire in [&mut one, &mut two] {
        wire.subscribe(&[("t", 1 | NO_LOCAL)]);
    }
    one.publish("t", "x", 1, false);
    assert_eq!(two.next(), "t=x @1");
    assert_eq!(one.rest(), [""; 0]);
    let answer = one.subscribe(&[("$share/g/t", NO_LOCAL)]);
    assert_eq!(answer, "disconnect 0x82");
}

#[test]
fn retain_as_published_keeps_the_flag() {
    let bench = Bench::start();
    let mut wire = Hello::new(true, "a").open(&bench);
    wire.subscribe(&[("t/kept", AS_PUBLISHED), ("t/plain", 0)]);
    let mut publisher = Hello::new(true, "p").open(&bench);
    for topic in ["t/kept", "t/plain"] {
        publisher.publish(topic, "1", 1, false);
        publisher.publish(topic, "2", 1, true);
    }
    let got = [wire.next(), wire.next(), wire.next(), wire.next()];
    assert_eq!(got, ["t/kept=1 @0", "t/kept=2 @0 retain", "t/plain=1 @0", "t/plain=2 @0"]);
}

#[test]
fn retain_handling_says_when_retained_messages_come() {
    let bench = Bench::start();
    let mut publisher = Hello::new(true, "p").open(&bench);
    publisher.publish("r/a", "x", 0, true);
    for (handling, expected) in [(0, [1, 1]), (1, [1, 0]), (2, [0, 0])] {
        let mut wire = Hello::new(true, "a").open(&bench);
        for count in expected {
            let answer = wire.subscribe(&[("r/+", handling << 4)]);
            assert_eq!(answer, "suback 0x00");
            assert_eq!(wire.rest(), vec!["r/a=x @0 retain"; count], "{handling}");
        }
    }
}

#[test]
fn subscription_identifiers_come_with_what_they_matched() {
    let bench = Bench::start();
    let mut one = Hello::new(true, "one").open(&bench);
    one.subscribe_with(&subscription_id(456_789), &[("t", 1)]);
    let mut two = Hello::new(true, "two").open(&bench);
    two.subscribe_with(&subscription_id(2), &[("t", 1)]);
    two.subscribe_with(&subscription_id(3), &[("t/#", 1)]);
    two.subscribe_with(&[], &[("+", 1)]);
    one.publish_as(0x32, 1, &[], ("t", "x"));
    let mut packets = [one.packet().unwrap(), one.packet().unwrap()];
    packets.sort_by_key(|packet| packet.first);
    assert_eq!(packets[0].publish_properties(true), subscription_id(456_789));
    let (shown, got) = two.message();
    assert_eq!(shown, "t=x @1");
    assert!(holds(&got, &subscription_id(2)) && holds(&got, &subscription_id(3)), "{got:?}");
    assert_eq!(got.len(), 4);
    assert_eq!(two.rest(), [""; 0]);
    // Subscribed to again without one, there is none.
    one.subscribe(&[("t", 0)]);
    two.publish_as(0x30, 0, &[], ("t", "y"));
    assert_eq!(one.message().1, [0; 0]);
}

#[test]
fn a_client_may_name_topics_by_alias_within_the_limit() {
    let bench = Bench::start();
    let (mut wire, connack) = Hello::new(true, "a").join(&bench);
    assert!(holds(connack.connack_properties(), &short(0x22, 16)), "{connack:?}");
    wire.subscribe(&[("t/#", 0)]);
    wire.publish_as(0x30, 0, &short(0x23, 16), ("t/a", "1"));
    wire.publish_as(0x30, 0, &short(0x23, 16), ("", "2"));
    wire.publish_as(0x30, 0, &short(0x23, 16), ("t/b", "3"));
    wire.publish_as(0x30, 0, &short(0x23, 16), ("", "4"));
    let got = [wire.next(), wire.next(), wire.next(), wire.next()];
    // The alias is the sender's own affair.
    assert_eq!(got, ["t/a=1 @0", "t/a=2 @0", "t/b=3 @0", "t/b=4 @0"]);
    for (alias, topic) in [(17, "t"), (0, "t"), (1, "")] {
        let mut wire = Hello::new(true, "b").open(&bench);
        wire.publish_as(0x30, 0, &short(0x23, alias), (topic, "x"));
        let answer = wire.next();
        assert!(answer.starts_with("disconnect 0x"), "{alias}: {answer}");
        assert_eq!(wire.next(), "closed");
    }
}

#[test]
fn the_server_names_topics_by_alias_if_the_client_takes_them() {
    let bench = Bench::start();
    let hello = Hello::new(true, "a");
    for (hello, shown, alias) in [
        (hello.clone(), "t=x @0", None),
        (hello.clone().with(short(0x22, 0)), "t=x @0", None),
        (hello.with(short(0x22, 1)), "=x @0", Some(short(0x23, 1))),
    ] {
        let mut wire = hello.open(&bench);
        wire.subscribe(&[("t", 0), ("other", 0)]);
        for (n, expected) in ["t=x @0", shown, shown].into_iter().enumerate() {
            wire.publish_as(0x30, 0, &[], ("t", "x"));
            let (got, properties) = wire.message();
            assert_eq!((got.as_str(), &properties), (expected, &alias.clone().unwrap_or_default()));
            assert!(n < 3);
        }
        // There is one alias and it is taken.
        wire.publish_as(0x30, 0, &[], ("other", "x"));
        assert_eq!(wire.message(), ("other=x @0".to_owned(), Vec::new()));
    }
}

#[test]
fn reason_strings_are_only_for_those_who_want_them() {
    let bench = Bench::start();
    for (wants, length) in [(1, 1), (0, 0)] {
        let mut wire = Hello::new(true, "a").with(byte(0x17, wants)).open(&bench);
        wire.publish_as(0x32, 3, &[], ("$no", "x"));
        let packet = wire.packet().unwrap();
        assert_eq!(packet.show(true), "puback 3 0x87");
        assert_eq!(packet.body.len() > 4, length == 1, "{packet:?}");
    }
}
