//! A blocking client for tests.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{Event, role};
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait as _, Packet, Property, Qos, SessionExpiryInterval, SubEntry, SubOpts,
    v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::{Connection, Version};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::bench::{Bench, DeviceIdentity};

pub(crate) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

pub(crate) struct Client {
    stream: Box<dyn Stream>,
    mqtt: Connection<role::Client>,
    inbox: Vec<Packet>,
    v5: bool,
}

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) fn tls(
    bench: &Bench,
    address: SocketAddr,
    device: Option<&DeviceIdentity>,
    alpn: &[u8],
    version: &'static rustls::SupportedProtocolVersion,
) -> StreamOwned<ClientConnection, TcpStream> {
    tls_with(address, &config_of(bench, device, alpn, version))
}

/// What a client keeps from one connection to the next, its TLS sessions for example.
pub(crate) fn config_of(
    bench: &Bench,
    device: Option<&DeviceIdentity>,
    alpn: &[u8],
    version: &'static rustls::SupportedProtocolVersion,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(bench.ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match device {
        None => config.with_no_client_auth(),
        // Does not compare the key with the certificate, so that a thief can be played.
        Some(device) => config.with_client_cert_resolver(Arc::new(Offered::of(device))),
    };
    if !alpn.is_empty() {
        config.alpn_protocols = vec![alpn.to_vec()];
    }
    Arc::new(config)
}

pub(crate) fn tls_with(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut session = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut socket = tcp(address);
    let deadline = Instant::now() + PATIENCE;
    // A handshake that fails is for the test to find when it reads.
    while session.is_handshaking() && Instant::now() < deadline {
        match session.complete_io(&mut socket) {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
            Ok(_) => {}
        }
    }
    StreamOwned::new(session, socket)
}

/// Offers one certificate with whatever key.
#[derive(Debug)]
struct Offered(Arc<CertifiedKey>);

impl Offered {
    fn of(device: &DeviceIdentity) -> Self {
        let key = PrivateKeyDer::try_from(device.key.serialize_der()).unwrap();
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
        Self(Arc::new(CertifiedKey::new(vec![device.certificate.clone()], key)))
    }
}

impl ResolvesClientCert for Offered {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Reads until the end or an error of the connection; true if it was within `limit`.
pub(crate) fn is_closed_within(stream: &mut dyn Read, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let mut sink = [0; 1024];
    while Instant::now() < deadline {
        match stream.read(&mut sink) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return true,
        }
    }
    false
}

impl Client {
    pub(crate) fn plain(bench: &Bench, v5: bool) -> Self {
        Self::over(tcp(bench.at.plaintext.unwrap()), v5)
    }

    pub(crate) fn secure(bench: &Bench, device: &DeviceIdentity, v5: bool) -> Self {
        let address = bench.at.mqtt.unwrap();
        Self::over(tls(bench, address, Some(device), b"", &rustls::version::TLS13), v5)
    }

    pub(crate) fn over(stream: impl Stream + 'static, v5: bool) -> Self {
        let version = if v5 { Version::V5_0 } else { Version::V3_1_1 };
        let mut mqtt = Connection::new(version);
        mqtt.set_auto_pub_response(true);
        Self { stream: Box::new(stream), mqtt, inbox: Vec::new(), v5 }
    }

