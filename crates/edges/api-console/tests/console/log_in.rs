//! Logging in, sessions and lockout.

use std::time::Duration;

use picket_api_console::{Role, UserError, ensure_user};
use picket_core::Secret;
use picket_ports::registry::{DocumentKind, Documents as _};
use serde_json::json;

use crate::rig::Rig;

#[tokio::test]
async fn the_right_password_starts_a_session_that_log_out_ends() {
    let rig = Rig::start(|_| {}).await;
    let mut client = rig.client.clone();
    assert_eq!(client.get("/api/v1/session").await.status, 401);
    let answer = client.log_in("admin", "secret").await;
    assert_eq!(answer.status, 200);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let who = client.get("/api/v1/session").await.json();
    assert_eq!((who["user"].as_str(), who["role"].as_str()), (Some("admin"), Some("admin")));
    assert_eq!(client.send("DELETE", "/api/v1/session", None).await.status, 204);
    assert_eq!(client.get("/api/v1/session").await.status, 401);
    assert!(rig.stop().await);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let rig = Rig::start(|_| {}).await;
    let mut client = rig.client.clone();
    let wrong = client.log_in("admin", "guess").await;
    let unknown = client.log_in("nobody", "guess").await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.body, unknown.body);
}

#[tokio::test]
async fn a_cookie_over_tls_only_has_the_prefix_browsers_guard() {
    let rig = Rig::start(|config| config.secure_cookie = true).await;
    let mut client = rig.client.clone();
    let cookie = client.log_in("admin", "secret").await.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-picket_session=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert_eq!(client.get("/api/v1/session").await.status, 200);
}

#[tokio::test]
async fn an_idle_session_ends() {
    let rig = Rig::start(|config| config.session_idle_seconds = 60).await;
    let client = rig.logged_in("admin").await;
    rig.clock.advance(Duration::from_secs(59));
    assert_eq!(client.get("/api/v1/session").await.status, 200);
    rig.clock.advance(Duration::from_secs(60));
    assert_eq!(client.get("/api/v1/session").await.status, 401);
}

#[tokio::test]
async fn a_user_is_locked_out_after_failures_even_with_the_right_password_and_let_in_later() {
    let rig = Rig::start(|config| config.user_failures_max = 2).await;
    let mut client = rig.client.clone();
    for _ in 0..2 {
        assert_eq!(client.log_in("admin", "guess").await.status, 401);
    }
    let locked = client.log_in("admin", "secret").await;
    assert_eq!((locked.status, locked.error_code().as_str()), (429, "throttled"));
    assert_eq!(locked.header("retry-after").as_deref(), Some("301"));
    assert_eq!(client.log_in("ana", "secret").await.status, 200);
    rig.clock.advance(Duration::from_secs(300));
    assert_eq!(client.log_in("admin", "secret").await.status, 200);
}

#[tokio::test]
async fn an_address_is_locked_out_after_failures_with_many_names() {
    let rig = Rig::start(|config| config.address_failures_max = 3).await;
    let mut client = rig.client.clone();
    for n in 0..3 {
        assert_eq!(client.log_in(&format!("user-{n}"), "guess").await.status, 401);
    }
    assert_eq!(client.log_in("admin", "secret").await.status, 429);
}

#[tokio::test]
async fn a_user_that_is_changed_or_removed_is_logged_out_at_once() {
    let rig = Rig::start(|_| {}).await;
    let (admin, ana) = (rig.logged_in("admin").await, rig.logged_in("ana").await);
    let kind = DocumentKind::User;
    let stored = rig.registry.document(kind, "admin").await.unwrap();
    rig.registry.replace_document(kind, "admin", &stored.body, None, stored.created).await.unwrap();
    rig.registry.delete_document(kind, "ana").await.unwrap();
    assert_eq!(admin.get("/api/v1/session").await.status, 401);
    assert_eq!(ana.get("/api/v1/session").await.status, 401);
}

#[tokio::test]
async fn a_stored_password_is_a_hash_and_an_existing_user_stays_as_it_is() {
    let rig = Rig::start(|_| {}).await;
    let stored = rig.registry.document(DocumentKind::User, "admin").await.unwrap().body;
    assert!(stored.contains("$argon2id$") && !stored.contains("secret"), "{stored}");
    let other = Secret::new("other");
    let registry = &*rig.registry;
    assert!(!ensure_user(registry, &rig.clock, "admin", &other, Role::Viewer).await.unwrap());
    assert_eq!(rig.registry.document(DocumentKind::User, "admin").await.unwrap().body, stored);
    let refused = ensure_user(registry, &rig.clock, "a b", &other, Role::Viewer).await;
    assert!(matches!(refused, Err(UserError::BadName { .. })));
}

#[tokio::test]
async fn log_in_reads_nothing_but_a_small_well_formed_body() {
    let rig = Rig::start(|_| {}).await;
    let long = "x".repeat(2000);
    let huge = json!({"username": "admin", "password": long});
    assert_eq!(rig.client.post("/api/v1/session", &huge).await.status, 401);
    let odd = json!({"username": "admin", "password": "secret", "remember": true});
    let answer = rig.client.post("/api/v1/session", &odd).await;
    assert_eq!((answer.status, answer.error_code().as_str()), (400, "invalid"));
    let broken = rig.client.send("POST", "/api/v1/session", Some("{")).await;
    assert_eq!((broken.status, broken.error_code().as_str()), (400, "invalid"));
}
