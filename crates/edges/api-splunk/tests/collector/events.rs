//! What becomes of an event: metadata, defaults, time, text, fields.

use serde_json::{Value, json};

use crate::bench::{Bench, NOW, post};

async fn one(bench: &Bench, path: &str, token: &str, body: &str) -> Value {
    let answer = bench.send(&post(path, token), body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    bench.stored().await.pop().unwrap()
}

#[tokio::test]
async fn an_event_that_says_nothing_gets_the_defaults() {
    let bench = Bench::start().await;
    let event = one(&bench, "/services/collector", "plain-token", r#"{"event":"hello"}"#).await;
    assert_eq!(
        event,
        json!({
            "time": NOW.as_millis(), "index": "main", "host": "127.0.0.1", "source": "http:plain",
            "sourcetype": "httpevent", "raw": "hello", "fields": [],
        })
    );
}

#[tokio::test]
async fn the_envelope_beats_the_query_and_the_query_beats_the_token() {
    let bench = Bench::start().await;
    let path = "/services/collector?host=qh&source=q+s&sourcetype=q%2Fst&index=iot";
    let event = one(&bench, path, "plain-token", r#"{"event":"x","host":"eh"}"#).await;
    assert_eq!(
        [&event["host"], &event["source"], &event["sourcetype"], &event["index"]],
        ["eh", "q s", "q/st", "iot"]
    );
    let event = one(&bench, "/services/collector?host=qh", "fleet-token", r#"{"event":1}"#).await;
    assert_eq!(
        [&event["host"], &event["source"], &event["sourcetype"], &event["index"]],
        ["qh", "s", "st", "iot"]
    );
    // Nothing of one object sticks to the next.
    let body = r#"{"event":1,"host":"a","time":1}{"event":2}"#;
    let event = one(&bench, "/services/collector", "fleet-token", body).await;
    assert_eq!((&event["host"], &event["time"]), (&json!("h"), &json!(NOW.as_millis())));
}

#[tokio::test]
async fn text_is_unescaped_and_other_events_are_kept_byte_for_byte() {
    let bench = Bench::start().await;
    let body =
        r#"{"event":"a\nb \u00e9"}{"event":{"b":1.0,"a" : [true]}}{"event":-0.50}{"event":{}}"#;
    one(&bench, "/services/collector", "plain-token", body).await;
    assert_eq!(bench.raws().await, ["a\nb é", r#"{"b":1.0,"a" : [true]}"#, "-0.50", "{}"]);
}

#[tokio::test]
async fn times_come_in_many_forms() {
    let bench = Bench::start().await;
    for (time, millis) in [
        ("1426279439", 1_426_279_439_000_i64),
        ("1426279439.123", 1_426_279_439_123),
        ("\"1426279439.123456\"", 1_426_279_439_123),
        ("1426279439123", 1_426_279_439_123),
    ] {
        let body = format!(r#"{{"event":1,"time":{time}}}"#);
        let event = one(&bench, "/services/collector", "plain-token", &body).await;
        assert_eq!(event["time"], millis, "{time}");
    }
}

#[tokio::test]
async fn fields_become_index_time_fields() {
    let bench = Bench::start().await;
    let body = r#"{"event":1,"fields":{"a":"x","n":1.5,"t":true,"l":["1","2"],"picket_id":"i"}}"#;
    let event = one(&bench, "/services/collector", "plain-token", body).await;
    assert_eq!(
        event["fields"],
        json!([
            ["a", ["x"]],
            ["n", ["1.5"]],
            ["t", ["true"]],
            ["l", ["1", "2"]],
            ["picket_id", ["i"]]
        ])
    );
}

#[tokio::test]
async fn a_token_may_write_to_the_indexes_of_its_list_only() {
    let bench = Bench::start().await;
    for (index, number) in [("other", 1), ("missing", 1), ("../iot", 1), ("IOT", 1)] {
        let body = format!(r#"{{"event":1,"index":"{index}"}}"#);
        let answer = bench.event("fleet-token", body.as_bytes()).await;
        let expected =
            format!(r#"400 {{"text":"Incorrect index","code":7,"invalid-event-number":{number}}}"#);
        assert_eq!(answer.line(), expected, "{index}");
    }
    assert!(bench.stored().await.is_empty());
}

#[tokio::test]
async fn raw_lines_are_events_with_the_metadata_of_the_query() {
    let bench = Bench::start().await;
    let path = "/services/collector/raw?host=h&source=s&sourcetype=st&index=iot";
    let answer = bench.send(&post(path, "plain-token"), b"one\r\n\r\n two \nthree\xff").await;
    assert_eq!(answer.status, 200);
    assert_eq!(bench.raws().await, ["one", " two ", "three\u{fffd}"]);
    let last = bench.stored().await.pop().unwrap();
    assert_eq!([&last["host"], &last["source"], &last["index"]], ["h", "s", "iot"]);
    let answer = bench.send(&post("/services/collector/raw", "plain-token"), b" \n").await;
    assert_eq!(answer.line(), r#"400 {"text":"No data","code":5}"#);
    let path = "/services/collector/raw?index=nowhere";
    let answer = bench.send(&post(path, "plain-token"), b"x").await;
    assert_eq!(answer.line(), r#"400 {"text":"Incorrect index","code":7}"#);
}
