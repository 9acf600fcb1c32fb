//! What operators see of connections, and how they end them.

use std::sync::Arc;

use picket_broker::{SessionRequest, Standing};
use picket_ports::connections::{ConnectionFilter, DisconnectReason, EndConnection};
use picket_ports::{ConnectionFacts, Connections as _, ConnectionsError};
use tokio::sync::Notify;

use crate::rig::{Rig, graceful, inbox, kept, qos, request, subscribe, will};
use crate::store::MemoryStates;

#[tokio::test]
async fn a_connection_is_shown_while_it_lasts_and_for_half_an_hour_after() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let facts = ConnectionFacts {
        source: Some(([192, 0, 2, 7], 50_000).into()),
        thing: Some("pump-7".into()),
        keep_alive_seconds: 60,
        ..ConnectionFacts::default()
    };
    let client = rig.connect(SessionRequest { facts: facts.clone(), ..request("pump") }).attachment;
    client.subscribe("in", qos(1));
    rig.publish("in").await;
    let shown = rig.broker.connection("pump").await.unwrap();
    assert!(shown.is_connected());
    assert_eq!((shown.facts, shown.subscriptions, shown.queued), (facts, 1, 1));
    graceful(client);
    let shown = rig.broker.connection("pump").await.unwrap();
    let ended = shown.disconnected.unwrap();
    assert_eq!(ended.reason, DisconnectReason::ClientInitiatedDisconnect);
    assert!(rig.broker.subscriptions("pump").await.is_none());
    rig.advance(30 * 60 - 1);
    assert!(rig.broker.connection("pump").await.is_some());
    rig.advance(1);
    assert!(rig.broker.connection("pump").await.is_none());
    assert!(rig.broker.connection("nobody").await.is_none());
}

#[tokio::test]
async fn connections_are_listed_page_by_page_and_by_what_they_are() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let mut clients = Vec::new();
    for at in 0..25 {
        let thing = (at % 2 == 0).then(|| Arc::from(format!("valve-{at}")));
        let facts = ConnectionFacts { thing, ..ConnectionFacts::default() };
        let request = SessionRequest { facts, ..kept(&format!("c{at:02}")) };
        clients.push(rig.connect(request).attachment);
    }
    clients.truncate(20);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = rig.broker.connections(&ConnectionFilter::default(), after.as_deref(), 10).await;
        seen.extend(page.connections.iter().map(|shown| shown.client_id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted());
    let counts = rig.broker.connection_counts().await;
    assert_eq!((counts.connected, counts.kept), (20, 5));
    let find = async |filter| rig.broker.connections(&filter, None, 100).await.connections.len();
    let none = ConnectionFilter::default();
    assert_eq!(find(ConnectionFilter { connected: Some(false), ..none.clone() }).await, 5);
    assert_eq!(find(ConnectionFilter { text: Some("valve".into()), ..none.clone() }).await, 13);
    assert_eq!(find(ConnectionFilter { text: Some("c0".into()), ..none.clone() }).await, 10);
    assert_eq!(find(ConnectionFilter { thing: Some("valve-4".into()), ..none }).await, 1);
}

#[tokio::test]
async fn a_connection_that_is_ended_from_outside_hears_of_it_and_its_will_is_published() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let watcher = rig.kept("watcher").await;
    subscribe(&watcher, "will", qos(0)).await;
    let wake = Arc::new(Notify::new());
    let request = SessionRequest { will: will("will", 0), ..kept("pump") };
    let client = rig.broker.connect(request, Arc::clone(&wake)).unwrap().attachment;
    assert_eq!(client.standing(), Standing::Current);
    rig.broker.end_connection("pump", EndConnection::default()).await.unwrap();
    wake.notified().await;
    assert_eq!(client.standing(), Standing::EndedByApi);
    assert_eq!(inbox(&watcher), ["0:gone"]);
    let shown = rig.broker.connection("pump").await.unwrap();
    assert_eq!(shown.disconnected.unwrap().reason, DisconnectReason::ApiInitiatedDisconnect);
    // The late departure of the connection changes nothing.
    drop(client);
    assert_eq!(inbox(&watcher), [""; 0]);
    assert!(rig.connect(kept("pump")).session_present);
}

#[tokio::test]
async fn a_session_can_be_ended_without_its_will_and_without_a_connection() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let watcher = rig.kept("watcher").await;
    subscribe(&watcher, "will", qos(0)).await;
    let how = EndConnection { clean_session: true, prevent_will: true };
    let client = rig.connect(SessionRequest { will: will("will", 0), ..kept("a") }).attachment;
    rig.broker.end_connection("a", how).await.unwrap();
    drop(client);
    assert!(!rig.connect(kept("a")).session_present);
    drop(rig.connect(SessionRequest { will: will("will", 60), ..kept("b") }).attachment);
    rig.broker.end_connection("b", how).await.unwrap();
    rig.advance(60);
    assert_eq!(inbox(&watcher), [""; 0]);
    let error = rig.broker.end_connection("b", how).await.unwrap_err();
    assert!(matches!(error, ConnectionsError::NoSuchClient { .. }));
}

#[tokio::test]
async fn a_takeover_is_told_from_an_end_by_the_api() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let first = rig.kept("pump").await;
    let second = rig.kept("pump").await;
    assert_eq!(first.standing(), Standing::TakenOver);
    rig.broker.end_connection("pump", EndConnection::default()).await.unwrap();
    assert_eq!(second.standing(), Standing::EndedByApi);
    let third = rig.kept("pump").await;
    assert_eq!(third.standing(), Standing::Current);
    assert_eq!(second.standing(), Standing::EndedByApi);
}
