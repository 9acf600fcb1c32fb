//! MQTT 3.1.1 and 5 on the plaintext listener.

use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::{
    MessageExpiryInterval, Packet, Property, Qos, ReceiveMaximum, SessionExpiryInterval, SubEntry,
    SubOpts, SubscriptionIdentifier, TopicAlias, TopicAliasMaximum, v3_1_1, v5_0,
};

use crate::bench::Bench;
use crate::client::Client;

fn pair(bench: &Bench, v5: bool) -> (Client, Client) {
    let mut one = Client::plain(bench, v5);
    let mut two = Client::plain(bench, v5);
    assert!(one.connect("one").ends_with("false"));
    assert!(two.connect("two").ends_with("false"));
    (one, two)
}

#[test]
fn every_qos_gets_from_publisher_to_subscriber() {
    let bench = Bench::start();
    for v5 in [false, true] {
        let (mut one, mut two) = pair(&bench, v5);
        two.subscribe(&[("t/#", 2)]);
        for qos in 0..=2 {
            one.publish("t/x", "hi", qos, false);
            assert_eq!(two.next(), format!("t/x=hi @{qos}"));
        }
        assert_eq!([one.next(), one.next(), one.next()], ["puback", "pubrec", "pubcomp"]);
        assert_eq!(two.next(), "pubrel");
    }
}

#[test]
fn a_session_goes_on_with_what_was_not_acknowledged() {
    let bench = Bench::start();
    for v5 in [false, true] {
        let expiry = || vec![Property::from(SessionExpiryInterval::new(60).unwrap())];
        let mut sub = Client::plain(&bench, v5).hold_acks();
        sub.connect_with("sub", false, 60, expiry());
        sub.subscribe(&[("t", 2)]);
        let mut publisher = Client::plain(&bench, v5);
        publisher.connect("pub");
        publisher.publish("t", "1", 1, false);
        publisher.publish("t", "2", 2, false);
        assert_eq!(sub.next(), "t=1 @1");
        let Some(packet) = sub.next_within(Duration::from_secs(5)) else { panic!("no message") };
        // The second one gets as far as PUBREC.
        match packet {
            Packet::V3_1_1Publish(p) => {
                let id = p.packet_id().unwrap();
                sub.send(v3_1_1::Pubrec::builder().packet_id(id).build().unwrap());
            }
            Packet::V5_0Publish(p) => {
                let id = p.packet_id().unwrap();
                sub.send(v5_0::Pubrec::builder().packet_id(id).build().unwrap());
            }
            other => panic!("{other}"),
        }
        assert_eq!(sub.next(), "pubrel");
        drop(sub);
        let mut sub = Client::plain(&bench, v5).hold_acks();
        publisher.publish("t", "3", 1, false);
        let answer = sub.connect_with("sub", false, 60, expiry());
        assert!(answer.ends_with("true"), "{answer}");
        let mut got = [sub.next(), sub.next(), sub.next()];
        got.sort();
        assert_eq!(got, ["pubrel", "t=1 @1", "t=3 @1"]);
        drop(sub);
        Client::plain(&bench, v5).connect("sub");
    }
}

#[test]
fn a_will_is_sent_when_the_connection_breaks_and_not_after_disconnect() {
    let bench = Bench::start();
    for v5 in [false, true] {
        let mut watcher = Client::plain(&bench, v5);
        watcher.connect("watcher");
        watcher.subscribe(&[("wills/+", 1)]);
        let mut polite = Client::plain(&bench, v5);
        polite.connect_with_will("polite", "wills/polite");
        polite.disconnect();
        let mut lost = Client::plain(&bench, v5);
        lost.connect_with_will("lost", "wills/lost");
        drop(lost);
        assert_eq!(watcher.next(), "wills/lost=gone @1");
        assert!(watcher.is_quiet());
    }
}

#[test]
fn the_newer_connection_of_a_client_id_wins() {
    let bench = Bench::start();
    let mut old = Client::plain(&bench, true);
    old.connect("same");
    let mut new = Client::plain(&bench, true);
    assert_eq!(new.connect("same"), "connack Success false");
    assert_eq!(old.next(), "disconnect SessionTakenOver");
    assert_eq!(old.next(), "closed");
    new.publish("t", "x", 1, false);
    assert_eq!(new.next(), "puback");
    bench.until("one connection", || bench.gateway.counters().open == 1);
}

#[test]
fn retained_messages_come_with_a_subscription_and_go_with_an_empty_payload() {
    let bench = Bench::start();
    let (mut one, mut two) = pair(&bench, false);
    one.publish("r/a", "kept", 1, true);
    assert_eq!(one.next(), "puback");
    two.subscribe(&[("r/+", 1)]);
    assert_eq!(two.next(), "r/a=kept @1 retained");
    one.publish("r/a", "live", 1, true);
    assert_eq!(two.next(), "r/a=live @1");
    one.publish("r/a", "", 1, true);
    assert_eq!(two.next(), "r/a= @1");
    let mut three = Client::plain(&bench, false);
    three.connect("three");
    three.subscribe(&[("r/#", 1)]);
    assert!(three.is_quiet());
}