    /// Stops answering QoS 1 and 2 publishes by itself.
    pub(crate) fn hold_acks(mut self) -> Self {
        self.mqtt.set_auto_pub_response(false);
        self
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    pub(crate) fn send(&mut self, packet: impl Into<Packet>) {
        let events = self.mqtt.send(packet.into());
        self.absorb(events);
    }

    fn absorb(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => self.inbox.push(packet),
                Event::RequestSendPacket { packet, .. } => {
                    // The server may have closed already; the test looks at what it read.
                    drop(self.stream.write_all(&packet.to_continuous_buffer()));
                    drop(self.stream.flush());
                }
                Event::NotifyError(error) => panic!("client protocol error {error}"),
                _ => {}
            }
        }
    }

    /// The next packet; `None` if the server closed, or sent nothing within `limit`.
    pub(crate) fn next_within(&mut self, limit: Duration) -> Option<Packet> {
        let deadline = Instant::now() + limit;
        let mut buffer = [0; 4096];
        while self.inbox.is_empty() && Instant::now() < deadline {
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => {
                    let mut cursor = Cursor::new(&buffer[..count]);
                    while cursor.position() < count as u64 {
                        let events = self.mqtt.recv(&mut cursor);
                        self.absorb(events);
                    }
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return None,
            }
        }
        (!self.inbox.is_empty()).then(|| self.inbox.remove(0))
    }

    /// The next packet as text.
    pub(crate) fn next(&mut self) -> String {
        self.next_within(PATIENCE).map_or_else(|| "closed".to_owned(), |packet| show(&packet))
    }

    /// The next packet as text, with its reason string.
    pub(crate) fn next_told(&mut self) -> String {
        match self.next_within(PATIENCE) {
            None => "closed".to_owned(),
            Some(packet) => match reason(&packet) {
                Some(reason) => format!("{}: {reason}", show(&packet)),
                None => show(&packet),
            },
        }
    }

    /// Whether nothing comes for a short while.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.next_within(Duration::from_millis(120)).is_none()
    }

    pub(crate) fn connect(&mut self, client_id: &str) -> String {
        self.connect_with(client_id, true, 60, Vec::new())
    }

    pub(crate) fn connect_with(
        &mut self,
        client_id: &str,
        clean: bool,
        keep_alive: u16,
        props: Vec<Property>,
    ) -> String {
        if self.v5 {
            let builder = v5_0::Connect::builder().client_id(client_id).unwrap();
            let builder = builder.clean_start(clean).keep_alive(keep_alive).props(props);
            self.send(builder.build().unwrap());
        } else {
            let builder = v3_1_1::Connect::builder().client_id(client_id).unwrap();
            self.send(builder.clean_session(clean).keep_alive(keep_alive).build().unwrap());
        }
        self.next()
    }

    /// Sends an MQTT 5 CONNECT and does not wait for the answer.
    pub(crate) fn send_connect(&mut self, client_id: &str, props: Vec<Property>) {
        let builder = v5_0::Connect::builder().client_id(client_id).unwrap();
        self.send(builder.clean_start(true).props(props).build().unwrap());
    }

    /// The same with a will of QoS 1.
    pub(crate) fn send_will(&mut self, client_id: &str, topic: &str) {
        self.send_will_with(client_id, topic, Vec::new());
    }

    pub(crate) fn send_will_with(&mut self, client_id: &str, topic: &str, props: Vec<Property>) {
        let builder = v5_0::Connect::builder().client_id(client_id).unwrap();
        let builder = builder.will_message(topic, "gone", Qos::AtLeastOnce, false).unwrap();
        self.send(builder.will_props(props).clean_start(true).build().unwrap());
    }

    pub(crate) fn connect_as(&mut self, client_id: &str, user: &str, password: &str) -> String {
        let builder = v5_0::Connect::builder().client_id(client_id).unwrap().clean_start(true);
        let builder = builder.user_name(user).unwrap().password(password.as_bytes().to_vec());
        self.send(builder.unwrap().build().unwrap());
        self.next()
    }

    pub(crate) fn connect_with_will(&mut self, client_id: &str, will_topic: &str) -> String {
        let qos = Qos::AtLeastOnce;
        if self.v5 {
            let builder = v5_0::Connect::builder().client_id(client_id).unwrap();
            let builder = builder.will_message(will_topic, "gone", qos, false).unwrap();
            self.send(builder.clean_start(true).build().unwrap());
        } else {
            let builder = v3_1_1::Connect::builder().client_id(client_id).unwrap();
            let builder = builder.will_message(will_topic, "gone", qos, false).unwrap();
            self.send(builder.clean_session(true).build().unwrap());
        }
        self.next()
    }

    /// Connects to a session that is kept, with a will of QoS 1.
    pub(crate) fn connect_kept_with_will(&mut self, client_id: &str, will_topic: &str) -> String {
        let qos = Qos::AtLeastOnce;
        if self.v5 {
            let expiry = SessionExpiryInterval::new(60).unwrap();
            let builder = v5_0::Connect::builder().client_id(client_id).unwrap();
            let builder = builder.will_message(will_topic, "gone", qos, false).unwrap();
            let builder = builder.props(vec![Property::SessionExpiryInterval(expiry)]);
            self.send(builder.build().unwrap());
        } else {
            let builder = v3_1_1::Connect::builder().client_id(client_id).unwrap();
            let builder = builder.will_message(will_topic, "gone", qos, false).unwrap();
            self.send(builder.clean_session(false).build().unwrap());
        }
        self.next()
    }

    pub(crate) fn subscribe(&mut self, filters: &[(&str, u8)]) -> String {
        let entries = filters.iter().map(|(filter, qos)| {
            let options = SubOpts::new().set_qos(Qos::try_from(*qos).unwrap());
            SubEntry::new(*filter, options).unwrap()
        });
        self.subscribe_to(entries.collect(), Vec::new())
    }

    /// Sends an MQTT 5 SUBSCRIBE and does not wait for the answer.
    pub(crate) fn subscribe_silently(&mut self, filters: &[(&str, u8)]) {
        let id = self.mqtt.acquire_packet_id().unwrap();
        let entries = filters.iter().map(|(filter, qos)| {
            let options = SubOpts::new().set_qos(Qos::try_from(*qos).unwrap());
            SubEntry::new(*filter, options).unwrap()
        });
        let builder = v5_0::Subscribe::builder().packet_id(id).entries(entries.collect::<Vec<_>>());
        self.send(builder.build().unwrap());
    }

    pub(crate) fn unsubscribe(&mut self, filters: &[&str]) -> String {
        self.unsubscribe_silently(filters);
        self.next()
    }

    /// Sends an MQTT 5 UNSUBSCRIBE and does not wait for the answer.
    pub(crate) fn unsubscribe_silently(&mut self, filters: &[&str]) {
        let id = self.mqtt.acquire_packet_id().unwrap();
        let builder = v5_0::Unsubscribe::builder().packet_id(id);
        self.send(builder.entries(filters.to_vec()).unwrap().build().unwrap());
    }

    pub(crate) fn subscribe_to(&mut self, entries: Vec<SubEntry>, props: Vec<Property>) -> String {
        let id = self.mqtt.acquire_packet_id().unwrap();
        if self.v5 {
            let builder = v5_0::Subscribe::builder().packet_id(id).entries(entries).props(props);
            self.send(builder.build().unwrap());
        } else {
            let builder = v3_1_1::Subscribe::builder().packet_id(id).entries(entries);
            self.send(builder.build().unwrap());
        }
        self.next()
    }

    /// Sends a publish without waiting for its answer.
    pub(crate) fn publish(&mut self, topic: &str, payload: &str, qos: u8, retain: bool) {
        self.publish_with(topic, payload, qos, retain, Vec::new());
    }

    pub(crate) fn publish_with(
        &mut self,
        topic: &str,
        payload: &str,
        qos: u8,
        retain: bool,
        props: Vec<Property>,
    ) {
        let id = (qos > 0).then(|| self.mqtt.acquire_packet_id().unwrap());
        let qos = Qos::try_from(qos).unwrap();
        if self.v5 {
            let builder = v5_0::Publish::builder().topic_name(topic).unwrap().qos(qos);
            let mut builder = builder.retain(retain).payload(payload).props(props);
            if let Some(id) = id {
                builder = builder.packet_id(id);
            }
            self.send(builder.build().unwrap());
        } else {
            let builder = v3_1_1::Publish::builder().topic_name(topic).unwrap().qos(qos);
            let mut builder = builder.retain(retain).payload(payload);
            if let Some(id) = id {
                builder = builder.packet_id(id);
            }
            self.send(builder.build().unwrap());
        }
    }

    pub(crate) fn disconnect(mut self) {
        if self.v5 {
            self.send(v5_0::Disconnect::builder().build().unwrap());
        } else {
            self.send(v3_1_1::Disconnect::builder().build().unwrap());
        }
    }
}

