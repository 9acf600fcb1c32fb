//! What developers are told of a refusal, and what they are not (spec iot-core §3.6).

use mqtt_protocol_core::mqtt::packet::{
    MaximumPacketSize, Property, RequestProblemInformation, ResponseTopic, UserProperty,
};

use crate::bench::Bench;
use crate::client::Client;

const READERS: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["iot:Connect","iot:Subscribe"],"Resource":["*:client/pump","*:topicfilter/news"]},
  {"Effect":"Allow","Action":"iot:Publish","Resource":"*:topic/own/*"}]}"#;
const SECRETS: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Sid":"NoSecrets","Effect":"Deny","Action":"iot:*","Resource":["*:topic/own/secret","*:client/banned"]}]}"#;

fn device_client(bench: &Bench, v5: bool) -> Client {
    let device = bench.device();
    bench.registry.set_policies_of(&device.id, &[("readers", READERS), ("secrets", SECRETS)]);
    Client::secure(bench, &device, v5)
}

fn pump(bench: &Bench) -> Client {
    let mut client = device_client(bench, true);
    assert_eq!(client.connect("pump"), "connack Success false");
    client
}

#[test]
fn a_denied_publish_names_the_statement_or_the_policies() {
    let bench = Bench::start();
    let mut client = pump(&bench);
    client.publish("other", "x", 1, false);
    assert_eq!(
        client.next_told(),
        "puback NotAuthorized: iot:Publish on topic/other is not allowed by any statement of \
         policies readers, secrets"
    );
    client.publish("own/secret", "x", 1, false);
    assert_eq!(
        client.next_told(),
        "puback NotAuthorized: statement 1 (NoSecrets) of policy secrets denies iot:Publish on \
         topic/own/secret"
    );
    client.publish("own/x", "x", 1, true);
    assert_eq!(
        client.next_told(),
        "puback NotAuthorized: iot:RetainPublish on topic/own/x is not allowed by any statement of \
         policies readers, secrets"
    );
    client.publish("other", "x", 0, false);
    let told = client.next_told();
    assert!(told.starts_with("disconnect NotAuthorized: iot:Publish on topic/other "), "{told}");
}

#[test]
fn a_denied_connect_and_a_denied_will_say_why() {
    let bench = Bench::start();
    let mut client = device_client(&bench, true);
    client.send_connect("banned", Vec::new());
    assert_eq!(
        client.next_told(),
        "connack NotAuthorized false: statement 1 (NoSecrets) of policy secrets denies iot:Connect \
         on client/banned"
    );
    let mut client = device_client(&bench, true);
    client.send_connect("other", Vec::new());
    assert_eq!(
        client.next_told(),
        "connack NotAuthorized false: iot:Connect on client/other is not allowed by any statement \
         of policies readers, secrets"
    );
    let mut client = device_client(&bench, true);
    client.send_will("pump", "other/will");
    let told = client.next_told();
    assert!(
        told.contains("the will cannot be published: iot:Publish on topic/other/will"),
        "{told}"
    );
}

#[test]
fn a_suback_tells_of_each_filter_that_was_refused() {
    let bench = Bench::start();
    let mut client = pump(&bench);
    client.subscribe_silently(&[("news", 0), ("a", 0), ("b/#/c", 0)]);
    assert_eq!(
        client.next_told(),
        "suback GrantedQos0 NotAuthorized TopicFilterInvalid: iot:Subscribe on topicfilter/a is not \
         allowed by any statement of policies readers, secrets; b/#/c is not a valid filter: a wildcard \
         stands in a place where none may stand"
    );
}

#[test]
fn an_unsuback_tells_of_a_filter_that_cannot_be() {
    let bench = Bench::start();
    let mut client = pump(&bench);
    let deep = "a/b/c/d/e/f/g/h/i";
    client.unsubscribe_silently(&["news", deep]);
    assert_eq!(
        client.next_told(),
        "unsuback NoSubscriptionExisted TopicFilterInvalid: a/b/c/d/e/f/g/h/i is not a valid filter: \
         it has too many levels (at most 256 bytes and 7 slashes)"
    );
}

#[test]
fn a_will_that_cannot_be_says_why() {
    let bench = Bench::start();
    let told = |topic: &str, properties: Vec<Property>| {
        let mut client = device_client(&bench, true);
        client.send_will_with("pump", topic, properties);
        client.next_told()
    };
    assert_eq!(
        told("a/b/c/d/e/f/g/h/i", Vec::new()),
        "connack TopicNameInvalid false: the will's topic is not valid: it has too many levels (at \
         most 256 bytes and 7 slashes)"
    );
    let response = Property::from(ResponseTopic::new("own/+").unwrap());
    assert_eq!(
        told("own/x", vec![response]),
        "connack ProtocolError false: the will's response topic contains a wildcard"
    );
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;
    let device = bench.device();
    bench.registry.set_policies_of(&device.id, &[("all", all)]);
    let mut client = Client::secure(&bench, &device, true);
    client.send_will("pump", "$aws/things/pump/shadow/update");
    assert_eq!(
        client.next_told(),
        "connack TopicNameInvalid false: a will cannot be published on a reserved topic"
    );
    // It is a mistake and no attack.
    assert!(!bench.counted("pump").iter().any(|line| line.contains("denied")));
}