#[test]
fn subscription_options_hold() {
    let bench = Bench::start();
    let (mut one, mut two) = pair(&bench, true);
    let options = SubOpts::new().set_qos(Qos::AtLeastOnce).set_nl(true).set_rap(true);
    let id = Property::from(SubscriptionIdentifier::new(77).unwrap());
    one.subscribe_to(vec![SubEntry::new("t", options).unwrap()], vec![id.clone()]);
    two.subscribe_to(vec![SubEntry::new("t", options).unwrap()], vec![id.clone()]);
    one.publish("t", "x", 1, true);
    let Some(Packet::V5_0Publish(got)) = two.next_within(Duration::from_secs(5)) else {
        panic!("no message")
    };
    assert!(got.retain());
    assert!(got.props().contains(&id), "{got}");
    assert_eq!(one.next(), "puback");
    assert!(one.is_quiet());
}

#[test]
fn aliases_expiry_and_user_properties_travel() {
    let bench = Bench::start();
    let mut one = Client::plain(&bench, true);
    one.connect("one");
    let mut two = Client::plain(&bench, true);
    let aliases = vec![TopicAliasMaximum::new(1).unwrap().into()];
    two.connect_with("two", true, 60, aliases);
    two.subscribe(&[("t/#", 1)]);
    let alias = || Property::from(TopicAlias::new(3).unwrap());
    let expiry = Property::from(MessageExpiryInterval::new(100).unwrap());
    one.publish_with("t/a", "1", 0, false, vec![alias(), expiry.clone()]);
    one.publish_with("", "2", 0, false, vec![alias()]);
    let Some(Packet::V5_0Publish(first)) = two.next_within(Duration::from_secs(5)) else {
        panic!("no message")
    };
    assert!(first.props().contains(&expiry), "{first}");
    assert!(first.props().contains(&TopicAlias::new(1).unwrap().into()), "{first}");
    let Some(Packet::V5_0Publish(second)) = two.next_within(Duration::from_secs(5)) else {
        panic!("no message")
    };
    assert!(second.topic_name_extracted() && second.topic_name() == "t/a", "{second}");
}

#[test]
fn an_explicit_alias_maximum_of_zero_is_understood() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, true);
    client.raw(b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x03\x22\x00\x00\x00\x01z");
    bench.until("session", || bench.broker.session_count() == 1);
    let mut other = Client::plain(&bench, true);
    assert_eq!(other.connect("other"), "connack Success false");
}

#[test]
fn the_receive_maximum_of_a_client_is_kept() {
    let bench = Bench::start();
    let mut one = Client::plain(&bench, true);
    one.connect("one");
    let mut two = Client::plain(&bench, true).hold_acks();
    two.connect_with("two", true, 60, vec![ReceiveMaximum::new(2).unwrap().into()]);
    two.subscribe(&[("t", 1)]);
    for n in ["1", "2", "3"] {
        one.publish("t", n, 1, false);
    }
    assert_eq!(two.next(), "t=1 @1");
    assert_eq!(two.next(), "t=2 @1");
    assert!(two.is_quiet());
    two.send(v5_0::Puback::builder().packet_id(1u16).build().unwrap());
    assert_eq!(two.next(), "t=3 @1");
}

#[test]
fn shared_subscribers_take_turns() {
    let bench = Bench::start();
    let (mut one, mut two) = pair(&bench, false);
    let mut publisher = Client::plain(&bench, true);
    publisher.connect("pub");
    one.subscribe(&[("$share/g/t", 0)]);
    two.subscribe(&[("$share/g/t", 0)]);
    for _ in 0..4 {
        publisher.publish("t", "x", 0, false);
    }
    for client in [&mut one, &mut two] {
        assert_eq!([client.next(), client.next()], ["t=x @0", "t=x @0"]);
        assert!(client.is_quiet());
    }
}

#[test]
fn an_empty_client_id_needs_a_clean_session_in_3_1_1() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, false);
    assert_eq!(client.connect(""), "connack Accepted false");
    let mut raw = Client::plain(&bench, false);
    raw.raw(b"\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00");
    bench.until("refusal", || bench.gateway.counters().refused.len() == 1);
}

#[test]
fn some_filters_may_not_be_subscribed_and_dollar_topics_not_be_published() {
    let bench = Bench::start();
    let (mut one, mut two) = pair(&bench, false);
    let answer = one.subscribe(&[("test/nosubscribe", 2), ("ok", 2), ("$SYS/#", 0)]);
    assert_eq!(answer, "suback Failure SuccessMaximumQos2 Failure");
    two.publish("$other/x", "x", 1, false);
    assert_eq!(two.next(), "puback");
    let denied = bench.counted("two");
    assert!(denied.contains("denied $other/x"), "{denied:?}");
}

#[test]
fn a_protocol_level_that_is_not_known_is_told_so() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, false);
    client.raw(b"\x10\x0d\x00\x04MQTT\x03\x02\x00\x3c\x00\x01a");
    bench.until("refusal", || bench.gateway.counters().refused.len() == 1);
}

#[test]
fn what_the_rules_want_is_acknowledged_when_they_are_done() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    client.publish("tapped/ok", "x", 1, false);
    assert_eq!(client.next(), "puback");
    client.publish("tapped/fail", "x", 1, false);
    assert_eq!(client.next(), "puback UnspecifiedError");
    assert_eq!(bench.gateway.ledger().dropped.get("rule_failed"), Some(&1));
}

#[test]
fn shutting_down_tells_the_clients_and_ends_in_time() {
    let bench = Bench::start();
    let mut client = Client::plain(&bench, true);
    client.connect("c");
    assert!(bench.runtime.block_on(bench.gateway.shut_down(Duration::from_secs(3))));
    assert_eq!(client.next(), "disconnect ServerShuttingDown");
    assert_eq!(client.next(), "closed");
}
