//! What both versions have in common.

use super::packet::{Packet, text, two};
use super::wire::{Hello, Wire};
use crate::bench::Bench;

const BOTH: [bool; 2] = [false, true];

#[test]
fn each_qos_takes_its_own_packets_under_one_id() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut wire = Hello::new(v5, "a").open(&bench);
        assert_eq!(wire.subscribe(&[("t/0", 0), ("t/1", 1), ("t/2", 2)]), "suback 0x00 0x01 0x02");
        wire.publish_as(0x30, 0, &[], ("t/0", "x"));
        assert_eq!(wire.next(), "t/0=x @0");
        wire.publish_as(0x32, 7, &[], ("t/1", "y"));
        let mut got = [wire.next(), wire.next()];
        got.sort();
        assert_eq!(got, ["puback 7", "t/1=y @1"]);
        wire.publish_as(0x34, 7, &[], ("t/2", "z"));
        let (first, second) = (wire.packet().unwrap(), wire.packet().unwrap());
        let (ours, theirs) = if first.first >> 4 == 5 { (first, second) } else { (second, first) };
        assert_eq!(ours.show(v5), "pubrec 7");
        assert_eq!(theirs.show(v5), "t/2=z @2");
        wire.send(0x62, &two(7));
        assert_eq!(wire.next(), "pubcomp 7");
        let id = theirs.publish_id(v5);
        wire.send(0x50, &two(id));
        assert_eq!(wire.next(), format!("pubrel {id}"));
        wire.send(0x70, &two(id));
        assert_eq!(wire.rest(), [""; 0]);
    }
}

#[test]
fn the_lower_qos_of_publish_and_subscription_counts() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut subscriber = Hello::new(v5, "s").open(&bench);
        let mut publisher = Hello::new(v5, "p").open(&bench);
        for subscribed in 0..=2 {
            subscriber.subscribe(&[("t", subscribed)]);
            for published in 0..=2 {
                publisher.publish("t", "x", published, false);
                let packet = subscriber.packet().unwrap();
                let qos = subscribed.min(published);
                assert_eq!(packet.show(v5), format!("t=x @{qos}"));
                match qos {
                    0 => {}
                    1 => subscriber.send(0x40, &two(packet.publish_id(v5))),
                    _ => {
                        subscriber.send(0x50, &two(packet.publish_id(v5)));
                        subscriber.packet().unwrap();
                        subscriber.send(0x70, &two(packet.publish_id(v5)));
                    }
                }
            }
        }
    }
}

#[test]
fn overlapping_subscriptions_give_one_copy_with_the_highest_qos() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut wire = Hello::new(v5, "s").open(&bench);
        wire.subscribe(&[("A/#", 2), ("A/+", 1), ("A/C", 0)]);
        let mut publisher = Hello::new(v5, "p").open(&bench);
        publisher.publish("A/C", "x", 2, false);
        assert_eq!(wire.next(), "A/C=x @2");
        assert_eq!(wire.rest(), [""; 0]);
    }
}

#[test]
fn retained_messages_are_kept_by_topic_until_an_empty_one_comes() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut publisher = Hello::new(v5, "p").open(&bench);
        for qos in 0..=2 {
            publisher.publish(&format!("r/{qos}"), "old", qos, true);
            publisher.publish(&format!("r/{qos}"), "new", qos, true);
        }
        publisher.publish("r/live", "not kept", 1, false);
        let mut late = Hello::new(v5, "s").open(&bench);
        assert_eq!(late.subscribe(&[("r/+", 2)]), "suback 0x02");
        let mut got = [late.next(), late.next(), late.next()];
        got.sort();
        assert_eq!(got, ["r/0=new @0 retain", "r/1=new @1 retain", "r/2=new @2 retain"]);
        for qos in 0..=2 {
            publisher.publish(&format!("r/{qos}"), "", 0, true);
        }
        drop(late);
        let mut later = Hello::new(v5, "s").open(&bench);
        later.subscribe(&[("#", 2)]);
        assert_eq!(later.rest(), [""; 0]);
    }
}

#[test]
fn topics_that_begin_with_a_dollar_are_hidden_from_wildcards() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut wire = Hello::new(v5, "a").open(&bench);
        wire.subscribe(&[("#", 1), ("+/+", 1)]);
        wire.publish_as(0x32, 3, &[], ("$x/y", "hidden"));
        let answer = wire.next();
        assert!(answer.starts_with("puback 3"), "{answer}");
        assert_eq!(wire.rest(), [""; 0]);
    }
}

