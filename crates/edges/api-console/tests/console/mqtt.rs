//! The MQTT test client: publishing, and messages as they pass.

use std::time::Duration;

use picket_ports::{Message, Publish as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::rig::{NOW, Rig};

const SOON: Duration = Duration::from_secs(20);

/// An open stream of messages.
struct Following {
    stream: BufReader<TcpStream>,
}

impl Following {
    /// Asks for the stream and reads the answer's head. Nobody reads on until [`Self::next`] is called.
    async fn start(client: &Client, query: &str) -> Self {
        let mut stream = TcpStream::connect(client.address).await.unwrap();
        let cookie = client.cookie.as_deref().unwrap_or_default();
        let request = format!(
            "GET /api/v1/mqtt/messages?{query} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n\r\n",
            client.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut following = Self { stream: BufReader::new(stream) };
        let head = following.until(|line| line.is_empty()).await;
        assert!(head[0].contains(" 200 "), "{head:?}");
        assert!(head.iter().any(|line| line.contains("text/event-stream")), "{head:?}");
        following
    }

    /// The lines up to one that `is_last`, without their ends.
    async fn until(&mut self, is_last: impl Fn(&str) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(SOON, self.stream.read_line(&mut line)).await;
            assert!(read.expect("a line in time").unwrap() > 0, "it ended after {lines:?}");
            let line = line.trim_end().to_owned();
            let ends = is_last(&line);
            lines.push(line);
            if ends {
                return lines;
            }
        }
    }

    /// The next message's data.
    async fn next(&mut self) -> Value {
        let lines = self.until(|line| line.starts_with("data:")).await;
        let data = lines.last().unwrap().trim_start_matches("data:").trim();
        serde_json::from_str(data).unwrap()
    }

    /// Waits for the server to end the stream.
    async fn end(mut self) {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(SOON, self.stream.read_to_end(&mut rest)).await;
        read.expect("an end in time").unwrap();
    }
}

fn body(topic: &str, payload: &str) -> Value {
    json!({"topic": topic, "payload": payload, "qos": 1})
}

#[tokio::test]
async fn what_is_published_reaches_those_who_follow_its_topic_and_no_others() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let mut wards = Following::start(&admin, "filter=wards%2F%23&filter=halls%2F%2B").await;
    for (topic, payload) in [("other", "no"), ("wards/1", "héllo\n"), ("halls/2", "")] {
        let sent = admin.post("/api/v1/mqtt/messages", &body(topic, payload)).await;
        assert_eq!(sent.status, 204, "{}", sent.body);
    }
    let first = wards.next().await;
    assert_eq!((&first["topic"], &first["payload_text"]), (&json!("wards/1"), &json!("héllo\n")));
    assert_eq!((&first["qos"], &first["client_id"]), (&json!(1), &Value::Null));
    assert_eq!((&first["at_ms"], &first["dropped"]), (&json!(NOW), &json!(0)));
    assert_eq!(wards.next().await["topic"], json!("halls/2"));
}

#[tokio::test]
async fn a_payload_that_is_no_text_comes_as_base64_and_a_retained_message_comes_first() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let mut message = Message::from_service("test", "wards/1", vec![0xff, 0x00].into(), NOW);
    message.retain = true;
    rig.broker.publish(message).await.unwrap();
    let mut wards = Following::start(&admin, "filter=wards%2F1").await;
    let first = wards.next().await;
    assert_eq!((&first["payload_text"], &first["payload_base64"]), (&Value::Null, &json!("/wA=")));
    assert_eq!(first["retain"], json!(true));
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_many_messages_were_left_out() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let mut wards = Following::start(&admin, "filter=wards%2F%23").await;
    // Far more than the sockets and the queue in between hold.
    let payload = "x".repeat(100_000);
    let sent = 1_500_u64;
    for n in 0..sent {
        let payload = payload.clone().into();
        let message = Message::from_service("test", format!("wards/{n}"), payload, NOW);
        rig.broker.publish(message).await.unwrap();
    }
    let (mut shown, mut dropped) = (0, 0);
    while dropped == 0 {
        dropped = wards.next().await["dropped"].as_u64().unwrap();
        shown += 1;
    }
    // The rest of what waited was there before the count was told.
    assert!(shown + dropped <= sent, "{shown} shown, {dropped} dropped");
}

#[tokio::test]
async fn a_stream_ends_when_the_server_does() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let wards = Following::start(&admin, "filter=wards%2F%23").await;
    let ((), in_time) = tokio::join!(wards.end(), rig.stop());
    assert!(in_time);
}

#[tokio::test]
async fn filters_and_messages_that_cannot_be_are_refused() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (query, problem) in [
        ("", "0 filters were given"),
        ("?filter=a%2F%23%2Fb", "cannot be listened to"),
        ("?topic=a", "did you mean `filter`?"),
    ] {
        let answer = admin.get(&format!("/api/v1/mqtt/messages{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
        assert!(answer.body.contains(problem), "{query}: {}", answer.body);
    }
    for (message, problem) in [
        (body("a/+", "x"), "a/+"),
        (body("", "x"), "topic"),
        (body("$aws/events/presence/connected/x", "x"), "reserved"),
        (json!({"topic": "a", "payload": "x", "qos": 2}), "must be 0 or 1"),
        (json!({"topic": "a"}), "missing field"),
    ] {
        let answer = admin.post("/api/v1/mqtt/messages", &message).await;
        assert_eq!(answer.status, 400, "{message}: {}", answer.body);
        assert!(answer.body.contains(problem), "{message}: {}", answer.body);
    }
}
