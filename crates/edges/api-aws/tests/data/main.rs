//! The data operations as the gateway's HTTPS port serves them to devices.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

#[cfg(test)]
mod connections;
mod credentials;
#[cfg(test)]
mod rig;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use picket_ports::Listen as _;
use picket_ports::messages::{ListenRequest, Listener, Origin};
use serde_json::json;

use crate::rig::{Rig, statement};

fn listen(rig: &Rig, filter: &str) -> Listener {
    let filters = vec![filter.to_owned()];
    let request = ListenRequest { filters, waiting_max: 10, with_retained: false };
    rig.broker.listen(&request).unwrap()
}

#[tokio::test]
async fn a_device_s_body_is_the_payload_whatever_its_content_type_says() {
    let rig = Rig::new(&[statement("Allow", "iot:Publish", "topic/m/*")]).await;
    let mut heard = listen(&rig, "m/#");
    for content_type in ["application/x-www-form-urlencoded", "application/json", ""] {
        let headers = [("content-type", content_type), ("x-amz-target", "Some.Thing")];
        let reply = rig.device("POST", "/topics/m/a%20b/c?qos=1", &headers, "Action=x").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.body["message"], "OK");
        let message = heard.next().await.unwrap();
        assert_eq!((&*message.topic, &*message.payload), ("m/a b/c", &b"Action=x"[..]));
        assert_eq!(message.qos, 1);
        let principal = rig.certificate.as_str().into();
        assert_eq!(message.origin, Origin::Http { principal });
    }
    assert_eq!(rig.counts(), ["in m/a b/c 8"; 3]);
}

#[tokio::test]
async fn every_property_of_a_message_has_its_place_in_the_request() {
    let rig = Rig::new(&[statement("Allow", "iot:Publish", "topic/m")]).await;
    let mut heard = listen(&rig, "m");
    let pairs = r#"[{"b":"1"},{"a":"2"},{"b":"3"}]"#;
    // botocore sends the array as a text inside JSON.
    let inside = serde_json::to_string(pairs).unwrap();
    for pairs in [pairs, &inside] {
        let headers = [
            ("x-amz-mqtt5-user-properties", &*STANDARD.encode(pairs)),
            ("x-amz-mqtt5-payload-format-indicator", "UTF8_DATA"),
            ("x-amz-mqtt5-correlation-data", &*STANDARD.encode(b"\x00\x01")),
        ];
        let target = "/topics/m?contentType=text%2Fplain%3B%20a%2Bb&responseTopic=an%2Fswers&messageExpiry=0";
        assert_eq!(rig.device("POST", target, &headers, "x").await.status, 200);
        let properties = heard.next().await.unwrap().properties.clone();
        let user: Vec<_> = properties.user.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(user, [("b", "1"), ("a", "2"), ("b", "3")]);
        assert_eq!(properties.payload_format, Some(1));
        assert_eq!(properties.correlation_data.as_deref(), Some(&b"\x00\x01"[..]));
        assert_eq!(properties.content_type.as_deref(), Some("text/plain; a+b"));
        assert_eq!(properties.response_topic.as_deref(), Some("an/swers"));
        // As over MQTT: 0 becomes 1.
        assert_eq!(properties.expiry_seconds, Some(1));
    }
}

