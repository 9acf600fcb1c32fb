//! Making, changing and removing users.

use serde_json::json;

use crate::rig::Rig;

#[tokio::test]
async fn a_user_who_was_made_logs_in_with_their_role() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let new = json!({"name": "ben", "password": "of his own", "role": "analyst"});
    let made = admin.send("POST", "/api/v1/users", Some(&new.to_string())).await;
    assert_eq!((made.status, made.json()["role"].as_str()), (201, Some("analyst")));
    assert!(!made.body.contains("password"), "{}", made.body);
    let again = admin.send("POST", "/api/v1/users", Some(&new.to_string())).await;
    assert_eq!((again.status, again.error_code().as_str()), (409, "already_exists"));
    let mut ben = rig.client.clone();
    assert_eq!(ben.log_in("ben", "of his own").await.status, 200);
    assert_eq!(ben.get("/api/v1/session").await.json()["role"], "analyst");
    assert_eq!(ben.get("/api/v1/users").await.status, 403);
    let listed = admin.get("/api/v1/users").await.json();
    let names = listed["users"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap());
    assert!(names.collect::<Vec<_>>().contains(&"ben"));
    assert!(rig.stop().await);
}

#[tokio::test]
async fn another_role_or_password_ends_the_sessions() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let new = json!({"name": "ben", "password": "first", "role": "viewer"});
    assert_eq!(admin.send("POST", "/api/v1/users", Some(&new.to_string())).await.status, 201);
    let mut ben = rig.client.clone();
    for (change, password) in
        [(json!({"role": "analyst"}), "first"), (json!({"password": "second"}), "second")]
    {
        ben.log_in("ben", "first").await;
        assert_eq!(ben.get("/api/v1/session").await.status, 200);
        assert_eq!(
            admin.send("PATCH", "/api/v1/users/ben", Some(&change.to_string())).await.status,
            200
        );
        assert_eq!(ben.get("/api/v1/session").await.status, 401);
        assert_eq!(ben.log_in("ben", password).await.status, 200);
    }
    assert_eq!(ben.get("/api/v1/session").await.json()["role"], "analyst");
    assert_eq!(admin.send("DELETE", "/api/v1/users/ben", None).await.status, 204);
    assert_eq!(ben.get("/api/v1/session").await.status, 401);
    assert_eq!(admin.send("DELETE", "/api/v1/users/ben", None).await.status, 404);
    assert!(rig.stop().await);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let less = json!({"role": "viewer"});
    let refused = admin.send("PATCH", "/api/v1/users/admin", Some(&less.to_string())).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (409, "conflict"));
    assert_eq!(admin.send("DELETE", "/api/v1/users/admin", None).await.status, 409);
    let new = json!({"name": "eve", "password": "x", "role": "admin"});
    assert_eq!(admin.send("POST", "/api/v1/users", Some(&new.to_string())).await.status, 201);
    assert_eq!(
        admin.send("PATCH", "/api/v1/users/admin", Some(&less.to_string())).await.status,
        200
    );
    assert!(rig.stop().await);
}

#[tokio::test]
async fn a_name_or_role_that_cannot_be_is_refused_with_the_reason() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (new, part) in [
        (json!({"name": "a b", "password": "x", "role": "viewer"}), "letters"),
        (json!({"name": "a", "password": "", "role": "viewer"}), "1 to 1024"),
        (json!({"name": "a", "password": "x", "role": "root"}), "root"),
        (json!({"name": "a", "password": "x", "role": "viewer", "rolle": "x"}), "rolle"),
    ] {
        let answer = admin.send("POST", "/api/v1/users", Some(&new.to_string())).await;
        assert!(answer.status == 400 && answer.body.contains(part), "{}", answer.body);
    }
    assert!(rig.stop().await);
}
