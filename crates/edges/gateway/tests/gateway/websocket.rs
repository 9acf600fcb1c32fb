//! MQTT over WebSocket and HTTPS on the ALPN port.

use std::io::Read as _;
use std::time::Duration;

use picket_core::{Clock as _, Role, SystemClock};
use picket_gateway::Refused;
use picket_ports::KeyOwner;
use picket_ports::registry::CertificateStatus;
use picket_wire_aws::sigv4::Signer;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::client::{Client, is_closed_within, tls};
use crate::web_client::{
    BINARY, CLOSE, FIN, PING, PONG, TEXT, WebSocket, alpn, exchange, host, mqtt, open, upgrade,
    websocket,
};

const CONNECT: &[u8] = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03raw";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";

/// The address of a WebSocket, signed by `owner`.
pub(crate) fn signed(bench: &Bench, owner: &KeyOwner) -> String {
    signed_for(bench, owner, "iotdevicegateway", SystemClock.now())
}

fn signed_for(
    bench: &Bench,
    owner: &KeyOwner,
    service: &str,
    at: picket_core::Timestamp,
) -> String {
    let signer = Signer::new(&owner.access_key, owner.secret.clone(), "us-east-1", service);
    format!("/mqtt?{}", signer.presign(&host(bench), "/mqtt", 300, at).unwrap())
}

fn take(socket: &mut WebSocket, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    let mut taken = 0;
    while taken < count {
        match socket.read(&mut bytes[taken..]) {
            Ok(0) => panic!("closed after {:?}", &bytes[..taken]),
            Ok(n) => taken += n,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => panic!("{e}"),
        }
    }
    bytes
}

#[test]
fn an_admin_who_has_signed_the_address_may_do_everything() {
    let bench = Bench::start();
    let admin = bench.keys.add("root", Role::Admin);
    for v5 in [false, true] {
        let mut client = mqtt(&bench, None, &signed(&bench, &admin), v5);
        assert!(client.connect("console").ends_with(" false"));
        let answer = client.subscribe(&[("any/topic/#", 1), ("$aws/events/#", 1)]);
        assert!(!answer.contains("NotAuthorized") && !answer.contains("Failure"), "{answer}");
        client.publish("any/topic/x", "hi", 1, true);
        let mut got: Vec<String> = (0..3).map(|_| client.next()).collect();
        got.sort();
        // Its own subscription is told of on the topic it is about.
        assert!(got[0].starts_with("$aws/events/subscriptions/subscribed/console={"), "{got:?}");
        assert_eq!(got[1..], ["any/topic/x=hi @1", "puback"]);
    }
    // Operators are no devices.
    assert_eq!(bench.counted("console").len(), 0);
}

#[test]
fn other_roles_may_listen_only() {
    let bench = Bench::start();
    for role in [Role::Analyst, Role::Viewer] {
        let user = bench.keys.add(role.as_str(), role);
        let mut client = mqtt(&bench, None, &signed(&bench, &user), true);
        client.connect(role.as_str());
        assert_eq!(client.subscribe(&[("t", 1)]), "suback GrantedQos1");
        client.publish("t", "x", 1, false);
        let why = format!("the role {} does not allow iot:Publish; an admin may", role.as_str());
        assert_eq!(client.next_told(), format!("puback NotAuthorized: {why}"));
    }
}

#[test]
fn a_certificate_opens_a_websocket_and_brings_its_policies() {
    let bench = Bench::start();
    let device = bench.device();
    let mut client = mqtt(&bench, Some(&device), "/mqtt", true);
    assert_eq!(client.connect("pump"), "connack Success false");
    client.publish("own/pump/x", "x", 1, false);
    assert_eq!(client.next(), "puback");
    client.publish("other", "x", 1, false);
    assert_eq!(client.next(), "puback NotAuthorized");
    let mut denied = mqtt(&bench, Some(&device), "/mqtt", true);
    assert_eq!(denied.connect("banned"), "connack NotAuthorized false");
    assert!(bench.counted("pump").contains("connected"));
    bench.registry.set_status(&device.id, CertificateStatus::Inactive);
    assert_eq!(client.next(), "disconnect AdministrativeAction");
    assert_eq!(client.next(), "closed");
}