#[tokio::test]
async fn policies_decide_and_a_denied_publish_is_charged_to_the_thing() {
    let rig = Rig::new(&[
        statement("Allow", "iot:Publish", "topic/m/*"),
        statement("Allow", "iot:RetainPublish", "topic/m/kept"),
        statement("Deny", "iot:Publish", "topic/m/secret"),
    ])
    .await;
    let publish = async |target: &str| rig.device("POST", target, &[], "x").await;
    assert_eq!(publish("/topics/m/kept?retain=true").await.status, 200);
    for (target, words) in [
        ("/topics/other", "no policy statement allows iot:Publish on topic/other"),
        ("/topics/m/secret", "denies iot:Publish on topic/m/secret"),
        ("/topics/m/x?retain=true", "no policy statement allows iot:RetainPublish on topic/m/x"),
    ] {
        publish(target).await.is_error(403, "ForbiddenException", words);
    }
    assert_eq!(rig.counts(), ["in m/kept 1", "denied other", "denied m/secret", "denied m/x"]);
    // What another device retained cannot be read without the right.
    let read = rig.device("GET", "/retainedMessage/m/kept", &[], "").await;
    read.is_error(403, "ForbiddenException", "iot:GetRetainedMessage");
    let list = rig.device("GET", "/retainedMessage", &[], "").await;
    list.is_error(403, "ForbiddenException", "iot:ListRetainedMessages");
    assert_eq!(rig.counts().len(), 4, "reading is no publish");
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_gone_with_the_next_request() {
    let rig = Rig::new(&[statement("Allow", "iot:Publish", "topic/m")]).await;
    assert_eq!(rig.device("POST", "/topics/m", &[], "x").await.status, 200);
    rig.detach_policy().await;
    assert_eq!(rig.device("POST", "/topics/m", &[], "x").await.status, 403);
}

#[tokio::test]
async fn a_policy_can_ask_for_what_stands_in_the_certificate() {
    let resource = "topic/${iot:Certificate.Subject.CommonName}/m";
    let rig = Rig::new(&[statement("Allow", "iot:Publish", resource)]).await;
    // Its name is the one that certificates made by the server have.
    let target = "/topics/AWS%20IoT%20Certificate/m";
    assert_eq!(rig.device("POST", target, &[], "x").await.status, 200);
    assert_eq!(rig.device("POST", "/topics/other/m", &[], "x").await.status, 403);
}

#[tokio::test]
async fn retained_messages_are_read_by_devices_that_may() {
    let rig = Rig::new(&[
        statement("Allow", "iot:Publish", "topic/m/*"),
        statement("Allow", "iot:RetainPublish", "topic/m/*"),
        statement("Allow", "iot:GetRetainedMessage", "topic/m/*"),
        json!({"Effect": "Allow", "Action": "iot:ListRetainedMessages", "Resource": "*"}),
    ])
    .await;
    for number in 0..3 {
        let target = format!("/topics/m/{number}?retain=true&qos=1");
        assert_eq!(rig.device("POST", &target, &[], "abc").await.status, 200);
    }
    let read = rig.device("GET", "/retainedMessage/m/1", &[], "").await.body;
    assert_eq!(read["payload"], STANDARD.encode("abc"));
    assert_eq!((&read["topic"], &read["qos"]), (&json!("m/1"), &json!(1)));
    assert_eq!(read.get("userProperties"), None);
    let first = rig.device("GET", "/retainedMessage?maxResults=2", &[], "").await.body;
    assert_eq!(first["retainedTopics"].as_array().unwrap().len(), 2);
    let token = first["nextToken"].as_str().unwrap();
    let target = format!("/retainedMessage?maxResults=2&nextToken={}", token.replace('+', "%2B"));
    let rest = rig.device("GET", &target, &[], "").await.body;
    assert_eq!(rest["retainedTopics"][0]["topic"], "m/2");
    assert_eq!(rest.get("nextToken"), None);
    let absent = rig.device("GET", "/retainedMessage/m/9", &[], "").await;
    absent.is_error(404, "ResourceNotFoundException", "`m/9`");
}

#[tokio::test]
async fn a_report_goes_to_detection_and_to_the_rules_but_not_to_subscribers() {
    let rig = Rig::new(&[statement("Allow", "iot:Publish", "topic/$aws/*")]).await;
    let topic = "$aws/things/pump/defender/metrics/json";
    let mut heard = listen(&rig, "$aws/#");
    let target = format!("/topics/{}", topic.replace('$', "%24"));
    assert_eq!(rig.device("POST", &target, &[], "good").await.status, 200);
    assert_eq!(&*heard.next().await.unwrap().topic, &*format!("{topic}/accepted"));
    let rejected = rig.device("POST", &target, &[], "bad").await;
    rejected.is_error(400, "InvalidRequestException", "the report was rejected: it is bad");
    assert_eq!(&*heard.next().await.unwrap().topic, &*format!("{topic}/rejected"));
    let unstored = rig.device("POST", &target, &[], "unstorable").await;
    unstored.is_error(503, "ServiceUnavailableException", "send it again later");
    assert_eq!(rig.seen_by_rules(), [topic.to_owned()], "only the good one");
}

#[tokio::test]
async fn basic_ingest_reaches_the_rules_and_other_reserved_topics_nobody() {
    let rig = Rig::new(&[statement("Allow", "iot:*", "topic/*")]).await;
    assert_eq!(rig.device("POST", "/topics/%24aws/rules/r/x", &[], "x").await.status, 200);
    for target in
        ["/topics/%24aws/events/x", "/topics/%24SYS/x", "/topics/%24aws/rules/r?retain=true"]
    {
        let reply = rig.device("POST", target, &[], "x").await;
        assert_eq!(reply.status, 400, "{}", reply.body);
    }
}

#[tokio::test]
async fn devices_see_nothing_of_the_control_plane() {
    let rig = Rig::new(&[json!({"Effect": "Allow", "Action": "iot:*", "Resource": "*"})]).await;
    for target in ["/things", "/policies", "/", "/topics", "/topicsx/a", "/mqtt"] {
        let reply = rig.device("GET", target, &[], "").await;
        reply.is_error(404, "ResourceNotFoundException", "only messages");
    }
    let reply = rig.device("GET", "/topics/a", &[], "").await;
    assert!(reply.status >= 400 && reply.status < 500, "{}", reply.body);
}

#[tokio::test]
async fn a_stranger_is_not_let_in() {
    let rig = Rig::new(&[statement("Allow", "iot:Publish", "topic/m")]).await;
    let reply = rig.stranger("POST", "/topics/m", "x").await;
    reply.is_error(403, "MissingAuthenticationTokenException", "");
}

#[tokio::test]
async fn odd_bytes_in_a_request_are_refused_as_such() {
    let rig = Rig::new(&[statement("Allow", "iot:Publish", "topic/*")]).await;
    let long = "x".repeat(128 * 1024 + 1);
    let too_large = rig.device("POST", "/topics/m", &[], &long).await;
    too_large.is_error(413, "RequestEntityTooLargeException", "131072");
    for (target, words) in [
        ("/topics/a%00b", "U+0000"),
        ("/topics/a/%23", "wildcard"),
        ("/topics/%FF", "UTF-8"),
        ("/topics/a?qos=2", "from 0 to 1"),
        ("/topics/a?qos=x", "from 0 to 1"),
        ("/topics/a?retain=yes", "true or false"),
        ("/topics/a?messageExpiry=-1", "messageExpiry"),
        ("/topics/a?responseTopic=%2B", "wildcard"),
        ("/topics/a/b/c/d/e/f/g/h/i", "too many levels"),
    ] {
        let reply = rig.device("POST", target, &[], "x").await;
        reply.is_error(400, "InvalidRequestException", words);
    }
    for (name, value) in [
        ("x-amz-mqtt5-user-properties", "@@"),
        ("x-amz-mqtt5-user-properties", "e30="),
        ("x-amz-mqtt5-correlation-data", "@@"),
        ("x-amz-mqtt5-payload-format-indicator", "UTF-8"),
    ] {
        let reply = rig.device("POST", "/topics/a", &[(name, value)], "x").await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.body);
    }
}
