//! How a connection ends: the reason that is told, and whether the will is published (spec iot-core §3.8).

use std::time::{Duration, Instant};

use picket_core::Role;
use picket_ports::Listen as _;
use picket_ports::messages::ListenRequest;
use picket_ports::registry::CertificateStatus;
use serde_json::Value;
use tokio::time::timeout;

use crate::bench::{ALLOW_ALL, Bench, DeviceIdentity};
use crate::client::Client;
use crate::web_client::mqtt;

const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","Action":"iot:*","Resource":"*"}]}"#;
const WILL: &str = "will/pump";

/// A connection of the client `pump` that has left a will.
type Opened<'a> = (&'a Bench, Client, &'a DeviceIdentity);

/// How long the will may take that is published on another thread than the event.
const WILL_PATIENCE: Duration = Duration::from_millis(500);

/// The reason that is told once `part` has ended the connection, and whether its will is published.
fn end_of(
    more: &str,
    open: impl FnOnce(&Bench, &DeviceIdentity) -> Client,
    part: impl FnOnce(Opened<'_>),
) -> (String, bool) {
    let bench = Bench::with(more);
    bench.registry.set_policy(ALLOW_ALL);
    let filters = vec!["$aws/events/presence/disconnected/pump".to_owned(), WILL.to_owned()];
    let request = ListenRequest { filters, with_retained: false, waiting_max: 100 };
    let mut listener = bench.broker.listen(&request).unwrap();
    let device = bench.device();
    let mut pump = open(&bench, &device);
    let welcome = pump.connect_with_will("pump", WILL);
    assert!(matches!(&*welcome, "connack Success false" | "connack Accepted false"), "{welcome}");
    part((&bench, pump, &device));
    let (mut reason, mut has_will) = (None, false);
    while reason.is_none() || !has_will {
        let patience = if reason.is_none() { Duration::from_secs(10) } else { WILL_PATIENCE };
        let next = bench.runtime.block_on(async { timeout(patience, listener.next()).await });
        let Ok(message) = next else { break };
        let message = message.unwrap();
        match &*message.topic == WILL {
            true => has_will = true,
            false => reason = Some(reason_in(&message.payload)),
        }
    }
    (reason.expect("an event"), has_will)
}

fn reason_in(event: &[u8]) -> String {
    let event: Value = serde_json::from_slice(event).unwrap();
    let reason = event["disconnectReason"].as_str().unwrap().to_owned();
    let is_by_client = reason == "CLIENT_INITIATED_DISCONNECT";
    assert_eq!(event["clientInitiatedDisconnect"], is_by_client);
    reason
}

fn v5(bench: &Bench, device: &DeviceIdentity) -> Client {
    Client::secure(bench, device, true)
}

fn v311(bench: &Bench, device: &DeviceIdentity) -> Client {
    Client::secure(bench, device, false)
}

fn websocket(bench: &Bench, device: &DeviceIdentity) -> Client {
    mqtt(bench, Some(device), "/mqtt", true)
}

fn with_will(reason: &str) -> (String, bool) {
    (reason.to_owned(), true)
}

#[test]
fn a_client_that_says_goodbye_leaves_no_will() {
    let goodbye = |(_, pump, _): Opened<'_>| pump.disconnect();
    for open in [v5, v311, websocket] {
        let expected = ("CLIENT_INITIATED_DISCONNECT".to_owned(), false);
        assert_eq!(end_of("", open, goodbye), expected);
    }
}

#[test]
fn a_client_that_vanishes_or_is_silent_or_breaks_the_rules() {
    let vanish = |(_, pump, _): Opened<'_>| drop(pump);
    for open in [v5, v311, websocket] {
        assert_eq!(end_of("", open, vanish), with_will("CONNECTION_LOST"));
    }
    let silence = |(_, mut pump, _): Opened<'_>| {
        assert_eq!(pump.next(), "disconnect KeepAliveTimeout");
    };
    let more = "[tls_rules]\nkeep_alive_seconds_min = 1\nkeep_alive_seconds_max = 1";
    assert_eq!(end_of(more, v5, silence), with_will("MQTT_KEEP_ALIVE_TIMEOUT"));
    let second_connect = |(_, mut pump, _): Opened<'_>| {
        pump.raw(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03raw");
        assert_eq!(pump.next(), "disconnect ProtocolError");
    };
    assert_eq!(end_of("", v5, second_connect), with_will("CLIENT_ERROR"));
    let flood = |(_, mut pump, _): Opened<'_>| {
        for _ in 0..20 {
            pump.publish("t", "x", 0, false);
        }
        assert_eq!(pump.next(), "disconnect QuotaExceeded");
    };
    let more = "[tls_rules]\npublishes_per_second = 2\ndiscarded_publishes_max = 10";
    assert_eq!(end_of(more, v5, flood), with_will("THROTTLED"));
}

