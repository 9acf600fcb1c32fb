//! Certificates that introduce themselves.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_gateway::Refused;
use picket_ports::registry::CertificateStatus;

use crate::bench::{Bench, DeviceIdentity};
use crate::client::{Client, is_closed_within, tls};

const CONNECT: &[u8] = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04pump";

/// Tries to connect and is turned away without a CONNACK.
fn knock(bench: &Bench, device: &DeviceIdentity) {
    let at = bench.at.mqtt.unwrap();
    let mut stream = tls(bench, at, Some(device), b"", &rustls::version::TLS13);
    drop(stream.write_all(CONNECT));
    let mut heard = Vec::new();
    let closed = {
        let mut watched = Watched(&mut stream, &mut heard);
        is_closed_within(&mut watched, Duration::from_secs(5))
    };
    assert!(closed && heard.is_empty(), "{heard:?}");
}

/// Keeps what is read.
struct Watched<'a, S>(&'a mut S, &'a mut Vec<u8>);

impl<S: std::io::Read> std::io::Read for Watched<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.extend(&buffer[..count]);
        Ok(count)
    }
}

#[test]
fn a_welcome_stranger_is_presented_and_turned_away_until_it_is_active() {
    let bench = Bench::start();
    bench.registry.is_hospitable.store(true, Ordering::Relaxed);
    let device = bench.stranger();
    let presented = || bench.introductions.presented.lock().unwrap().clone();
    knock(&bench, &device);
    bench.until("presented", || presented() == [device.id.clone()]);
    // It is PENDING_ACTIVATION now, and introduces itself again, but not many times a second.
    knock(&bench, &device);
    assert_eq!(presented().len(), 1);
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while presented().len() < 2 && std::time::Instant::now() < deadline {
        knock(&bench, &device);
    }
    assert_eq!(presented().len(), 2);
    assert!(bench.refused(Refused::JustInTime) >= 3);
    assert_eq!(bench.metrics.lines(), [""; 0]);
    bench.registry.set_status(&device.id, CertificateStatus::Active);
    let mut client = Client::secure(&bench, &device, false);
    assert_eq!(client.connect("pump"), "connack Accepted false");
    let log = bench.gateway.connection_log();
    let refused = log.recent(&Default::default(), 1000).pop().unwrap();
    assert_eq!(refused.reason, Some("just_in_time"));
    assert_eq!(
        refused.detail.as_deref(),
        Some("the certificate is not registered yet; the certificate is now PENDING_ACTIVATION")
    );
    assert_eq!(refused.principal.as_deref(), Some(device.id.as_str()));
}

#[test]
fn a_stranger_whose_key_is_not_proven_is_presented_to_nobody() {
    let bench = Bench::start();
    bench.registry.is_hospitable.store(true, Ordering::Relaxed);
    let mut thief = bench.stranger();
    thief.key = bench.stranger().key;
    knock(&bench, &thief);
    bench.until("counted", || bench.refused(Refused::Handshake) == 1);
    assert!(bench.introductions.presented.lock().unwrap().is_empty());
}

#[test]
fn without_a_welcome_a_stranger_fails_the_handshake() {
    let bench = Bench::start();
    knock(&bench, &bench.stranger());
    bench.until("counted", || bench.refused(Refused::UnknownCertificate) == 1);
    assert!(bench.introductions.presented.lock().unwrap().is_empty());
}