#[test]
fn limits_of_the_protocol_say_what_they_are() {
    let bench = Bench::start();
    let mut client = pump(&bench);
    client.raw(b"\x30\x04\x00\x00\x00x");
    assert_eq!(
        client.next_told(),
        "disconnect TopicAliasInvalid: a topic alias is not from 1 to 8, or a PUBLISH has neither a \
         topic nor an alias that was set"
    );
    let mut client = pump(&bench);
    client.publish("own/x", "x", 2, false);
    let told = "disconnect QosNotSupported: QoS 2 is not supported; at most 1 is";
    assert_eq!(client.next_told(), told);
}

#[test]
fn a_connect_that_is_too_large_is_told_so() {
    let bench = Bench::with("connect_bytes_max = 1000");
    let mut client = device_client(&bench, true);
    let long = UserProperty::new("a", "x".repeat(2000)).unwrap();
    client.send_connect("pump", vec![long.into()]);
    let told = client.next_told();
    assert!(told.starts_with("connack PacketTooLarge false: the CONNECT has 20"), "{told}");
    assert!(told.ends_with(" bytes; at most 1000 are allowed"), "{told}");
    assert_eq!(client.next(), "closed");
}

#[test]
fn limits_say_what_they_are() {
    let bench = Bench::start();
    let mut client = pump(&bench);
    client.publish("a/b/c/d/e/f/g/h/i", "x", 1, false);
    assert_eq!(
        client.next_told(),
        "puback TopicNameInvalid: the topic is not valid: it has too many levels (at most 256 bytes \
         and 7 slashes)"
    );
    client.publish("$aws/things/pump/shadow/update", "x", 1, false);
    assert!(client.next_told().starts_with("puback NotAuthorized"));
    client.publish("own/x", &"x".repeat(131_073), 1, false);
    assert_eq!(
        client.next_told(),
        "disconnect PacketTooLarge: the payload has 131073 bytes; at most 131072 are allowed"
    );
    let mut client = pump(&bench);
    let nine: Vec<String> = (0..9).map(|n| format!("f/{n}")).collect();
    let nine: Vec<(&str, u8)> = nine.iter().map(|filter| (filter.as_str(), 0)).collect();
    client.subscribe_silently(&nine);
    assert_eq!(
        client.next_told(),
        "disconnect QuotaExceeded: SUBSCRIBE has 9 filters; at most 8 are allowed"
    );
    let mut client = pump(&bench);
    client.raw(b"\x30\xff\xff\xff\x7f");
    assert_eq!(
        client.next_told(),
        "disconnect PacketTooLarge: a packet is larger than 147456 bytes"
    );
}

#[test]
fn those_who_do_not_want_reasons_or_have_no_room_for_them_get_none() {
    let bench = Bench::start();
    for property in [
        Property::from(RequestProblemInformation::new(0).unwrap()),
        MaximumPacketSize::new(200).unwrap().into(),
    ] {
        let mut client = device_client(&bench, true);
        client.send_connect("pump", vec![property]);
        assert_eq!(client.next(), "connack Success false");
        client.publish("other", "x", 1, false);
        assert_eq!(client.next_told(), "puback NotAuthorized");
        client.subscribe_silently(&[("a", 0)]);
        assert_eq!(client.next_told(), "suback NotAuthorized");
        client.publish("other", "x", 0, false);
        assert_eq!(client.next_told(), "disconnect NotAuthorized");
    }
}

#[test]
fn a_3_1_1_client_is_closed_or_told_by_the_only_codes_it_knows() {
    let bench = Bench::start();
    let mut client = device_client(&bench, false);
    client.connect("pump");
    assert_eq!(client.subscribe(&[("news", 1), ("a", 1)]), "suback SuccessMaximumQos1 Failure");
    client.publish("other", "x", 0, false);
    assert_eq!(client.next(), "closed");
    let strict = Bench::with("[tls_rules]\nclose_on_denied_subscribe = true");
    let mut client = device_client(&strict, false);
    client.connect("pump");
    assert_eq!(client.subscribe(&[("news", 1), ("a", 1)]), "closed");
    let mut client = device_client(&strict, true);
    client.connect("pump");
    assert_eq!(client.subscribe(&[("a", 1)]), "suback NotAuthorized");
}
