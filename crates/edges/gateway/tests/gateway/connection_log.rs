//! The connection log.

use std::io::Write as _;
use std::time::Duration;

use picket_ports::connection_log::{ConnectionEventKind, ConnectionLogFilter};
use picket_ports::registry::CertificateStatus;

use crate::bench::Bench;
use crate::client::{Client, is_closed_within, tls};
use crate::web_client::mqtt;

#[test]
fn who_came_left_and_was_refused_is_remembered() {
    let bench = Bench::start();
    let device = bench.device();
    let log = bench.gateway.connection_log();
    let mut pump = Client::secure(&bench, &device, true);
    pump.connect("pump");
    let connected = log.last("pump").unwrap();
    assert_eq!(connected.kind, ConnectionEventKind::Connected);
    assert_eq!(connected.thing.as_deref(), Some("pump"));
    assert_eq!(connected.principal.as_deref(), Some(device.id.as_str()));
    assert_eq!(connected.address.to_string(), "127.0.0.1");
    assert_eq!(connected.protocol, Some("MQTT 5"));
    assert_eq!(connected.tls, Some("TLS 1.3"));
    assert_eq!(connected.listener, "mqtt");
    pump.disconnect();
    bench.until("left", || {
        log.last("pump").is_some_and(|it| it.reason == Some("CLIENT_INITIATED_DISCONNECT"))
    });
    let mut banned = Client::secure(&bench, &device, false);
    banned.connect("banned");
    bench.until("logged", || log.last("banned").is_some());
    let refused = log.last("banned").unwrap();
    assert_eq!(
        (refused.kind, refused.reason),
        (ConnectionEventKind::Refused, Some("not_authorized"))
    );
    assert_eq!(refused.protocol, Some("MQTT 3.1.1"));
    let detail = refused.detail.unwrap();
    assert_eq!(&*detail, "statement 4 of policy device denies iot:Connect on client/banned");
    let mut web = mqtt(&bench, Some(&device), "/mqtt", false);
    web.connect("web");
    let came = log.last("web").unwrap();
    assert_eq!((came.protocol, came.listener), (Some("MQTT 3.1.1 over WebSocket"), "alpn"));
    Client::plain(&bench, true).connect("plain");
    let came = log.last("plain").unwrap();
    assert_eq!(
        (came.tls, came.listener, came.principal.as_deref()),
        (None, "plaintext", Some("anonymous"))
    );
}

#[test]
fn a_handshake_that_failed_names_the_certificate() {
    let bench = Bench::start();
    let log = bench.gateway.connection_log();
    let (stranger, inactive) = (bench.stranger(), bench.device());
    bench.registry.set_status(&inactive.id, CertificateStatus::Inactive);
    for device in [&stranger, &inactive] {
        let at = bench.at.mqtt.unwrap();
        let mut stream = tls(&bench, at, Some(device), b"", &rustls::version::TLS12);
        drop(stream.write_all(b"x"));
        assert!(is_closed_within(&mut stream, Duration::from_secs(5)));
    }
    let only = |reason: &str| ConnectionLogFilter {
        kind: Some(ConnectionEventKind::Refused),
        reason: Some(reason.to_owned()),
        ..ConnectionLogFilter::default()
    };
    for (reason, device) in
        [("unknown_certificate", &stranger), ("inactive_certificate", &inactive)]
    {
        bench.until("logged", || log.recent(&only(reason), 10).len() == 1);
        let event = log.recent(&only(reason), 10).remove(0);
        assert_eq!(event.principal.as_deref(), Some(device.id.as_str()));
        assert!(event.client_id.is_none() && event.protocol.is_none());
    }
}

#[test]
fn the_log_holds_as_much_as_the_configuration_says() {
    let bench = Bench::with("connection_log_events = 3");
    for n in 0..4 {
        Client::plain(&bench, true).connect(&format!("c{n}"));
    }
    let log = bench.gateway.connection_log();
    assert_eq!(log.recent(&ConnectionLogFilter::default(), 100).len(), 3);
    let none = Bench::with("connection_log_events = 0");
    Client::plain(&none, true).connect("c");
    assert_eq!(none.gateway.connection_log().recent(&ConnectionLogFilter::default(), 9), []);
}
