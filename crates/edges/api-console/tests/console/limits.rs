//! Peers that send too much, too slowly or nothing.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::exchange;
use crate::rig::Rig;

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let rig = Rig::start(|config| config.body_bytes_max = 4096).await;
    let ana = rig.logged_in("ana").await;
    let answer = ana.post("/api/v1/search", &json!({"spl": "x".repeat(5000)})).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (422, "limit_exceeded"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let rig = Rig::start(|config| config.request_timeout_seconds = 1).await;
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{{",
        rig.client.address
    );
    let answer = exchange(rig.client.address, request.as_bytes()).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (504, "timeout"));
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let rig = Rig::start(|config| config.idle_timeout_seconds = 1).await;
    let mut stream = TcpStream::connect(rig.client.address).await.unwrap();
    stream.write_all(b"GET / HTT").await.unwrap();
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection is still open");
}

#[tokio::test]
async fn garbage_is_answered_or_cut_and_the_console_goes_on() {
    let rig = Rig::start(|_| {}).await;
    for garbage in [&b"\x16\x03\x01\x02\x00\x01"[..], b"\r\n\r\n\r\n", b"GET\r\n\r\n"] {
        let mut stream = TcpStream::connect(rig.client.address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut bytes = Vec::new();
        let _closed = stream.read_to_end(&mut bytes).await;
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(100_000));
    assert!(exchange(rig.client.address, long.as_bytes()).await.status >= 400);
    assert_eq!(rig.client.get("/api/v1/openapi.json").await.status, 200);
}

#[tokio::test]
async fn shutting_down_waits_for_nobody_who_is_idle() {
    let rig = Rig::start(|_| {}).await;
    let _idle = TcpStream::connect(rig.client.address).await.unwrap();
    assert_eq!(rig.client.get("/").await.status, 200);
    assert!(rig.stop().await);
}
