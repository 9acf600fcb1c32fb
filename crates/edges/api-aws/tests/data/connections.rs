//! Connections over HTTPS: who may look at them, end them, and send single clients something.

use std::sync::Arc;

use picket_broker::{Attachment, SessionRequest, SubscribeOptions};
use picket_ports::{ConnectionFacts, Message};
use picket_session::{Dialect, Effect};
use serde_json::json;
use tokio::sync::Notify;

use crate::rig::{Rig, statement};

fn connect(rig: &Rig, client_id: &str, wake: &Arc<Notify>) -> Attachment {
    let request = SessionRequest {
        client_id: client_id.into(),
        clean_start: true,
        expiry_seconds: 0,
        receive_maximum: 100,
        connection_number_min: 0,
        protocol_level: 5,
        will: None,
        facts: ConnectionFacts::default(),
    };
    let attachment = rig.broker.connect(request, Arc::clone(wake)).unwrap().attachment;
    let options = SubscribeOptions {
        qos: 1,
        no_local: false,
        retain_as_published: false,
        retain_handling: 0,
        id: None,
        dialect: Dialect::Aws,
    };
    attachment.subscribe("in", options);
    attachment
}

/// What waits for the client: packet ids and messages.
fn inbox(attachment: &Attachment) -> Vec<(Option<u16>, Arc<Message>)> {
    let mut effects = Vec::new();
    attachment.fill(100, &mut |_| true, &mut effects);
    let sent = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send { packet_id, delivery, .. } => Some((packet_id, delivery.message)),
        _ => None,
    });
    sent.collect()
}

#[tokio::test]
async fn a_device_sees_and_ends_the_connections_that_its_policies_name() {
    let own = |action| statement("Allow", action, "client/own");
    let statements =
        ["iot:GetConnection", "iot:ListSubscriptions", "iot:DeleteConnection"].map(own);
    let rig = Rig::new(&statements).await;
    let wake = Arc::new(Notify::new());
    let (_own, _other) = (connect(&rig, "own", &wake), connect(&rig, "other", &wake));
    for (method, target, action) in [
        ("GET", "/connections/other", "iot:GetConnection on client/other"),
        ("GET", "/connections/other/subscriptions", "iot:ListSubscriptions on client/other"),
        ("DELETE", "/connections/other", "iot:DeleteConnection on client/other"),
        ("GET", "/connections/nobody", "iot:GetConnection on client/nobody"),
        ("POST", "/connections/own/messages?topic=t", "iot:SendDirectMessage on client/own"),
    ] {
        rig.device(method, target, &[], "").await.is_error(403, "ForbiddenException", action);
    }
    let shown = rig.device("GET", "/connections/own", &[], "").await;
    assert_eq!((shown.status, &shown.body["connected"]), (200, &json!(true)), "{}", shown.body);
    let listed = rig.device("GET", "/connections/own/subscriptions", &[], "").await;
    assert_eq!(listed.body["subscriptions"], json!([{"topicFilter": "in", "qos": 1}]));
    assert_eq!(rig.device("DELETE", "/connections/own", &[], "").await.status, 200);
    let shown = rig.device("GET", "/connections/own", &[], "").await;
    assert_eq!(shown.body["disconnectReason"], "API_INITIATED_DISCONNECT");
}

#[tokio::test]
async fn a_direct_message_carries_all_that_the_request_says() {
    let rig = Rig::new(&[statement("Allow", "iot:SendDirectMessage", "client/pump")]).await;
    let wake = Arc::new(Notify::new());
    let pump = connect(&rig, "pump", &wake);
    let target = "/connections/pump/messages?topic=do/it&confirmation=true&timeout=15\
                  &contentType=text%2Fplain&responseTopic=done&messageExpiry=5";
    let headers = [
        ("x-amz-mqtt5-user-properties", "W3siYSI6ImIifV0="),
        ("x-amz-mqtt5-payload-format-indicator", "UTF8_DATA"),
        ("x-amz-mqtt5-correlation-data", "AQI="),
    ];
    let receiving = async {
        wake.notified().await;
        let (id, message) = inbox(&pump).pop().unwrap();
        pump.acknowledged(id.unwrap());
        message
    };
    let (reply, message) = tokio::join!(rig.device("POST", target, &headers, "now"), receiving);
    assert_eq!((reply.status, &reply.body["message"]), (200, &json!("OK")), "{}", reply.body);
    assert!(reply.body["traceId"].is_string());
    assert_eq!((&*message.topic, &*message.payload, message.qos), ("do/it", &b"now"[..], 1));
    let sent = &message.properties;
    assert_eq!((sent.payload_format, sent.expiry_seconds), (Some(1), None));
    assert_eq!(sent.content_type.as_deref(), Some("text/plain"));
    assert_eq!(sent.response_topic.as_deref(), Some("done"));
    assert_eq!(sent.correlation_data.as_deref(), Some(&[1, 2][..]));
    assert_eq!(sent.user, [("a".to_owned(), "b".to_owned())]);
}

#[tokio::test]
async fn a_direct_message_that_does_not_arrive_says_why() {
    let rig = Rig::new(&[statement("Allow", "iot:SendDirectMessage", "client/*")]).await;
    let wake = Arc::new(Notify::new());
    let pump = connect(&rig, "pump", &wake);
    let send = async |target: &str, body: &str| rig.device("POST", target, &[], body).await;
    let to_nobody = send("/connections/nobody/messages?topic=t", "x").await;
    to_nobody.is_error(404, "ResourceNotFoundException", "client `nobody` is not connected");
    let late = send("/connections/pump/messages?topic=t&confirmation=true&timeout=1", "x").await;
    late.is_error(504, "GatewayTimeoutException", "within 1 s");
    let long = "x".repeat(128 * 1024 + 1);
    let large = send("/connections/pump/messages?topic=t", &long).await;
    large.is_error(413, "RequestEntityTooLargeException", "131072");
    let denied = async {
        wake.notified().await;
        pump.fill(100, &mut |_| false, &mut Vec::new());
    };
    let refused = send("/connections/pump/messages?topic=secret", "x");
    let (refused, ()) = tokio::join!(refused, denied);
    refused.is_error(403, "ForbiddenException", "not allowed to receive topic `secret`");
    for (target, words) in [
        ("/connections/pump/messages", "`topic` is missing"),
        ("/connections/pump/messages?topic=", "it is empty"),
        ("/connections/pump/messages?topic=a/%2B", "wildcard"),
        ("/connections/pump/messages?topic=$aws/things/x", "reserved"),
        ("/connections/pump/messages?topic=t&confirmation=yes", "true or false"),
        ("/connections/pump/messages?topic=t&confirmation=true&timeout=0", "from 1 to 15"),
        ("/connections/pump/messages?topic=t&confirmation=true&timeout=16", "from 1 to 15"),
        ("/connections/%24x/messages?topic=t", "begins with $"),
    ] {
        send(target, "x").await.is_error(400, "InvalidRequestException", words);
    }
}
