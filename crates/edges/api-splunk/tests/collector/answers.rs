//! Routes, authorization, and the answers of the code table, byte for byte.

use crate::bench::{Bench, post};
use crate::client::Client;

const NOT_FOUND: &str = r#"{"text":"The requested URL was not found on this server.","code":404}"#;
const SUCCESS: &str = r#"200 {"text":"Success","code":0}"#;

#[tokio::test]
async fn every_spelling_of_a_route_is_served() {
    let bench = Bench::start().await;
    for path in [
        "/services/collector",
        "/services/collector/",
        "/services/collector/event",
        "/services/collector/event/1.0",
        "//services//collector/event/1.0/",
        "/services/collector/raw",
        "/services/collector/raw/1.0",
        "/services/collector/event?host=a",
    ] {
        let answer = bench.send(&post(path, "plain-token"), br#"{"event":1}"#).await;
        assert_eq!(answer.line(), SUCCESS, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=UTF-8"));
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(bench.stored().await.len(), 8);
}

#[tokio::test]
async fn other_routes_and_methods_are_not_found_as_splunk_says_it() {
    let bench = Bench::start().await;
    for path in ["/", "/services", "/services/collector/mint", "/services/collector/s2s", "/x"] {
        let answer = bench.send(&post(path, "plain-token"), b"x").await;
        assert_eq!(answer.line(), format!("404 {NOT_FOUND}"), "{path}");
    }
    for (method, path, allow) in [
        ("GET", "/services/collector/event", "POST,OPTIONS"),
        ("PUT", "/services/collector/raw", "POST,OPTIONS"),
        ("POST", "/services/collector/health", "GET,HEAD,OPTIONS"),
        ("DELETE", "/services/collector/ack", "POST,GET,OPTIONS"),
    ] {
        let answer = bench.send(&format!("{method} {path} HTTP/1.1\r\nHost: p\r\n"), b"").await;
        assert_eq!(answer.line(), format!("405 {NOT_FOUND}"), "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    assert_eq!(bench.server.stats().answers, [(404, 5), (405, 4)].into());
}

#[tokio::test]
async fn options_needs_no_token() {
    let bench = Bench::start().await;
    for path in ["/services/collector/event/1.0", "/services/collector/raw"] {
        let answer = bench.send(&format!("OPTIONS {path} HTTP/1.1\r\nHost: p\r\n"), b"").await;
        assert_eq!(answer.line(), "200 ");
        assert_eq!(answer.header("allow"), Some("POST,OPTIONS"));
    }
}

#[tokio::test]
async fn health_is_asked_with_or_without_a_token() {
    let bench = Bench::start().await;
    let healthy = r#"200 {"text":"HEC is healthy","code":17}"#;
    for (authorization, expected) in [
        ("", healthy),
        ("Authorization: Splunk plain-token\r\n", healthy),
        ("Authorization: Splunk nope\r\n", r#"400 {"text":"Invalid token","code":21}"#),
        ("Authorization: Splunk off-token\r\n", r#"400 {"text":"Token disabled","code":22}"#),
    ] {
        for path in ["/services/collector/health", "/services/collector/health/1.0?ack=true"] {
            let head = format!("GET {path} HTTP/1.1\r\nHost: p\r\n{authorization}");
            assert_eq!(bench.send(&head, b"").await.line(), expected, "{authorization}");
        }
    }
    let mut client = Client::connect(bench.at).await;
    client.write(b"HEAD /services/collector/health HTTP/1.1\r\nHost: p\r\n\r\n").await;
    assert_eq!(client.answer_to("HEAD").await.line(), "200 ");
}

#[tokio::test]
async fn each_way_to_fail_at_the_door_has_its_code() {
    let bench = Bench::start().await;
    for (path, authorization, expected) in [
        ("", "", r#"401 {"text":"Token is required","code":2}"#),
        ("", "Bearer plain-token", r#"401 {"text":"Invalid authorization","code":3}"#),
        ("", "Splunk", r#"401 {"text":"Invalid authorization","code":3}"#),
        ("", "Basic ????", r#"401 {"text":"Invalid authorization","code":3}"#),
        ("", "Splunk nope", r#"403 {"text":"Invalid token","code":4}"#),
        ("", "Splunk off-token", r#"403 {"text":"Token disabled","code":1}"#),
        ("", "sPLUNK plain-token", SUCCESS),
        // base64 of `x:plain-token`
        ("", "Basic eDpwbGFpbi10b2tlbg==", SUCCESS),
        ("?token=query-token", "", SUCCESS),
        ("?token=query-token", "Splunk nope", SUCCESS),
        (
            "?token=plain-token",
            "Splunk query-token",
            r#"400 {"text":"Query string authorization is not enabled","code":16}"#,
        ),
        ("?token=nope", "Splunk plain-token", r#"403 {"text":"Invalid token","code":4}"#),
        ("?channel=x", "Splunk plain-token", r#"400 {"text":"Invalid data channel","code":11}"#),
    ] {
        let authorization = match authorization {
            "" => String::new(),
            value => format!("Authorization: {value}\r\n"),
        };
        let head = format!("POST /services/collector{path} HTTP/1.1\r\nHost: p\r\n{authorization}");
        let answer = bench.send(&head, br#"{"event":1}"#).await;
        assert_eq!(answer.line(), expected, "{path} {authorization}");
    }
}

#[tokio::test]
async fn each_body_has_its_code_and_the_objects_before_the_bad_one_are_kept() {
    let bench = Bench::start().await;
    for (body, expected, kept) in [
        ("", r#"400 {"text":"No data","code":5}"#, 0),
        (" \r\n\t", r#"400 {"text":"No data","code":5}"#, 0),
        (r#"{"event":1}{"event":2}"#, SUCCESS, 2),
        ("\u{feff} {\"event\":1}\r\n\r\n{\"event\":2}\n", SUCCESS, 2),
        (r#"[{"event":1},{"event":2}]"#, SUCCESS, 2),
        (
            r#"{"event":1}{"event":2}{"event":"#,
            r#"400 {"text":"Invalid data format","code":6,"invalid-event-number":2}"#,
            2,
        ),
        (
            r#"{"event":1} oops {"event":3}"#,
            r#"400 {"text":"Invalid data format","code":6,"invalid-event-number":1}"#,
            1,
        ),
        ("7", r#"400 {"text":"Invalid data format","code":6,"invalid-event-number":0}"#, 0),
        (
            r#"{"event":1}{"time":1}{"event":3}"#,
            r#"400 {"text":"Event field is required","code":12,"invalid-event-number":1}"#,
            1,
        ),
        (
            r#"{"event":1}{"event":""}{"event":3}"#,
            r#"400 {"text":"Event field cannot be blank","code":13,"invalid-event-number":1}"#,
            1,
        ),
        (
            r#"{"event":null}"#,
            r#"400 {"text":"Event field cannot be blank","code":13,"invalid-event-number":0}"#,
            0,
        ),
        (
            r#"{"event":1}{"event":2,"fields":{"a":{"b":1}}}"#,
            r#"400 {"text":"Error in handling indexed fields","code":15,"invalid-event-number":1}"#,
            1,
        ),
        (
            r#"{"event":1,"time":"1e9"}"#,
            r#"400 {"text":"Error in handling indexed fields","code":15,"invalid-event-number":0}"#,
            0,
        ),
        // For an incorrect index the object after the bad one is named.
        (
            r#"{"event":1}{"event":2,"index":"nowhere"}{"event":3}"#,
            r#"400 {"text":"Incorrect index","code":7,"invalid-event-number":2}"#,
            1,
        ),
        (r#"{"fields":{"a":"1"}}"#, SUCCESS, 0),
        (r#"{"fields":{"metric_name:cpu":1}}"#, SUCCESS, 1),
        (r#"{"event":1,"unknown":true}"#, SUCCESS, 1),
    ] {
        let before = bench.stored().await.len();
        let answer = bench.event("plain-token", body.as_bytes()).await;
        assert_eq!(answer.line(), expected, "{body}");
        assert_eq!(bench.stored().await.len() - before, kept, "{body}");
    }
    let ledger = bench.server.ledger().snapshot();
    assert_eq!(ledger.received, ledger.delivered + ledger.dropped.values().sum::<u64>());
    assert_eq!(ledger.dropped["refused"], 9);
    assert_eq!(ledger.in_flight, 0);
}

#[tokio::test]
async fn strict_batches_are_all_or_nothing() {
    let mut config = crate::bench::plain();
    config.strict_batch = true;
    let bench = Bench::with(config, None).await;
    let answer = bench.event("plain-token", br#"{"event":1}{"event":2}{"#).await;
    let expected = r#"400 {"text":"Invalid data format","code":6,"invalid-event-number":2}"#;
    assert_eq!(answer.line(), expected);
    assert!(bench.stored().await.is_empty());
}