#[test]
fn an_address_that_is_not_rightly_signed_opens_nothing() {
    let bench = Bench::start();
    let root = bench.keys.add("root", Role::Admin);
    let stranger = KeyOwner { access_key: "AKIANOBODY".to_owned(), ..root.clone() };
    let thief = KeyOwner { secret: picket_core::Secret::new("guess"), ..root.clone() };
    let now = SystemClock.now();
    let good = signed(&bench, &root);
    let long_ago = picket_core::Timestamp::from_millis(now.as_millis() - 3_600_000);
    let cases = [
        ("/mqtt".to_owned(), "MissingAuthenticationToken"),
        (signed(&bench, &stranger), "UnrecognizedClient"),
        (signed(&bench, &thief), "InvalidSignature"),
        (good.replace("Expires=300", "Expires=301"), "InvalidSignature"),
        (signed_for(&bench, &root, "iotdevicegateway", long_ago), "RequestExpired"),
        (signed_for(&bench, &root, "sts", now), "InvalidSignature"),
    ];
    let count = cases.len() as u64;
    for (target, code) in cases {
        let head = websocket(&bench, None, &target).err().expect(code);
        assert!(head.starts_with("HTTP/1.1 403 "), "{code}: {head}");
        assert!(head.contains(&format!("x-amzn-errortype: {code}")), "{code}: {head}");
    }
    assert_eq!(bench.refused(Refused::Signature), count);
    websocket(&bench, None, &good).unwrap();
}

#[test]
fn a_session_of_a_role_has_the_rights_of_the_role_until_it_ends() {
    let bench = Bench::start();
    let allowed = ["client/shift-", "topic/plant/", "topicfilter/plant/"];
    let session = bench.keys.begin_session("abc", &allowed);
    let address = signed(&bench, &session);
    for token in ["", "&X-Amz-Security-Token=abd"] {
        let head = websocket(&bench, None, &format!("{address}{token}")).err().expect("no token");
        assert!(head.contains("x-amzn-errortype: UnrecognizedClient"), "{head}");
    }
    // As device SDKs do it: the token is appended after signing.
    let address = format!("{address}&X-Amz-Security-Token=abc");
    let mut other = mqtt(&bench, None, &address, true);
    assert_eq!(other.connect("pump"), "connack NotAuthorized false");
    let mut client = mqtt(&bench, None, &address, true);
    assert_eq!(client.connect("shift-1"), "connack Success false");
    client.publish("plant/a", "x", 1, false);
    assert_eq!(client.next(), "puback");
    client.publish("office/a", "x", 1, false);
    let why = "the role does not allow iot:Publish on topic/office/a, because no policy of the role \
               allows iot:Publish";
    assert_eq!(client.next_told(), format!("puback NotAuthorized: {why}"));
    bench.keys.remove(&session);
    assert_eq!(client.next(), "disconnect AdministrativeAction");
    assert_eq!(client.next(), "closed");
}

#[test]
fn a_request_that_is_none_for_mqtt_is_told_what_is_wrong() {
    let bench = Bench::start();
    let device = bench.device();
    let good = upgrade(&bench, "/mqtt", "mqtt");
    for (request, said) in [
        (good.replace("GET", "POST"), "GET"),
        (good.replace("protocol: mqtt", "protocol: chat").replace("mqtt\r", "chat\r"), "mqtt"),
        (good.replace("Upgrade: websocket\r\n", ""), "Upgrade"),
        (good.replace("Version: 13", "Version: 7"), "13"),
    ] {
        let (head, body) = exchange(&mut open(&bench, Some(&device)), &request, b"");
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        assert!(body.contains(said), "{body}");
    }
    assert_eq!(bench.refused(Refused::WebSocket), 4);
}