fn codes<T: std::fmt::Debug>(codes: &[T]) -> String {
    codes.iter().map(|code| format!("{code:?}")).collect::<Vec<_>>().join(" ")
}

fn message(topic: &str, payload: &[u8], qos: Qos, retain: bool) -> String {
    let retain = if retain { " retained" } else { "" };
    format!("{topic}={} @{}{retain}", String::from_utf8_lossy(payload), qos as u8)
}

/// The reason string of a packet.
fn reason(packet: &Packet) -> Option<String> {
    let properties: Vec<Property> = match packet {
        Packet::V5_0Connack(p) => p.props().clone(),
        Packet::V5_0Suback(p) => p.props().clone(),
        Packet::V5_0Unsuback(p) => p.props().clone(),
        Packet::V5_0Puback(p) => p.props().clone().unwrap_or_default(),
        Packet::V5_0Disconnect(p) => p.props().clone().unwrap_or_default(),
        _ => return None,
    };
    properties.iter().find_map(|property| match property {
        Property::ReasonString(reason) => Some(reason.val().to_owned()),
        _ => None,
    })
}

/// A packet in a few words.
pub(crate) fn show(packet: &Packet) -> String {
    match packet {
        Packet::V3_1_1Connack(p) => {
            format!("connack {:?} {}", p.return_code(), p.session_present())
        }
        Packet::V5_0Connack(p) => format!("connack {:?} {}", p.reason_code(), p.session_present()),
        Packet::V3_1_1Suback(p) => format!("suback {}", codes(&p.return_codes())),
        Packet::V5_0Suback(p) => format!("suback {}", codes(&p.reason_codes())),
        Packet::V3_1_1Puback(_) => "puback".to_owned(),
        Packet::V5_0Puback(p) => match p.reason_code() {
            None => "puback".to_owned(),
            Some(code) => format!("puback {code:?}"),
        },
        Packet::V3_1_1Pubrec(_) | Packet::V5_0Pubrec(_) => "pubrec".to_owned(),
        Packet::V3_1_1Pubrel(_) | Packet::V5_0Pubrel(_) => "pubrel".to_owned(),
        Packet::V3_1_1Pubcomp(_) | Packet::V5_0Pubcomp(_) => "pubcomp".to_owned(),
        Packet::V3_1_1Publish(p) => {
            message(p.topic_name(), p.payload().as_slice(), p.qos(), p.retain())
        }
        Packet::V5_0Publish(p) => {
            message(p.topic_name(), p.payload().as_slice(), p.qos(), p.retain())
        }
        Packet::V5_0Disconnect(p) => format!("disconnect {:?}", p.reason_code().unwrap()),
        Packet::V5_0Unsuback(p) => format!("unsuback {}", codes(&p.reason_codes())),
        other => format!("{:?}", other.packet_type()),
    }
}
