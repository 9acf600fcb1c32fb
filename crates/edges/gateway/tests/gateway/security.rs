//! Mutual TLS, policies and counting.

use std::io::Write as _;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt::packet::{Property, SessionExpiryInterval};
use picket_gateway::Refused;
use picket_ports::registry::CertificateStatus;

use crate::bench::Bench;
use crate::client::{Client, is_closed_within, tls};

#[test]
fn a_registered_device_gets_in_with_tls_1_2_and_1_3() {
    let bench = Bench::start();
    let device = bench.device();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let stream = tls(&bench, bench.at.mqtt.unwrap(), Some(&device), b"", version);
        let mut client = Client::over(stream, false);
        assert_eq!(client.connect("pump"), "connack Accepted false");
    }
}

#[test]
fn the_alpn_port_serves_mqtt_to_those_who_ask_for_it_and_have_a_certificate() {
    let bench = Bench::start();
    let device = bench.device();
    let at = bench.at.alpn.unwrap();
    let open = |device, alpn: &[u8]| tls(&bench, at, device, alpn, &rustls::version::TLS13);
    let mut client = Client::over(open(Some(&device), b"x-amzn-mqtt-ca"), true);
    assert_eq!(client.connect("pump"), "connack Success false");
    assert!(is_closed_within(&mut open(None, b"x-amzn-mqtt-ca"), Duration::from_secs(5)));
    assert_eq!(bench.refused(Refused::NoCertificate), 1);
    let mut other = open(Some(&device), b"h2");
    drop(other.write_all(b"x"));
    assert!(is_closed_within(&mut other, Duration::from_secs(5)));
    bench.until("counted", || bench.refused(Refused::Alpn) == 1);
}

