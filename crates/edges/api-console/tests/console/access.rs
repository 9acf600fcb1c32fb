//! Who may do what, and how a browser is kept safe.

use picket_api_console::access::{Access, ROUTES};
use serde_json::{Value, json};

use crate::rig::Rig;

fn openapi() -> Value {
    serde_json::from_str(include_str!("../../src/openapi.json")).unwrap()
}

#[test]
fn the_openapi_document_and_the_table_of_routes_name_the_same_routes() {
    let document = openapi();
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut routes: Vec<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    described.sort();
    routes.sort();
    assert_eq!(described, routes);
}

#[tokio::test]
async fn every_route_that_is_not_open_refuses_strangers() {
    let rig = Rig::start(|_| {}).await;
    for route in ROUTES.iter().filter(|route| route.access != Access::Open) {
        let path = route.path.replace(['{', '}'], "");
        let answer = rig.client.send(route.method.as_str(), &path, Some("{}")).await;
        assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
        assert_eq!(answer.error_code(), "unauthenticated");
    }
}

#[tokio::test]
async fn every_change_needs_the_sessions_own_token() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let ana = rig.logged_in("ana").await;
    let body = json!({"name": "new-1"});
    let mut without = admin.clone();
    without.csrf_token = None;
    assert_eq!(without.post("/api/v1/things", &body).await.status, 403);
    let mut foreign = admin.clone();
    foreign.csrf_token = ana.csrf_token.clone();
    assert_eq!(foreign.post("/api/v1/things", &body).await.status, 403);
    assert_eq!(without.send("DELETE", "/api/v1/session", None).await.status, 403);
    assert_eq!(admin.post("/api/v1/things", &body).await.status, 201);
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_change_anything_nor_log_in() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let body = json!({"name": "new-1"});
    for origin in ["http://evil.example", "null", "https://127.0.0.1.evil.example"] {
        let answer = admin.with("origin", origin).post("/api/v1/things", &body).await;
        assert_eq!(answer.status, 403, "{origin}");
        let mut stranger = rig.client.with("origin", origin);
        assert_eq!(stranger.log_in("admin", "secret").await.status, 403, "{origin}");
    }
    let own = format!("http://{}", rig.client.address);
    assert_eq!(admin.with("origin", &own).post("/api/v1/things", &body).await.status, 201);
}

#[tokio::test]
async fn roles_bound_what_a_user_may_do() {
    let rig = Rig::start(|_| {}).await;
    let vera = rig.logged_in("vera").await;
    let ana = rig.logged_in("ana").await;
    let search = json!({"spl": "index=iot"});
    let thing = json!({"name": "new-1"});
    assert_eq!(vera.get("/api/v1/overview").await.status, 200);
    let refused = vera.post("/api/v1/search", &search).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("needs the role analyst"), "{}", refused.body);
    assert_eq!(ana.post("/api/v1/search", &search).await.status, 200);
    assert_eq!(ana.post("/api/v1/things", &thing).await.status, 403);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let rig = Rig::start(|_| {}).await;
    for path in [
        "/",
        "/search",
        "/assets/none.js",
        "/api/v1/session",
        "/api/v1/nothing",
        "/api/v1/openapi.json",
    ] {
        let answer = rig.client.get(path).await;
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options").as_deref(), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy").as_deref(), Some("no-referrer"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"), "{path}");
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_are_errors_of_the_usual_shape() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (method, path) in [("GET", "/api/v1/nothing"), ("PUT", "/api/v1/things"), ("GET", "/api")] {
        let answer = admin.send(method, path, None).await;
        assert_eq!((answer.status, answer.error_code().as_str()), (404, "not_found"), "{path}");
    }
    assert_eq!(rig.client.get("/assets/../../Cargo.toml").await.status, 404);
    assert_eq!(rig.client.get("/assets/%2e%2e/%2e%2e/package.json").await.status, 404);
}