#[test]
fn a_client_whose_place_is_taken_or_whose_websocket_is_too_old() {
    for open in [v5, websocket] {
        // It stays, as its own end would be told of too.
        let mut newcomer = None;
        let taken_over = |(bench, mut pump, device): Opened<'_>| {
            newcomer.insert(Client::secure(bench, device, true)).connect("pump");
            assert_eq!(pump.next(), "disconnect SessionTakenOver");
        };
        assert_eq!(end_of("", open, taken_over), with_will("DUPLICATE_CLIENTID"));
        drop(newcomer);
    }
    let age = |(_, mut pump, _): Opened<'_>| {
        assert_eq!(pump.next(), "disconnect AdministrativeAction");
    };
    let more = "websocket_seconds_max = 1";
    assert_eq!(end_of(more, websocket, age), with_will("WEBSOCKET_TTL_EXPIRATION"));
}

#[test]
fn a_client_that_loses_its_certificate_or_its_rights() {
    let switched_off = |(bench, mut pump, device): Opened<'_>| {
        bench.registry.set_status(&device.id, CertificateStatus::Inactive);
        assert_eq!(pump.next(), "disconnect AdministrativeAction");
    };
    for open in [v5, websocket] {
        assert_eq!(end_of("", open, switched_off), with_will("AUTH_ERROR"));
    }
    let denied = |(bench, mut pump, device): Opened<'_>| {
        let connect_only = ALLOW_ALL.replace("iot:*", "iot:Connect");
        bench.registry.set_policies_of(&device.id, &[("less", &connect_only)]);
        let deadline = Instant::now() + Duration::from_secs(10);
        pump.publish("any", "x", 1, false);
        // The connection hears of the change a moment later.
        while pump.next() != "closed" {
            assert!(Instant::now() < deadline, "it publishes on");
            pump.publish("any", "x", 1, false);
        }
    };
    // Its right to the will's topic was looked at when it came.
    assert_eq!(end_of("", v311, denied), with_will("AUTH_ERROR"));
    let no_right = |(bench, mut pump, device): Opened<'_>| {
        bench.registry.set_policies_of(&device.id, &[("none", NOTHING)]);
        assert_eq!(pump.next(), "disconnect NotAuthorized");
    };
    assert_eq!(end_of("", v5, no_right), with_will("FORBIDDEN_ACCESS"));
}

#[test]
fn an_operator_who_loses_the_access_key() {
    let open = |bench: &Bench, _: &DeviceIdentity| {
        let root = bench.keys.add("root", Role::Admin);
        mqtt(bench, None, &crate::websocket::signed(bench, &root), true)
    };
    let withdrawn = |(bench, mut pump, _): Opened<'_>| {
        bench.keys.0.lock().unwrap().clear();
        assert_eq!(pump.next(), "disconnect AdministrativeAction");
    };
    assert_eq!(end_of("", open, withdrawn), with_will("AUTH_ERROR"));
}

#[test]
fn a_client_that_an_operator_or_the_server_ends() {
    use picket_ports::Connections as _;
    use picket_ports::connections::EndConnection;

    for prevent_will in [false, true] {
        let ended = |(bench, mut pump, _): Opened<'_>| {
            let how = EndConnection { prevent_will, ..EndConnection::default() };
            bench.runtime.block_on(bench.broker.end_connection("pump", how)).unwrap();
            assert_eq!(pump.next(), "disconnect AdministrativeAction");
        };
        let expected = ("API_INITIATED_DISCONNECT".to_owned(), !prevent_will);
        assert_eq!(end_of("", v5, ended), expected);
    }
    let stopped = |(bench, mut pump, _): Opened<'_>| {
        assert!(bench.runtime.block_on(bench.gateway.shut_down(Duration::from_secs(10))));
        assert_eq!(pump.next(), "disconnect ServerShuttingDown");
    };
    assert_eq!(end_of("", v5, stopped), with_will("SERVER_INITIATED_DISCONNECT"));
    let failed = |(_, mut pump, _): Opened<'_>| {
        // 3.1.1 has no other way to say that a report could not be stored.
        pump.publish("$aws/things/pump/defender/metrics/json", "full", 1, false);
        assert_eq!(pump.next(), "closed");
    };
    assert_eq!(end_of("", v311, failed), with_will("SERVER_ERROR"));
}
