//! Tokens that change while the collector runs, and its end.

use picket_ports::registry::{DocumentKind, Documents};
use tokio::net::TcpStream;

use crate::bench::{Bench, GRACE, NOW, post, until};
use crate::client::Client;

const SUCCESS: &str = r#"200 {"text":"Success","code":0}"#;

#[tokio::test]
async fn a_change_of_a_token_is_in_force_at_once() {
    let bench = Bench::start().await;
    let (kind, body) = (DocumentKind::HecToken, br#"{"event":1}"#);
    bench.registry.create_document(kind, "new", r#"{"token":"new"}"#, NOW).await.unwrap();
    until("taken", async || bench.event("new", body).await.line() == SUCCESS).await;
    let off = r#"{"token":"new","disabled":true}"#;
    bench.registry.replace_document(kind, "new", off, None, NOW).await.unwrap();
    until("disabled", async || bench.event("new", body).await.status == 403).await;
    bench.registry.delete_document(kind, "new").await.unwrap();
    let gone = r#"403 {"text":"Invalid token","code":4}"#;
    until("gone", async || bench.event("new", body).await.line() == gone).await;
}

#[tokio::test]
async fn the_end_is_told_to_whoever_is_in_the_middle_and_comes_in_time() {
    let bench = Bench::start().await;
    let head = post("/services/collector", "plain-token");
    let mut idle = Client::connect(bench.at).await;
    assert_eq!(idle.request(&head, br#"{"event":1}"#).await.line(), SUCCESS);
    let mut sending = Client::connect(bench.at).await;
    sending.write(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes()).await;
    let _silent = Client::connect(bench.at).await;
    // The server has to have begun with the second request; an answer to a third tells so.
    assert_eq!(bench.event("plain-token", br#"{"event":2}"#).await.line(), SUCCESS);
    let tasks = bench.tasks.clone();
    assert!(tasks.shut_down(GRACE).await);
    assert!(idle.is_closed().await);
    let told = r#"503 {"text":"Server is shutting down","code":23}"#;
    assert_eq!(sending.answer().await.line(), told);
    assert!(TcpStream::connect(bench.at).await.is_err());
    assert_eq!(bench.raws().await, ["1", "2"]);
}

#[tokio::test]
async fn a_channel_that_is_not_used_is_forgotten_after_its_time() {
    let mut config = crate::bench::plain();
    config.channel_idle_seconds = 4;
    let bench = Bench::with(config, None).await;
    let channel = "?channel=11111111-2222-3333-4444-555555555555";
    let head = post(&format!("/services/collector{channel}"), "ack-token");
    assert!(bench.send(&head, br#"{"event":1}"#).await.body.contains("\"ackId\":0"));
    bench.make_searchable();
    bench.clock.advance(std::time::Duration::from_secs(5));
    let ask = post(&format!("/services/collector/ack{channel}"), "ack-token");
    // Asking is a use of the channel, so wait for the sweep by what it leaves: numbers go on.
    until("swept", async || {
        let answer = bench.send(&head, br#"{"event":1}"#).await.body;
        bench.clock.advance(std::time::Duration::from_secs(5));
        !answer.contains("\"ackId\":0")
    })
    .await;
    let answer = bench.send(&ask, br#"{"acks":[0]}"#).await;
    assert!(answer.status == 200, "{answer:?}");
}