#[test]
fn packets_need_not_begin_where_frames_do() {
    let bench = Bench::start();
    let device = bench.device();
    bench.registry.set_policy(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#,
    );
    let mut socket = websocket(&bench, Some(&device), "/mqtt").unwrap();
    // A packet in two messages, one of which comes in three frames with a ping between them.
    socket.frame(FIN | BINARY, &CONNECT[..5]);
    socket.frame(BINARY, &CONNECT[5..7]);
    socket.frame(FIN | PING, b"still there?");
    socket.frame(0, &CONNECT[7..12]);
    socket.frame(FIN, &CONNECT[12..]);
    assert_eq!(take(&mut socket, 4), CONNACK);
    assert_eq!(socket.next_control(), Some((PONG, b"still there?".to_vec())));
    // Two packets in one message: PUBLISH of QoS 1 and PINGREQ.
    socket.frame(FIN | BINARY, b"\x32\x06\x00\x01t\x00\x07x\xc0\x00");
    assert_eq!(take(&mut socket, 6), b"\x40\x02\x00\x07\xd0\x00");
    // A large one.
    let mut publish = b"\x32\x85\x8f\x06\x00\x01t\x00\x08".to_vec();
    publish.resize(publish.len() + 100_224, b'x');
    socket.frame(FIN | BINARY, &publish);
    assert_eq!(take(&mut socket, 4), b"\x40\x02\x00\x08");
}

#[test]
fn what_is_no_mqtt_ends_a_websocket() {
    let bench = Bench::start();
    let device = bench.device();
    let opened = || websocket(&bench, Some(&device), "/mqtt").unwrap();
    let huge = vec![0; 400_000];
    for (first, payload) in [
        (FIN | TEXT, CONNECT),
        (FIN | BINARY, &huge[..]),
        // A continuation of nothing, and a reserved kind.
        (FIN, CONNECT),
        (FIN | 3, CONNECT),
    ] {
        let mut socket = opened();
        socket.frame(first, payload);
        assert!(is_closed_within(&mut socket, Duration::from_secs(5)), "{first}");
    }
    let log = bench.gateway.connection_log();
    let reason = |client_id: &str| log.last(client_id).and_then(|event| event.reason);
    for (client_id, ends, told) in
        [("tex", FIN | TEXT, "CLIENT_ERROR"), ("bye", FIN | CLOSE, "CLIENT_INITIATED_DISCONNECT")]
    {
        let mut socket = opened();
        socket.frame(FIN | BINARY, &[&CONNECT[..14], client_id.as_bytes()].concat());
        assert_eq!(take(&mut socket, 4), CONNACK);
        socket.frame(ends, b"");
        bench.until(told, || reason(client_id) == Some(told));
    }
    let mut lost = opened();
    lost.frame(FIN | BINARY, CONNECT);
    assert_eq!(take(&mut lost, 4), CONNACK);
    drop(lost);
    bench.until("lost", || reason("raw") == Some("CONNECTION_LOST"));
    let mut socket = opened();
    for _ in 0..200 {
        // A flood of pings is not answered for ever.
        socket.frame(FIN | PING, b"");
    }
    assert!(is_closed_within(&mut socket, Duration::from_secs(5)));
}

