//! Acknowledgements: ids per token and channel, true once searchable, gone after that.

use crate::bench::{Bench, plain, post};
use crate::client::{Answer, Client};

const ONE: &str = "0AEEAC95-ac74-4aa9-b30d-6c4c0ac581ba";
const TWO: &str = "11111111-2222-3333-4444-555555555555";

async fn put(bench: &Bench, channel: &str) -> String {
    let head = post("/services/collector", "ack-token");
    let head = format!("{head}X-Splunk-Request-Channel: {channel}\r\n");
    bench.send(&head, br#"{"event":1}"#).await.line()
}

async fn ask(bench: &Bench, token: &str, query: &str, body: &str) -> Answer {
    let head = post(&format!("/services/collector/ack{query}"), token);
    bench.send(&head, body.as_bytes()).await
}

fn taken(id: u64) -> String {
    format!(r#"200 {{"text":"Success","code":0,"ackId":{id}}}"#)
}

#[tokio::test]
async fn ids_count_from_zero_per_channel_and_turn_true_once() {
    let bench = Bench::start().await;
    assert_eq!(put(&bench, ONE).await, taken(0));
    assert_eq!(put(&bench, &ONE.to_lowercase()).await, taken(1));
    assert_eq!(put(&bench, TWO).await, taken(0));
    let query = format!("?channel={ONE}");
    let body = r#"{"acks":[0,1,7]}"#;
    let answer = ask(&bench, "ack-token", &query, body).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":false,"1":false,"7":false}}"#);
    bench.make_searchable();
    let answer = ask(&bench, "ack-token", &query, body).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":true,"1":true,"7":false}}"#);
    let answer = ask(&bench, "ack-token", &query, body).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":false,"1":false,"7":false}}"#);
    let answer = ask(&bench, "ack-token", &format!("/1.0?channel={TWO}"), body).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":true,"1":false,"7":false}}"#);
}

#[tokio::test]
async fn faults_of_queries_have_their_codes() {
    let bench = Bench::start().await;
    let channel = format!("?channel={ONE}");
    for (token, query, body, expected) in [
        ("ack-token", "", "{}", r#"400 {"text":"Data channel is missing","code":10}"#),
        ("ack-token", "?channel=x", "{}", r#"400 {"text":"Invalid data channel","code":11}"#),
        ("plain-token", &channel, "{}", r#"400 {"text":"ACK is disabled","code":14}"#),
        ("nope", &channel, "{}", r#"403 {"text":"Invalid token","code":4}"#),
        ("ack-token", &channel, "", r#"400 {"text":"No data","code":5}"#),
        ("ack-token", &channel, "{\"acks\":", r#"400 {"text":"Invalid data format","code":6}"#),
        (
            "ack-token",
            &channel,
            r#"{"acks":["0"]}"#,
            r#"400 {"text":"Invalid data format","code":6}"#,
        ),
        ("ack-token", &channel, r#"{"acks":[]}"#, r#"200 {"acks":{}}"#),
    ] {
        assert_eq!(
            ask(&bench, token, query, body).await.line(),
            expected,
            "{token} {query} {body}"
        );
    }
}

#[tokio::test]
async fn a_token_with_acks_wants_a_channel_unless_it_says_otherwise() {
    let bench = Bench::start().await;
    let answer = bench.event("ack-token", br#"{"event":1}"#).await;
    assert_eq!(answer.line(), r#"400 {"text":"Data channel is missing","code":10}"#);
    let answer = bench.event("easy-token", br#"{"event":1}"#).await;
    assert_eq!(answer.line(), r#"200 {"text":"Success","code":0}"#);
    let head = post(&format!("/services/collector?channel={ONE}"), "easy-token");
    assert_eq!(bench.send(&head, br#"{"event":1}"#).await.line(), taken(0));
    // Without acks a channel makes no difference.
    let head = post(&format!("/services/collector?channel={ONE}"), "plain-token");
    let answer = bench.send(&head, br#"{"event":1}"#).await;
    assert_eq!(answer.line(), r#"200 {"text":"Success","code":0}"#);
}

#[tokio::test]
async fn the_prefix_of_a_broken_batch_gets_an_id_and_nothing_gets_none() {
    let bench = Bench::start().await;
    let head = post(&format!("/services/collector?channel={ONE}"), "ack-token");
    let answer = bench.send(&head, br#"{"event":1}{"event":"#).await;
    assert_eq!(
        answer.line(),
        r#"400 {"text":"Invalid data format","code":6,"invalid-event-number":1,"ackId":0}"#
    );
    let answer = bench.send(&head, b"{").await;
    assert_eq!(
        answer.line(),
        r#"400 {"text":"Invalid data format","code":6,"invalid-event-number":0}"#
    );
}

#[tokio::test]
async fn a_packed_query_is_read() {
    let bench = Bench::start().await;
    put(&bench, ONE).await;
    bench.make_searchable();
    let packed = picket_wire_hec::compression::pack(br#"{"acks":[0]}"#, 6).unwrap();
    let head = post(&format!("/services/collector/ack?channel={ONE}"), "ack-token");
    let answer = bench.send(&format!("{head}Content-Encoding: gzip\r\n"), &packed).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":true}}"#);
    let head = head.replace("POST", "GET");
    let answer = Client::connect(bench.at).await.request(&head, br#"{"acks":[0]}"#).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":false}}"#);
}

#[tokio::test]
async fn an_id_of_an_earlier_run_is_false_and_never_given_out_again() {
    let bench = Bench::start().await;
    put(&bench, ONE).await;
    put(&bench, ONE).await;
    let bench = bench.restart(plain()).await;
    bench.make_searchable();
    let answer = ask(&bench, "ack-token", &format!("?channel={ONE}"), r#"{"acks":[0,1]}"#).await;
    assert_eq!(answer.line(), r#"200 {"acks":{"0":false,"1":false}}"#);
    assert_eq!(put(&bench, ONE).await, taken(1 << 32));
}

#[tokio::test]
async fn ids_nobody_asks_for_are_limited() {
    let mut config = plain();
    config.channel_acks_max = 2;
    let bench = Bench::with(config, None).await;
    put(&bench, ONE).await;
    put(&bench, ONE).await;
    assert_eq!(put(&bench, ONE).await, r#"503 {"text":"Server is busy","code":9}"#);
    assert_eq!(put(&bench, TWO).await, taken(0));
    bench.make_searchable();
    ask(&bench, "ack-token", &format!("?channel={ONE}"), r#"{"acks":[0]}"#).await;
    assert_eq!(put(&bench, ONE).await, taken(2));
}
