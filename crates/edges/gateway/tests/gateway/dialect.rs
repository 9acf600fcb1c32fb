//! What AWS IoT does otherwise than the standard, on the TLS listeners (spec iot-core §3.2, §3.5).

use mqtt_protocol_core::mqtt::packet::{
    Packet, Property, Qos, SubEntry, SubOpts, SubscriptionIdentifier, v3_1_1, v5_0,
};

use crate::bench::Bench;
use crate::client::{Client, show};

fn pump(bench: &Bench, v5: bool) -> Client {
    let device = bench.device();
    let mut client = Client::secure(bench, &device, v5);
    client.connect("pump");
    client
}

#[test]
fn qos_2_is_refused_wherever_it_is_asked_for() {
    let bench = Bench::start();
    let ends = |v5, mut client: Client| {
        if v5 {
            assert_eq!(client.next(), "disconnect QosNotSupported");
        }
        assert_eq!(client.next(), "closed");
    };
    for v5 in [false, true] {
        let mut client = pump(&bench, v5);
        client.publish("own/pump/x", "x", 2, false);
        ends(v5, client);
        let mut client = pump(&bench, v5);
        let answer = client.subscribe(&[("own/pump/x", 1), ("own/pump/y", 2)]);
        assert_eq!(answer, if v5 { "disconnect QosNotSupported" } else { "closed" });
    }
    let device = bench.device();
    let will = |client: &mut Client, v5: bool| {
        let (topic, qos) = ("own/pump/will", Qos::ExactlyOnce);
        if v5 {
            let connect = v5_0::Connect::builder().client_id("pump").unwrap().clean_start(true);
            client.send(connect.will_message(topic, "x", qos, false).unwrap().build().unwrap());
        } else {
            let connect = v3_1_1::Connect::builder().client_id("pump").unwrap();
            let connect = connect.clean_session(true).will_message(topic, "x", qos, false);
            client.send(connect.unwrap().build().unwrap());
        }
        client.next()
    };
    let answer = will(&mut Client::secure(&bench, &device, true), true);
    assert_eq!(answer, "connack QosNotSupported false");
    // No code of 3.1.1 says that.
    assert_eq!(will(&mut Client::secure(&bench, &device, false), false), "closed");
}

#[test]
fn packets_of_qos_2_are_refused_too() {
    let bench = Bench::start();
    for v5 in [false, true] {
        let mut client = pump(&bench, v5);
        client.raw(b"\x62\x02\x00\x07");
        if v5 {
            let told = "disconnect ProtocolError: PUBREL belongs to QoS 2, which is not supported";
            assert_eq!(client.next_told(), told);
        }
        assert_eq!(client.next(), "closed");
    }
}

#[test]
fn qos_2_works_with_tls_if_the_configuration_allows_it() {
    let bench = Bench::with("max_qos = 2");
    let mut client = pump(&bench, true);
    assert_eq!(client.subscribe(&[("own/pump/#", 2)]), "suback GrantedQos2");
    client.publish("own/pump/x", "x", 2, false);
    let mut got: Vec<String> = (0..4).map(|_| client.next()).collect();
    got.sort();
    assert_eq!(got, ["own/pump/x=x @2", "pubcomp", "pubrec", "pubrel"]);
}

#[test]
fn the_connack_says_what_is_not_on_offer() {
    let bench = Bench::start();
    let device = bench.device();
    let mut client = Client::secure(&bench, &device, true);
    let connect = v5_0::Connect::builder().client_id("pump").unwrap();
    client.send(connect.clean_start(true).keep_alive(5).build().unwrap());
    let Some(Packet::V5_0Connack(connack)) = client.next_within(std::time::Duration::from_secs(5))
    else {
        panic!("no CONNACK")
    };
    let said: Vec<String> = connack.props().iter().map(|it| format!("{it:?}")).collect();
    for name in [
        "MaximumQos",
        "SubscriptionIdentifierAvailable",
        "ServerKeepAlive",
        "MaximumPacketSize",
        "ReceiveMaximum",
        "TopicAliasMaximum",
    ] {
        assert!(said.iter().any(|property| property.starts_with(name)), "{name}: {said:?}");
    }
}

#[test]
fn a_subscription_identifier_ends_the_connection() {
    let bench = Bench::start();
    let mut client = pump(&bench, true);
    let entry = SubEntry::new("own/pump/x", SubOpts::new()).unwrap();
    let id = Property::from(SubscriptionIdentifier::new(1).unwrap());
    let answer = client.subscribe_to(vec![entry], vec![id]);
    assert_eq!(answer, "disconnect SubscriptionIdentifiersNotSupported");
}

#[test]
fn retained_messages_come_for_exact_filters_only_and_a_hash_leaves_its_parent_out() {
    let bench = Bench::start();
    bench.registry.set_policy(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#,
    );
    let mut client = pump(&bench, true);
    client.publish("r/a", "kept", 1, true);
    assert_eq!(client.next(), "puback");
    assert_eq!(client.subscribe(&[("r/#", 1), ("r/a/#", 1)]), "suback GrantedQos1 GrantedQos1");
    assert!(client.is_quiet());
    assert_eq!(client.subscribe(&[("r/a", 0)]), "suback GrantedQos0");
    assert_eq!(client.next(), "r/a=kept @0 retained");
    client.publish("r/a/b", "once", 0, false);
    assert_eq!(client.next(), "r/a/b=once @0");
    client.publish("r", "parent", 0, false);
    assert!(client.is_quiet());
}

#[test]
fn too_long_too_deep_and_too_many_are_told_apart() {
    let bench = Bench::start();
    bench.registry.set_policy(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#,
    );
    let mut client = pump(&bench, true);
    for topic in ["a/b/c/d/e/f/g/h/i", &"x".repeat(257)] {
        client.publish(topic, "x", 1, false);
        assert_eq!(client.next(), "puback TopicNameInvalid");
        assert_eq!(client.subscribe(&[(topic, 0)]), "suback TopicFilterInvalid");
    }
    client.publish("a/b/c/d/e/f/g/h", "x", 1, false);
    assert_eq!(client.next(), "puback");
    let filters: Vec<String> = (0..51).map(|n| format!("f/{n}")).collect();
    let mut codes = Vec::new();
    for chunk in filters.chunks(8) {
        let chunk: Vec<(&str, u8)> = chunk.iter().map(|filter| (filter.as_str(), 0)).collect();
        codes.push(client.subscribe(&chunk));
    }
    let last = codes.last().unwrap();
    assert_eq!(last, "suback GrantedQos0 GrantedQos0 QuotaExceeded");
    let nine: Vec<(&str, u8)> = filters.iter().take(9).map(|it| (it.as_str(), 0)).collect();
    assert_eq!(client.subscribe(&nine), "disconnect QuotaExceeded");
    let mut client = pump(&bench, true);
    client.publish("own/x", &"x".repeat(131_073), 1, false);
    let answer = client.next_within(std::time::Duration::from_secs(5));
    assert_eq!(answer.as_ref().map(show).as_deref(), Some("disconnect PacketTooLarge"));
}
