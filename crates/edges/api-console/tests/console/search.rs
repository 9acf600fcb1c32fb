//! Searches through the API.

use std::time::Duration;

use serde_json::json;

use crate::rig::{NOW, Rig};

#[tokio::test]
async fn a_search_is_handed_on_with_its_times_and_limits() {
    let rig = Rig::start(|_| {}).await;
    let ana = rig.logged_in("ana").await;
    let body = json!({"spl": "index=iot", "earliest": "-1h", "latest": "now", "rows_max": 5});
    let answer = ana.post("/api/v1/search", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["fields"], json!(["_time"]));
    let asked = rig.search.asked.lock().unwrap().pop().unwrap();
    assert_eq!((asked.earliest.as_deref(), asked.latest), (Some("-1h"), None));
    assert_eq!((asked.rows_max, asked.now), (5, NOW));
}

#[tokio::test]
async fn a_wrong_search_says_what_and_where() {
    let rig = Rig::start(|_| {}).await;
    let ana = rig.logged_in("ana").await;
    let answer = ana.post("/api/v1/search", &json!({"spl": "| nope"})).await;
    assert_eq!(answer.status, 400);
    let error = json!({"error": {
        "code": "invalid",
        "message": "unknown command `nope`; did you mean `top`?",
        "line": 1,
        "column": 3,
    }});
    assert_eq!(answer.json(), error);
}

#[tokio::test]
async fn a_search_that_needs_too_much_says_so_and_a_broken_one_tells_no_internals() {
    let rig = Rig::start(|_| {}).await;
    let ana = rig.logged_in("ana").await;
    let limit = ana.post("/api/v1/search", &json!({"spl": "too much"})).await;
    assert_eq!((limit.status, limit.error_code().as_str()), (422, "limit_exceeded"));
    assert!(limit.body.contains("512 MiB"));
    let broken = ana.post("/api/v1/search", &json!({"spl": "broken"})).await;
    assert_eq!((broken.status, broken.error_code().as_str()), (500, "internal"));
    assert!(!broken.body.contains("secret"), "{}", broken.body);
}

#[tokio::test]
async fn bad_arguments_are_refused_before_the_engine_sees_them() {
    let rig = Rig::start(|_| {}).await;
    let ana = rig.logged_in("ana").await;
    for body in [
        json!({"spl": "a", "rows_max": 0}),
        json!({"spl": "a", "rows_max": 1_000_000}),
        json!({"spl": "x".repeat(70_000)}),
        json!({"spl": "a", "earliest": "9".repeat(200)}),
        json!({"spl": "a", "preview": true}),
        json!({"earliest": "-1h"}),
    ] {
        let answer = ana.post("/api/v1/search", &body).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (400, "invalid"));
    }
    assert!(rig.search.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_search_that_runs_too_long_is_stopped() {
    let rig = Rig::start(|config| config.search_timeout_seconds = 1).await;
    let ana = rig.logged_in("ana").await;
    let answer = ana.post("/api/v1/search", &json!({"spl": "forever"})).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (504, "timeout"));
    assert!(answer.body.contains("narrow the time range"), "{}", answer.body);
}

#[tokio::test]
async fn only_so_many_searches_run_at_a_time() {
    let rig = Rig::start(|config| {
        config.searches_max = 1;
        config.search_wait_seconds = 0;
    })
    .await;
    let ana = rig.logged_in("ana").await;
    let slow = async {
        let body = json!({"spl": "wait"});
        ana.post("/api/v1/search", &body).await
    };
    let second = async {
        tokio::time::timeout(Duration::from_secs(10), rig.search.begun.notified()).await.unwrap();
        let refused = ana.post("/api/v1/search", &json!({"spl": "a"})).await;
        rig.search.go_on.notify_one();
        refused
    };
    let (slow, refused) = tokio::join!(slow, second);
    assert_eq!((slow.status, refused.status), (200, 429));
    assert_eq!(ana.post("/api/v1/search", &json!({"spl": "a"})).await.status, 200);
}