#[test]
fn unknown_and_inactive_certificates_fail_the_handshake() {
    let bench = Bench::start();
    let at = bench.at.mqtt.unwrap();
    let stranger = bench.stranger();
    let revoked = bench.device();
    bench.registry.set_status(&revoked.id, CertificateStatus::Revoked);
    for device in [Some(&stranger), Some(&revoked), None] {
        let mut stream = tls(&bench, at, device, b"", &rustls::version::TLS13);
        // With TLS 1.3 the refusal comes after the client's own last handshake message.
        drop(stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"));
        assert!(is_closed_within(&mut stream, Duration::from_secs(5)));
    }
    bench.until("counted", || {
        bench.refused(Refused::UnknownCertificate) == 1
            && bench.refused(Refused::InactiveCertificate) == 1
            && bench.refused(Refused::NoCertificate) == 1
    });
    assert_eq!(bench.metrics.lines(), [""; 0]);
}

#[test]
fn a_certificate_without_its_key_is_of_no_use() {
    let bench = Bench::start();
    let mut thief = bench.device();
    thief.key = bench.stranger().key;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut stream = tls(&bench, bench.at.mqtt.unwrap(), Some(&thief), b"", version);
        drop(stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"));
        assert!(is_closed_within(&mut stream, Duration::from_secs(5)));
    }
    bench.until("counted", || bench.refused(Refused::Handshake) == 2);
    assert_eq!(bench.metrics.lines(), [""; 0]);
}

#[test]
fn a_certificate_of_version_1_is_good_for_whoever_has_its_key() {
    let bench = Bench::start();
    let device = bench.old_device();
    let at = bench.at.mqtt.unwrap();
    let mut thief = bench.old_device();
    thief.key = bench.stranger().key;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut client = Client::over(tls(&bench, at, Some(&device), b"", version), false);
        assert_eq!(client.connect("pump"), "connack Accepted false");
        let mut stream = tls(&bench, at, Some(&thief), b"", version);
        drop(stream.write_all(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"));
        assert!(is_closed_within(&mut stream, Duration::from_secs(5)));
    }
    bench.until("counted", || bench.refused(Refused::Handshake) == 2);
}

#[test]
fn a_deactivated_certificate_cuts_the_session_within_a_second() {
    let bench = Bench::start();
    let device = bench.device();
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    let start = Instant::now();
    bench.registry.set_status(&device.id, CertificateStatus::Inactive);
    assert_eq!(client.next_told(), "disconnect AdministrativeAction: the certificate is INACTIVE");
    assert_eq!(client.next(), "closed");
    assert!(start.elapsed() < Duration::from_secs(1));
    let counted = bench.counted("pump");
    bench.until("disconnect", || bench.counted("pump").contains("disconnected"));
    assert!(counted.contains("attempt from 127.0.0.1"), "{counted:?}");
}

#[test]
fn a_denied_connect_is_answered_counted_and_closed() {
    let bench = Bench::start();
    let device = bench.device();
    let mut v3 = Client::secure(&bench, &device, false);
    assert_eq!(v3.connect("banned"), "connack NotAuthorized false");
    assert_eq!(v3.next(), "closed");
    let mut v5 = Client::secure(&bench, &device, true);
    assert_eq!(v5.connect("banned"), "connack NotAuthorized false");
    let lines = bench.metrics.lines();
    assert_eq!(lines.iter().filter(|line| *line == "banned denied -").count(), 2);
}

#[test]
fn the_topic_of_a_will_is_checked_at_connect() {
    let bench = Bench::start();
    let device = bench.device();
    for v5 in [false, true] {
        let mut client = Client::secure(&bench, &device, v5);
        assert_eq!(client.connect_with_will("pump", "other/x"), "connack NotAuthorized false");
        let mut client = Client::secure(&bench, &device, v5);
        let answer = client.connect_with_will("pump", "own/pump/will");
        assert!(answer.ends_with(" false") && !answer.contains("Not"), "{answer}");
    }
}

#[test]
fn a_denied_publish_closes_3_1_1_and_is_told_in_5() {
    let bench = Bench::start();
    let device = bench.device();
    let mut v3 = Client::secure(&bench, &device, false);
    v3.connect("pump");
    v3.publish("other/x", "x", 1, false);
    assert_eq!(v3.next(), "closed");
    let mut v5 = Client::secure(&bench, &device, true);
    v5.connect("pump");
    v5.publish("other/x", "x", 1, false);
    assert_eq!(v5.next(), "puback NotAuthorized");
    v5.publish("own/pump/x", "x", 1, true);
    assert_eq!(v5.next(), "puback NotAuthorized");
    v5.publish("own/pump/x", "x", 1, false);
    assert_eq!(v5.next(), "puback");
    v5.publish("other/x", "x", 0, false);
    assert_eq!(v5.next(), "disconnect NotAuthorized");
    let counted = bench.counted("pump");
    assert!(counted.contains("denied other/x") && counted.contains("in own/pump/x 1"));
}

#[test]
fn denied_filters_fail_one_by_one_and_denied_deliveries_stay_away() {
    let bench = Bench::start();
    let device = bench.device();
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    let answer = client.subscribe(&[("other/#", 1), ("own/pump/#", 1)]);
    assert_eq!(answer, "suback NotAuthorized GrantedQos1");
    client.publish("own/pump/a", "1", 0, false);
    assert_eq!(client.next(), "own/pump/a=1 @0");
    // From now on nothing may be received; the subscription stays.
    bench.registry.set_policy(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Action":["iot:Connect","iot:Publish","iot:Subscribe"],"Resource":"*"}]}"#,
    );
    let mut other = Client::plain(&bench, true);
    other.connect("other");
    let denied = || bench.broker.ledger().dropped.get("receive_denied").copied().unwrap_or(0);
    let mut publish = || {
        other.publish("own/pump/b", "2", 1, false);
        assert_eq!(other.next(), "puback");
    };
    // The session takes its new rights up within a moment, and what comes before that is its own.
    bench.until("the new policy is in force", || {
        publish();
        denied() > 0
    });
    while !client.is_quiet() {}
    let before = denied();
    publish();
    assert!(client.is_quiet());
    assert_eq!(denied(), before + 1);
    // It is no request of the device that was denied.
    assert!(!bench.counted("pump").contains("denied own/pump/b"));
}

#[test]
fn a_report_is_acknowledged_after_it_is_stored_and_answered() {
    let bench = Bench::start();
    let device = bench.device();
    bench.intake.gate.forget_permits(1000);
    let mut client = Client::secure(&bench, &device, false);
    client.connect("pump");
    let base = "$aws/things/pump/defender/metrics/json";
    client.subscribe(&[(&format!("{base}/accepted"), 1), (&format!("{base}/rejected"), 1)]);
    client.publish(base, "good", 1, false);
    assert!(client.is_quiet());
    bench.intake.gate.add_permits(2);
    let mut got = [client.next(), client.next()];
    got.sort();
    assert_eq!(got, [format!("{base}/accepted={{}} @1"), "puback".to_owned()]);
    client.publish(base, "bad", 1, false);
    let mut got = [client.next(), client.next()];
    got.sort();
    assert_eq!(got, [format!("{base}/rejected={{}} @1"), "puback".to_owned()]);
    let reports = bench.intake.reports.lock().unwrap();
    assert!(reports.iter().all(|report| report.thing == "pump"));
}

#[test]
fn a_report_that_is_being_stored_is_acknowledged_before_the_server_stops() {
    let bench = Bench::start();
    let device = bench.device();
    bench.intake.gate.forget_permits(1000);
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    client.publish("$aws/things/pump/defender/metrics/json", "good", 1, false);
    bench.until("taken", || bench.gateway.ledger().in_flight == 1);
    std::thread::scope(|scope| {
        scope.spawn(|| bench.runtime.block_on(bench.gateway.shut_down(Duration::from_secs(5))));
        bench.until("stopping", || {
            std::net::TcpStream::connect(bench.at.plaintext.unwrap()).is_err()
        });
        bench.intake.gate.add_permits(1);
    });
    assert_eq!(client.next(), "puback");
    assert_eq!(client.next(), "disconnect ServerShuttingDown");
}

#[test]
fn other_reserved_topics_are_refused() {
    let bench = Bench::start();
    bench.registry.set_policy(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#,
    );
    let device = bench.device();
    let mut client = Client::secure(&bench, &device, true);
    client.connect("pump");
    client.publish("$aws/things/pump/shadow/update", "x", 1, false);
    assert_eq!(client.next(), "puback TopicNameInvalid");
    client.publish("$aws/rules/r/a", "x", 1, false);
    assert_eq!(client.next(), "puback");
    assert_eq!(*bench.tap.topics.lock().unwrap(), ["$aws/rules/r/a"]);
    assert_eq!(client.subscribe(&[("$SYS/#", 0)]), "suback TopicFilterInvalid");
    client.publish("x", "x", 2, false);
    assert_eq!(client.next(), "disconnect QosNotSupported");
}

#[test]
fn lifecycle_events_tell_of_coming_and_going() {
    let bench = Bench::start();
    bench.registry.set_policy(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#,
    );
    let device = bench.device();
    let mut watcher = Client::secure(&bench, &device, false);
    watcher.connect("watcher");
    watcher.subscribe(&[("$aws/events/presence/#", 0)]);
    let mut pump = Client::secure(&bench, &device, true);
    let expiry = vec![Property::from(SessionExpiryInterval::new(7 * 86400).unwrap())];
    pump.connect_with("pump", true, 60, expiry);
    let event = watcher.next();
    assert!(event.starts_with("$aws/events/presence/connected/pump={"), "{event}");
    pump.disconnect();
    let event = watcher.next();
    assert!(event.contains("\"disconnectReason\":\"CLIENT_INITIATED_DISCONNECT\""), "{event}");
}
