//! Who is connected, and the log of the front door.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use picket_broker::{Attachment, SessionRequest, SubscribeOptions};
use picket_ports::ConnectionFacts;
use picket_ports::connection_log::{ConnectionEvent, ConnectionEventKind};
use picket_session::Dialect;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::rig::{NOW, Rig};

const SUBSCRIBE: SubscribeOptions = SubscribeOptions {
    qos: 1,
    no_local: false,
    retain_as_published: false,
    retain_handling: 0,
    id: None,
    dialect: Dialect::Standard,
};

fn connect(rig: &Rig, client_id: &str) -> Attachment {
    let request = SessionRequest {
        client_id: client_id.into(),
        clean_start: true,
        expiry_seconds: 0,
        receive_maximum: 10,
        connection_number_min: 0,
        protocol_level: 5,
        will: None,
        facts: ConnectionFacts {
            thing: Some(client_id.into()),
            principal: "ab12".into(),
            keep_alive_seconds: 60,
            ..ConnectionFacts::default()
        },
    };
    rig.broker.connect(request, Arc::new(Notify::new())).unwrap().attachment
}

fn client_ids(list: &Value) -> Vec<&str> {
    let connections = list["connections"].as_array().unwrap();
    connections.iter().map(|one| one["client_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn connections_are_listed_found_shown_and_ended() {
    let rig = Rig::start(|_| {}).await;
    let pump = connect(&rig, "pump-17");
    let _camera = connect(&rig, "camera-3");
    pump.subscribe("wards/+/heat", SUBSCRIBE);
    let admin = rig.logged_in("admin").await;
    let all = admin.get("/api/v1/connections").await.json();
    assert_eq!((client_ids(&all), &all["total"]), (vec!["camera-3", "pump-17"], &json!(2)));
    let first = admin.get("/api/v1/connections?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = admin.get(&format!("/api/v1/connections?limit=1&after={next}")).await.json();
    assert_eq!(client_ids(&second), ["pump-17"]);
    assert_eq!(client_ids(&admin.get("/api/v1/connections?text=pump").await.json()), ["pump-17"]);
    let kept = admin.get("/api/v1/connections?connected=false").await.json();
    assert_eq!(client_ids(&kept), Vec::<&str>::new());
    let one = admin.get("/api/v1/connections?thing=pump-17").await.json();
    assert_eq!(client_ids(&one), ["pump-17"]);
    assert_eq!(
        (&one["connections"][0]["subscriptions"], &one["connections"][0]["protocol"]),
        (&json!(1), &json!("MQTT 5"))
    );
    let both = admin.get("/api/v1/connections?principal=ab12").await.json();
    assert_eq!(client_ids(&both), ["camera-3", "pump-17"]);
    let shown = admin.get("/api/v1/connections/pump-17").await.json();
    assert_eq!(shown["connection"]["keep_alive_seconds"], json!(60));
    assert_eq!(shown["subscriptions"][0]["topic_filter"], json!("wards/+/heat"));
    let end = "/api/v1/connections/pump-17?clean_session=true";
    assert_eq!(admin.delete(end).await.status, 204);
    let gone = admin.get("/api/v1/connections/pump-17").await;
    assert!(gone.status == 404 || gone.json()["connection"]["is_connected"] == json!(false));
}

#[tokio::test]
async fn unknown_clients_and_odd_parameters_are_refused() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    for (method, path, status) in [
        ("GET", "connections/none", 404),
        ("DELETE", "connections/none", 404),
        ("GET", "connections?limit=501", 400),
        ("GET", "connections?colour=red", 400),
        ("GET", "connections?connected=perhaps", 400),
        ("GET", "connection-log?kind=odd", 400),
        ("GET", "connection-log?address=home", 400),
        ("DELETE", "connections/none?clean_session=perhaps", 400),
    ] {
        let answer = admin.send(method, &format!("/api/v1/{path}"), None).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
}

fn event(number: u64, kind: ConnectionEventKind, client_id: &str) -> ConnectionEvent {
    ConnectionEvent {
        number,
        time: NOW,
        kind,
        client_id: Some(client_id.into()),
        thing: None,
        principal: Some("ab12".into()),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        reason: (kind == ConnectionEventKind::Refused).then_some("AUTH_ERROR"),
        detail: Some("the certificate is not active".into()),
        protocol: Some("MQTT 5"),
        tls: Some("TLS 1.3"),
        listener: "mqtt",
    }
}

#[tokio::test]
async fn the_log_tells_who_came_and_who_was_refused_and_why() {
    let rig = Rig::start(|_| {}).await;
    rig.connection_log.events.lock().unwrap().extend([
        event(1, ConnectionEventKind::Connected, "pump-17"),
        event(2, ConnectionEventKind::Refused, "<script>"),
    ]);
    let vera = rig.logged_in("vera").await;
    let all = vera.get("/api/v1/connection-log").await.json();
    let newest = &all["events"][0];
    assert_eq!(newest["client_id"], json!("<script>"));
    assert_eq!((&newest["kind"], &newest["reason"]), (&json!("refused"), &json!("AUTH_ERROR")));
    assert_eq!(newest["detail"], json!("the certificate is not active"));
    let one = vera.get("/api/v1/connection-log?client_id=pump-17").await.json();
    assert_eq!(one["events"].as_array().unwrap().len(), 1);
    for (query, count) in [
        ("kind=refused", 1),
        ("text=ump", 1),
        ("reason=AUTH_ERROR", 1),
        ("principal=ab12", 2),
        ("address=127.0.0.1", 2),
        ("thing=pump-17", 0),
    ] {
        let found = vera.get(&format!("/api/v1/connection-log?{query}")).await.json();
        assert_eq!(found["events"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(found["next"], Value::Null);
    }
    let page = vera.get("/api/v1/connection-log?limit=1").await.json();
    assert_eq!((&page["events"][0]["number"], &page["next"]), (&json!(2), &json!(2)));
    let older = vera.get("/api/v1/connection-log?limit=1&before=2").await.json();
    assert_eq!(older["events"][0]["client_id"], json!("pump-17"));
}