#[test]
fn a_forbidden_filter_fails_alone() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut wire = Hello::new(v5, "a").open(&bench);
        let answer = wire.subscribe(&[("test/nosubscribe", 2), ("free", 1)]);
        assert_eq!(answer, "suback 0x80 0x01");
        wire.publish("test/nosubscribe", "x", 1, false);
        assert_eq!(wire.rest(), [""; 0]);
    }
}

#[test]
fn nothing_comes_after_unsubscribe() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut wire = Hello::new(v5, "a").open(&bench);
        wire.subscribe(&[("t/a", 1), ("t/b", 1)]);
        let answer = wire.unsubscribe(&["t/a", "t/never"]);
        assert_eq!(answer, if v5 { "unsuback 0x00 0x11" } else { "unsuback" });
        wire.publish("t/a", "x", 1, false);
        assert_eq!(wire.rest(), [""; 0]);
        let mut other = Hello::new(v5, "b").open(&bench);
        other.publish("t/b", "y", 0, false);
        assert_eq!(wire.next(), "t/b=y @0");
    }
}

#[test]
fn messages_of_one_publisher_stay_in_order() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut subscriber = Hello::new(v5, "s").open(&bench);
        subscriber.subscribe(&[("t", 1)]);
        let mut publisher = Hello::new(v5, "p").open(&bench);
        // More than the window and more than one batch.
        for n in 0..300_u16 {
            publisher.publish_as(0x32, n + 1, &[], ("t", &n.to_string()));
        }
        for n in 0..300 {
            let packet = subscriber.packet().unwrap();
            assert_eq!(packet.show(v5), format!("t={n} @1"));
            subscriber.send(0x40, &two(packet.publish_id(v5)));
        }
        for n in 1..=300 {
            assert_eq!(publisher.next(), format!("puback {n}"));
        }
    }
}

#[test]
fn an_empty_client_id_needs_a_clean_session_in_3_1_1_and_gets_a_name_in_5() {
    let bench = Bench::start();
    let (mut wire, refusal) = Hello::new(false, "").resuming().knock(&bench);
    assert_eq!(refusal.unwrap().show(false), "connack 0x02");
    assert_eq!(wire.next(), "closed");
    Hello::new(false, "").open(&bench);
    for hello in [Hello::new(true, ""), Hello::new(true, "").resuming()] {
        let (_wire, connack) = hello.join(&bench);
        let properties = connack.connack_properties();
        let at = properties.iter().position(|id| *id == 0x12).unwrap();
        let length = usize::from(u16::from_be_bytes([properties[at + 1], properties[at + 2]]));
        let id = std::str::from_utf8(&properties[at + 3..at + 3 + length]).unwrap();
        assert!(!id.is_empty());
        // The name is good for coming back.
        Hello::new(true, id).open(&bench);
    }
}

#[test]
fn the_parent_level_belongs_to_a_hash() {
    let bench = Bench::start();
    let mut wire = Hello::new(true, "a").open(&bench);
    wire.subscribe(&[("x/#", 0), ("/+", 0)]);
    for topic in ["x", "x/", "x/y/z", "/x"] {
        wire.publish_as(0x30, 0, &[], (topic, "1"));
        assert_eq!(wire.next(), format!("{topic}=1 @0"));
    }
    for topic in ["xx", "/x/y", "X"] {
        wire.publish_as(0x30, 0, &[], (topic, "1"));
    }
    assert_eq!(wire.rest(), [""; 0]);
}

#[test]
fn bytes_may_come_one_by_one_or_all_at_once() {
    let bench = Bench::start();
    for v5 in BOTH {
        let mut wire = Wire::silent(&bench, v5);
        for byte in Hello::new(v5, "slow").bytes() {
            wire.raw(&[byte]);
        }
        assert_eq!(wire.next(), "connack 0x00");
        let mut wire = Wire::silent(&bench, v5);
        let none: &[u8] = if v5 { &[0] } else { &[] };
        let subscribe = [&two(1)[..], none, &text("t"), &[0]].concat();
        let publish = [&text("t")[..], none, b"x"].concat();
        let all = [
            Hello::new(v5, "hasty").bytes(),
            Packet::bytes(0x82, &subscribe),
            Packet::bytes(0x30, &publish),
            vec![0xC0, 0],
        ];
        wire.raw(&all.concat());
        assert_eq!(wire.next(), "connack 0x00");
        let mut got = [wire.next(), wire.next(), wire.next()];
        got.sort();
        assert_eq!(got, ["pingresp", "suback 0x00", "t=x @0"]);
    }
}
