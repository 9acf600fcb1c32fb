//! Bodies that are too large, broken or slow, peers that speak garbage, storage that fails.

use std::sync::atomic::Ordering;

use picket_wire_hec::compression::pack;
use tokio::io::AsyncWriteExt;

use crate::bench::{BUSY, Bench, STOPPING, STORAGE, plain, post, until};
use crate::client::Client;

const SUCCESS: &str = r#"200 {"text":"Success","code":0}"#;

#[tokio::test]
async fn gzip_is_unpacked_all_members_of_it() {
    let bench = Bench::start().await;
    let head = post("/services/collector", "plain-token");
    let members =
        [pack(br#"{"event":"a"}{"eve"#, 1).unwrap(), pack(br#"nt":"b"}"#, 9).unwrap()].concat();
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        let head = format!("{head}Content-Encoding: {encoding}\r\n");
        assert_eq!(bench.send(&head, &members).await.line(), SUCCESS);
    }
    let gzip = format!("{head}Content-Encoding: gzip\r\n");
    let bad = r#"400 {"text":"Invalid data format","code":6}"#;
    assert_eq!(bench.send(&gzip, br#"{"event":1}"#).await.line(), bad);
    assert_eq!(bench.send(&gzip, &members[..members.len() - 4]).await.line(), bad);
    assert_eq!(bench.send(&gzip, b"").await.line(), r#"400 {"text":"No data","code":5}"#);
    let zstd = format!("{head}Content-Encoding: zstd\r\n");
    assert_eq!(bench.send(&zstd, b"x").await.status, 415);
    assert_eq!(bench.raws().await, ["a", "b", "a", "b", "a", "b"]);
}

#[tokio::test]
async fn what_is_too_large_is_refused_however_it_comes() {
    let mut config = plain();
    config.body_bytes_max = 10_000;
    config.event_bytes_max = 1000;
    config.events_max = 50;
    let bench = Bench::with(config, None).await;
    let head = post("/services/collector", "plain-token");
    // By its declared length, before a token is looked at and a byte is read.
    let declared = bench.send(&post("/services/collector", "nope"), &[b' '; 10_001]).await;
    assert_eq!(declared.status, 413);
    // In chunks, without a length.
    let mut client = Client::connect(bench.at).await;
    client.write(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await;
    for _ in 0..11 {
        client.write(format!("3e8\r\n{}\r\n", "x".repeat(1000)).as_bytes()).await;
    }
    assert_eq!(client.answer().await.status, 413);
    // As a bomb.
    let bomb = pack(&vec![b' '; 5_000_000], 9).unwrap();
    assert!(bomb.len() < 10_000);
    let answer = bench.send(&format!("{head}Content-Encoding: gzip\r\n"), &bomb).await;
    assert_eq!(answer.status, 413);
    // As one event.
    let large = format!(r#"{{"event":"a"}}{{"event":"{}"}}"#, "x".repeat(1000));
    let format = |number| {
        format!(r#"400 {{"text":"Invalid data format","code":6,"invalid-event-number":{number}}}"#)
    };
    assert_eq!(bench.send(&head, large.as_bytes()).await.line(), format(1));
    // As too many events.
    let many = r#"{"event":"m"}"#.repeat(51);
    assert_eq!(bench.send(&head, many.as_bytes()).await.line(), format(50));
    // As nesting.
    let deep = format!(r#"{{"event":{}"#, "[".repeat(5000));
    assert_eq!(bench.send(&head, deep.as_bytes()).await.line(), format(0));
    // As a head.
    let head = format!("{head}X-Long: {}\r\n", "x".repeat(70_000));
    assert_eq!(bench.send(&head, b"{}").await.status, 431);
    assert_eq!(bench.stored().await.len(), 51);
}

#[tokio::test]
async fn packed_text_that_swells_within_the_limit_is_taken() {
    let bench = Bench::start().await;
    let text = format!(r#"{{"event":"{}"}}"#, "x".repeat(1_000_000));
    let packed = pack(text.as_bytes(), 9).unwrap();
    assert!(packed.len() * 10 < text.len());
    let head = post("/services/collector", "plain-token");
    let answer = bench.send(&format!("{head}Content-Encoding: gzip\r\n"), &packed).await;
    assert_eq!(answer.line(), SUCCESS);
    assert_eq!(bench.raws().await[0].len(), 1_000_000);
}

#[tokio::test]
async fn a_body_that_breaks_off_stores_nothing_and_one_that_stalls_is_told_so() {
    let mut config = plain();
    config.body_timeout_seconds = 1;
    let bench = Bench::with(config, None).await;
    let head = post("/services/collector", "plain-token");
    let mut broken = Client::connect(bench.at).await;
    broken.write(format!("{head}Content-Length: 1000\r\n\r\n{{\"event\":1}}").as_bytes()).await;
    broken.stream.shutdown().await.unwrap();
    drop(broken);
    let mut chunked = Client::connect(bench.at).await;
    let start = format!("{head}Transfer-Encoding: chunked\r\n\r\nb\r\n{{\"event\":1}}\r\nzz\r\n");
    chunked.write(start.as_bytes()).await;
    let mut slow = Client::connect(bench.at).await;
    slow.write(format!("{head}Content-Length: 1000\r\n\r\n{{\"event\":1}}").as_bytes()).await;
    assert_eq!(slow.answer().await.status, 408);
    assert!(bench.stored().await.is_empty());
    assert_eq!(bench.event("plain-token", br#"{"event":1}"#).await.line(), SUCCESS);
}

#[tokio::test]
async fn silent_peers_are_cut_off_and_garbage_does_not_hurt() {
    let mut config = plain();
    config.idle_timeout_seconds = 1;
    config.connections_max = 8;
    let bench = Bench::with(config, None).await;
    // More than there are seats: the later ones wait until silent ones are gone.
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(Client::connect(bench.at).await);
    }
    for client in &mut silent[..4] {
        client.write(b"POST /services/coll").await;
    }
    assert_eq!(bench.event("plain-token", br#"{"event":1}"#).await.line(), SUCCESS);
    for garbage in [
        b"\x16\x03\x01\x02\x00\x01\x00".as_slice(),
        b"\x00\xff\xfe",
        b"GET\r\n\r\n",
        b"\x10\x0cMQTT",
    ] {
        let mut client = Client::connect(bench.at).await;
        client.write(garbage).await;
        client.stream.shutdown().await.unwrap();
        until("closed", async || client.is_closed().await || client.answer().await.status == 400)
            .await;
    }
    until("counted", async || bench.server.stats().bad_connections >= 3).await;
    assert_eq!(bench.event("plain-token", br#"{"event":1}"#).await.line(), SUCCESS);
}

#[tokio::test]
async fn http_as_senders_speak_it() {
    let bench = Bench::start().await;
    let head = post("/services/collector", "plain-token");
    // Keep-alive and chunks, with a pause in the middle of an event.
    let mut client = Client::connect(bench.at).await;
    client
        .write(format!("{head}Transfer-Encoding: chunked\r\n\r\n6\r\n{{\"even\r\n").as_bytes())
        .await;
    tokio::task::yield_now().await;
    client.write(b"5\r\nt\":1}\r\n0\r\n\r\n").await;
    assert_eq!(client.answer().await.line(), SUCCESS);
    assert_eq!(client.request(&head, br#"{"event":2}"#).await.line(), SUCCESS);
    // Two requests at once.
    let twice = format!("{head}Content-Length: 11\r\n\r\n{{\"event\":3}}").repeat(2);
    client.write(twice.as_bytes()).await;
    assert_eq!(client.answer().await.line(), SUCCESS);
    assert_eq!(client.answer().await.line(), SUCCESS);
    // Expect: 100-continue.
    let expect = format!("{head}Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    client.write(expect.as_bytes()).await;
    assert_eq!(client.answer().await.status, 100);
    client.write(br#"{"event":4}"#).await;
    assert_eq!(client.answer().await.line(), SUCCESS);
    // The end of a connection, asked for or by HTTP/1.0.
    let close = format!("{head}Connection: close\r\n");
    assert_eq!(client.request(&close, br#"{"event":5}"#).await.line(), SUCCESS);
    assert!(client.is_closed().await);
    let mut old = Client::connect(bench.at).await;
    let head = head.replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(old.request(&head, br#"{"event":6}"#).await.line(), SUCCESS);
    assert!(old.is_closed().await);
    assert_eq!(bench.raws().await, ["1", "2", "3", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn what_the_index_says_the_sender_hears() {
    let bench = Bench::start().await;
    for (failing, expected) in [
        (BUSY, r#"503 {"text":"Server is busy","code":9}"#),
        (STORAGE, r#"500 {"text":"Internal server error","code":8}"#),
        (STOPPING, r#"503 {"text":"Server is shutting down","code":23}"#),
    ] {
        bench.index.failing.store(failing, Ordering::SeqCst);
        let answer = bench.event("plain-token", br#"{"event":1}{"event":2}"#).await;
        assert_eq!(answer.line(), expected);
        let wait = answer.header("retry-after");
        assert_eq!(wait, (answer.status == 503).then_some("1"));
    }
    bench.index.failing.store(0, Ordering::SeqCst);
    assert_eq!(bench.event("plain-token", br#"{"event":1}"#).await.line(), SUCCESS);
    let ledger = bench.server.ledger().snapshot();
    assert_eq!((ledger.received, ledger.delivered, ledger.in_flight), (7, 1, 0));
    let dropped = [("busy", 2), ("shutting down", 2), ("storage failed", 2)];
    assert_eq!(ledger.dropped, dropped.into());
}

#[tokio::test]
async fn bodies_in_memory_are_limited_in_all() {
    let mut config = plain();
    config.memory_bytes_max = 64 * 1024;
    config.report_capacity = true;
    let bench = Bench::with(config, None).await;
    let head = post("/services/collector", "plain-token");
    let mut holder = Client::connect(bench.at).await;
    holder.write(format!("{head}Content-Length: 65536\r\n\r\n").as_bytes()).await;
    let full = "429 {\"text\":\"HEC queue is at capacity and cannot process any more requests\",\
                \"code\":26}";
    until("the budget is used up", async || {
        bench.event("plain-token", br#"{"event":1}"#).await.line() == full
    })
    .await;
    let health = "GET /services/collector/health HTTP/1.1\r\nHost: p\r\n";
    let unhealthy = r#"503 {"text":"HEC is unhealthy, queues are full","code":18}"#;
    assert_eq!(bench.send(health, b"").await.line(), unhealthy);
    drop(holder);
    until("the budget is given back", async || {
        bench.event("plain-token", br#"{"event":1}"#).await.line() == SUCCESS
    })
    .await;
}