#[test]
fn a_close_frame_is_a_polite_goodbye() {
    let bench = Bench::start();
    let device = bench.device();
    let mut watcher = Client::plain(&bench, false);
    watcher.connect("watcher");
    watcher.subscribe(&[("own/#", 0)]);
    let root = bench.keys.add("root", Role::Admin);
    let mut events = mqtt(&bench, None, &signed(&bench, &root), false);
    events.connect("events");
    events.subscribe(&[("$aws/events/presence/disconnected/+", 0)]);
    let mut socket = websocket(&bench, Some(&device), "/mqtt").unwrap();
    // CONNECT of `pump` with a will.
    let connect =
        b"\x10\x22\x00\x04MQTT\x04\x06\x00\x3c\x00\x04pump\x00\x0bown/pump/wi\x00\x04gone";
    let mut connect = connect.to_vec();
    connect[1] = (connect.len() - 2) as u8;
    socket.frame(FIN | BINARY, &connect);
    assert_eq!(take(&mut socket, 4), CONNACK);
    socket.frame(FIN | CLOSE, b"\x03\xe8");
    assert_eq!(socket.next_control().map(|(kind, _)| kind), Some(CLOSE));
    let event = events.next();
    assert!(event.contains(r#""disconnectReason":"CLIENT_INITIATED_DISCONNECT""#), "{event}");
    assert!(event.contains(r#""clientInitiatedDisconnect":true"#), "{event}");
    assert!(watcher.is_quiet(), "the will was published");
}

#[test]
fn a_websocket_has_a_lifetime() {
    let bench = Bench::with("websocket_seconds_max = 1");
    let device = bench.device();
    let mut client = mqtt(&bench, Some(&device), "/mqtt", true);
    client.connect("pump");
    let told = client.next_told();
    assert!(told.starts_with("disconnect AdministrativeAction: the WebSocket has lived"), "{told}");
    assert_eq!(client.next(), "closed");
    let log = bench.gateway.connection_log();
    bench.until("logged", || {
        log.last("pump").is_some_and(|it| it.reason == Some("WEBSOCKET_TTL_EXPIRATION"))
    });
}

#[test]
fn an_access_key_that_is_withdrawn_cuts_its_websockets() {
    let bench = Bench::start();
    let root = bench.keys.add("root", Role::Admin);
    let other = bench.keys.add("other", Role::Viewer);
    let mut client = mqtt(&bench, None, &signed(&bench, &root), true);
    client.connect("console");
    let mut stays = mqtt(&bench, None, &signed(&bench, &other), true);
    stays.connect("stays");
    bench.keys.0.lock().unwrap().remove(&root.access_key);
    assert_eq!(client.next(), "disconnect AdministrativeAction");
    assert!(stays.is_quiet());
}

#[test]
fn other_paths_are_answered_by_the_router_which_knows_the_certificate() {
    let bench = Bench::start();
    let device = bench.device();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", host(&bench));
    for alpn_protocol in [&b"http/1.1"[..], b"x-amzn-http-ca", b""] {
        let version = &rustls::version::TLS12;
        let mut stream = tls(&bench, alpn(&bench), Some(&device), alpn_protocol, version);
        let (head, body) = exchange(&mut stream, &get("/who"), b"");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body, format!("{} sent 0 bytes", device.id));
        // The connection goes on.
        let post =
            get("/who").replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n");
        let (_, body) = exchange(&mut stream, &post, b"abc");
        assert_eq!(body, format!("{} sent 3 bytes", device.id));
    }
    let mut nobody = open(&bench, None);
    assert_eq!(exchange(&mut nobody, &get("/who"), b"").1, "nobody sent 0 bytes");
    assert!(exchange(&mut nobody, &get("/x"), b"").0.starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_certificate_is_looked_at_again_for_every_request() {
    let bench = Bench::start();
    let device = bench.device();
    let mut stream = open(&bench, Some(&device));
    let get = format!("GET /who HTTP/1.1\r\nHost: {}\r\n\r\n", host(&bench));
    assert!(exchange(&mut stream, &get, b"").0.starts_with("HTTP/1.1 200 "));
    bench.registry.set_status(&device.id, CertificateStatus::Revoked);
    let (head, body) = exchange(&mut stream, &get, b"");
    assert!(head.starts_with("HTTP/1.1 403 ") && head.contains("ForbiddenException"), "{head}");
    assert!(body.contains("REVOKED"), "{body}");
}

#[test]
fn http_clients_that_are_slow_or_stay_are_let_go() {
    let bench = Bench::with("http_timeout_ms = 200");
    let mut silent = open(&bench, None);
    assert!(is_closed_within(&mut silent, Duration::from_secs(5)));
    let mut idle = open(&bench, None);
    let get = format!("GET /who HTTP/1.1\r\nHost: {}\r\n\r\n", host(&bench));
    exchange(&mut idle, &get, b"");
    assert!(is_closed_within(&mut idle, Duration::from_secs(5)));
    bench.until("all closed", || bench.gateway.counters().open == 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn senseless_frames_do_no_harm(
        streams in prop::collection::vec(
            prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)), 1..6),
            8,
        ),
    ) {
        let bench = Bench::with("handshake_timeout_ms = 300\nconnect_timeout_ms = 300");
        let device = bench.device();
        for (n, frames) in streams.iter().enumerate() {
            let mut socket = websocket(&bench, Some(&device), "/mqtt").unwrap();
            if n % 2 == 0 {
                socket.frame(FIN | BINARY, CONNECT);
            }
            for (first, payload) in frames {
                socket.frame(*first, payload);
            }
        }
        let mut client = mqtt(&bench, Some(&device), "/mqtt", true);
        prop_assert_eq!(client.connect("still-here"), "connack Success false");
        drop(client);
        bench.until("all closed", || bench.gateway.counters().open == 0);
    }
}
