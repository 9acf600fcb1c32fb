//! TLS sessions that go on.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_gateway::Refused;
use picket_ports::registry::CertificateStatus;
use rustls::{ClientConfig, HandshakeKind, SupportedProtocolVersion};

use crate::bench::{Bench, DeviceIdentity};
use crate::client::{Client, config_of, is_closed_within, tls_with};
use crate::web_client::{Tls, alpn, exchange, host};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// With no limit on how often a client comes.
fn bench() -> Bench {
    Bench::with("[tls_rules]\nconnects_per_second = 0")
}

fn connect(bench: &Bench, config: &Arc<ClientConfig>) -> (Tls, HandshakeKind) {
    let mut stream = tls_with(bench.at.mqtt.unwrap(), config);
    // The ticket of TLS 1.3 comes after the handshake.
    stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04pump").unwrap();
    let mut connack = [0; 4];
    let mut taken = 0;
    while taken < 4 {
        match std::io::Read::read(&mut stream, &mut connack[taken..]) {
            Ok(0) => panic!("closed"),
            Ok(n) => taken += n,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => panic!("{e}"),
        }
    }
    assert_eq!(connack, *b"\x20\x02\x00\x00");
    let kind = stream.conn.handshake_kind().unwrap();
    (stream, kind)
}

/// Whether a client that would go on with its session is turned away.
fn is_refused(bench: &Bench, config: &Arc<ClientConfig>) -> bool {
    let mut stream = tls_with(bench.at.mqtt.unwrap(), config);
    drop(stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04pump"));
    is_closed_within(&mut stream, Duration::from_secs(5))
}

#[test]
fn a_second_connection_goes_on_with_the_session_of_the_first() {
    let bench = bench();
    let device = bench.device();
    for version in VERSIONS {
        let config = config_of(&bench, Some(&device), b"", version);
        let kinds: Vec<HandshakeKind> = (0..3).map(|_| connect(&bench, &config).1).collect();
        assert_eq!(kinds[0], HandshakeKind::Full);
        assert!(kinds[1..].iter().all(|kind| *kind == HandshakeKind::Resumed), "{kinds:?}");
    }
}

#[test]
fn the_configuration_can_forbid_it() {
    let bench = Bench::with("tls_resumption = false");
    let device = bench.device();
    for version in VERSIONS {
        let config = config_of(&bench, Some(&device), b"", version);
        let kinds: Vec<HandshakeKind> = (0..2).map(|_| connect(&bench, &config).1).collect();
        assert_eq!(kinds, [HandshakeKind::Full; 2]);
    }
}

#[test]
fn a_session_of_a_certificate_that_is_no_longer_good_does_not_go_on() {
    let bench = bench();
    let device = || bench.device();
    type Spoil = fn(&Bench, &DeviceIdentity);
    let spoils: [(Refused, Spoil); 3] = [
        (Refused::InactiveCertificate, |bench, device| {
            bench.registry.set_status(&device.id, CertificateStatus::Revoked);
        }),
        (Refused::UnknownCertificate, |bench, device| bench.registry.remove(&device.id)),
        (Refused::ExpiredCertificate, |bench, device| {
            let long_ago = Timestamp::from_millis(1);
            bench.registry.change_quietly(&device.id, |entry| entry.not_after = long_ago);
        }),
    ];
    for version in VERSIONS {
        for (reason, spoil) in spoils {
            let device = device();
            let config = config_of(&bench, Some(&device), b"", version);
            connect(&bench, &config);
            assert_eq!(connect(&bench, &config).1, HandshakeKind::Resumed);
            let before = bench.refused(reason);
            spoil(&bench, &device);
            assert!(is_refused(&bench, &config), "{reason:?}");
            bench.until("counted", || bench.refused(reason) == before + 1);
        }
    }
}

#[test]
fn a_session_without_a_certificate_gives_no_way_around_one() {
    let bench = bench();
    for version in VERSIONS {
        let config = config_of(&bench, None, b"http/1.1", version);
        let get = format!("GET /who HTTP/1.1\r\nHost: {}\r\n\r\n", host(&bench));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = tls_with(alpn(&bench), &config);
            assert_eq!(exchange(&mut stream, &get, b"").1, "nobody sent 0 bytes");
            assert_eq!(stream.conn.handshake_kind(), Some(kind));
        }
        // The same client, with a session in store for this host, at the MQTT port.
        assert!(is_refused(&bench, &config));
    }
    let device = bench.device();
    let mut client = Client::secure(&bench, &device, true);
    assert_eq!(client.connect("pump"), "connack Success false");
}
