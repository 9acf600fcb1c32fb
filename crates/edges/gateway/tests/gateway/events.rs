//! Lifecycle events, with the members that AWS gives them (spec iot-core §3.8).

use std::sync::atomic::Ordering;

use serde_json::Value;

use crate::bench::{ALLOW_ALL, Bench};
use crate::client::Client;

/// Somebody who sees all events, and the events of one client only.
struct Watcher {
    client: Client,
    whose: &'static str,
}

impl Watcher {
    fn new(bench: &Bench, whose: &'static str) -> Self {
        bench.registry.set_policy(ALLOW_ALL);
        let device = bench.device();
        let mut client = Client::secure(bench, &device, false);
        client.connect("watcher");
        let filters = ["presence/connected", "presence/disconnected", "presence/connect_failed"]
            .into_iter()
            .chain(["subscriptions/subscribed", "subscriptions/unsubscribed"]);
        let filters: Vec<String> =
            filters.map(|topic| format!("$aws/events/{topic}/{whose}")).collect();
        let filters: Vec<(&str, u8)> = filters.iter().map(|it| (it.as_str(), 0)).collect();
        assert!(!client.subscribe(&filters).contains("Failure"));
        Self { client, whose }
    }

    /// The next event: its kind and itself.
    fn next(&mut self) -> (String, Value) {
        let text = self.client.next();
        let (topic, rest) = text.split_once('=').unwrap_or((&text, ""));
        let kind = topic.strip_prefix("$aws/events/").and_then(|it| it.rsplit_once('/'));
        let (kind, client_id) = kind.unwrap_or_else(|| panic!("no event: {text}"));
        assert_eq!(client_id, self.whose);
        let payload = rest.strip_suffix(" @0").unwrap();
        (kind.to_owned(), serde_json::from_str(payload).unwrap())
    }

    fn expect(&mut self, kind: &str) -> Value {
        let (found, event) = self.next();
        assert_eq!(found, kind, "{event}");
        assert_eq!(event["eventType"], kind.rsplit('/').next().unwrap());
        event
    }
}

fn members(event: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn coming_subscribing_and_going_are_told_with_one_session_identifier() {
    let bench = Bench::start();
    let mut watcher = Watcher::new(&bench, "pump");
    let device = bench.device();
    let mut pump = Client::secure(&bench, &device, true);
    pump.connect("pump");
    let connected = watcher.expect("presence/connected");
    assert_eq!(
        members(&connected),
        [
            "clientId",
            "eventType",
            "ipAddress",
            "principalIdentifier",
            "sessionIdentifier",
            "thingName",
            "timestamp",
            "versionNumber",
        ]
    );
    assert_eq!(connected["clientId"], "pump");
    assert_eq!(connected["ipAddress"], "127.0.0.1");
    assert_eq!(connected["principalIdentifier"], device.id.as_str());
    assert_eq!(connected["thingName"], "pump");
    assert_eq!(connected["versionNumber"], 0);
    assert!(connected["timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    let session = connected["sessionIdentifier"].as_str().unwrap().to_owned();
    assert_eq!(session.len(), 36);

    pump.subscribe(&[("a/+", 0), ("b", 1)]);
    let subscribed = watcher.expect("subscriptions/subscribed");
    assert_eq!(subscribed["topics"], serde_json::json!(["a/+", "b"]));
    pump.unsubscribe(&["b", "never"]);
    let unsubscribed = watcher.expect("subscriptions/unsubscribed");
    assert_eq!(unsubscribed["topics"], serde_json::json!(["b"]));
    assert_eq!(
        members(&unsubscribed),
        [
            "clientId",
            "eventType",
            "principalIdentifier",
            "sessionIdentifier",
            "thingName",
            "timestamp",
            "topics",
        ]
    );
    pump.disconnect();
    let disconnected = watcher.expect("presence/disconnected");
    assert_eq!(
        members(&disconnected),
        [
            "clientId",
            "clientInitiatedDisconnect",
            "disconnectReason",
            "eventType",
            "principalIdentifier",
            "sessionIdentifier",
            "thingName",
            "timestamp",
            "versionNumber",
        ]
    );
    assert_eq!(disconnected["clientInitiatedDisconnect"], true);
    assert_eq!(disconnected["disconnectReason"], "CLIENT_INITIATED_DISCONNECT");
    for event in [&subscribed, &unsubscribed, &disconnected] {
        assert_eq!(event["sessionIdentifier"], session.as_str());
    }
}

#[test]
fn the_thing_is_named_only_if_the_certificate_is_its_own() {
    let bench = Bench::start();
    let mut watcher = Watcher::new(&bench, "pump");
    bench.registry.is_exclusive.store(false, Ordering::Relaxed);
    let device = bench.device();
    Client::secure(&bench, &device, true).connect("pump");
    assert_eq!(watcher.expect("presence/connected").get("thingName"), None);
}

#[test]
fn the_version_number_grows_from_connection_to_connection() {
    let bench = Bench::start();
    let mut watcher = Watcher::new(&bench, "pump");
    let device = bench.device();
    for version in 0..3 {
        let mut pump = Client::secure(&bench, &device, version % 2 == 0);
        pump.connect("pump");
        assert_eq!(watcher.expect("presence/connected")["versionNumber"], version);
        pump.disconnect();
        assert_eq!(watcher.expect("presence/disconnected")["versionNumber"], version);
    }
}

#[test]
fn a_denied_connect_and_a_denied_will_are_told() {
    let bench = Bench::start();
    let mut watcher = Watcher::new(&bench, "pump");
    let device = bench.device();
    bench.registry.set_policies_of(&device.id, &[("none", NOTHING)]);
    Client::secure(&bench, &device, true).connect("pump");
    let failed = watcher.expect("presence/connect_failed");
    assert_eq!(
        members(&failed),
        [
            "clientId",
            "connectFailureReason",
            "eventType",
            "ipAddress",
            "principalIdentifier",
            "sessionIdentifier",
            "thingName",
            "timestamp",
        ]
    );
    assert_eq!(failed["connectFailureReason"], "AUTHORIZATION_FAILED");
    bench.registry.set_policies_of(&device.id, &[("connect", CONNECT_ONLY)]);
    Client::secure(&bench, &device, false).connect_with_will("pump", "last/words");
    watcher.expect("presence/connect_failed");
}

const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","Action":"iot:*","Resource":"*"}]}"#;
const CONNECT_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}"#;

#[test]
fn a_client_id_with_wildcards_has_no_events() {
    let bench = Bench::start();
    bench.registry.set_policy(ALLOW_ALL);
    let device = bench.device();
    let mut watcher = Client::secure(&bench, &device, false);
    watcher.connect("watcher");
    watcher.subscribe(&[("$aws/events/presence/connected/#", 0)]);
    let mut odd = Client::plain(&bench, true);
    assert_eq!(odd.connect("a/#"), "connack Success false");
    assert!(watcher.is_quiet());
    Client::plain(&bench, true).connect("b");
    assert!(watcher.next().starts_with("$aws/events/presence/connected/b="));
}
