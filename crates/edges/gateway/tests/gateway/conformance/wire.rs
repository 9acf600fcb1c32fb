//! MQTT by the byte, written apart from the codec of the server, so that neither hides the other's
//! faults.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::packet::{Packet, text, two, variable};
use crate::bench::Bench;
use crate::client::tcp;

const PATIENCE: Duration = Duration::from_secs(5);

/// A CONNECT to be sent.
#[derive(Clone)]
pub(crate) struct Hello<'a> {
    v5: bool,
    id: &'a str,
    clean: bool,
    keep_alive: u16,
    properties: Vec<u8>,
    will: Option<Will<'a>>,
}

#[derive(Clone)]
struct Will<'a> {
    topic: &'a str,
    payload: &'a str,
    qos: u8,
    retain: bool,
    properties: Vec<u8>,
}

impl<'a> Hello<'a> {
    pub(crate) fn new(v5: bool, id: &'a str) -> Self {
        Self { v5, id, clean: true, keep_alive: 60, properties: Vec::new(), will: None }
    }

    /// Keeps the session for a minute, and takes up an older one.
    pub(crate) fn persistent(v5: bool, id: &'a str) -> Self {
        let hello = Self { clean: false, ..Self::new(v5, id) };
        if v5 { hello.with(super::packet::four(0x11, 60)) } else { hello }
    }

    pub(crate) fn resuming(self) -> Self {
        Self { clean: false, ..self }
    }

    pub(crate) fn keep_alive(self, keep_alive: u16) -> Self {
        Self { keep_alive, ..self }
    }

    pub(crate) fn with(mut self, property: Vec<u8>) -> Self {
        self.properties.extend(property);
        self
    }

    pub(crate) fn will(self, topic: &'a str, payload: &'a str, qos: u8, retain: bool) -> Self {
        let will = Will { topic, payload, qos, retain, properties: Vec::new() };
        Self { will: Some(will), ..self }
    }

    pub(crate) fn will_property(mut self, property: Vec<u8>) -> Self {
        self.will.as_mut().unwrap().properties.extend(property);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut flags = u8::from(self.clean) << 1;
        if let Some(will) = &self.will {
            flags |= 0x04 | (will.qos << 3) | (u8::from(will.retain) << 5);
        }
        let mut body = [&text("MQTT")[..], &[if self.v5 { 5 } else { 4 }, flags]].concat();
        body.extend(self.keep_alive.to_be_bytes());
        if self.v5 {
            body.extend(variable(self.properties.len()));
            body.extend(&self.properties);
        }
        body.extend(text(self.id));
        if let Some(will) = &self.will {
            if self.v5 {
                body.extend(variable(will.properties.len()));
                body.extend(&will.properties);
            }
            body.extend([text(will.topic), text(will.payload)].concat());
        }
        Packet::bytes(0x10, &body)
    }

    /// Connects and gives the CONNACK, or whatever came.
    pub(crate) fn knock(&self, bench: &Bench) -> (Wire, Option<Packet>) {
        let stream = tcp(bench.at.plaintext.unwrap());
        let mut wire = Wire { stream, input: Vec::new(), v5: self.v5 };
        wire.raw(&self.bytes());
        let answer = wire.packet();
        (wire, answer)
    }

    /// Connects; the CONNACK must say yes.
    pub(crate) fn join(&self, bench: &Bench) -> (Wire, Packet) {
        let (wire, answer) = self.knock(bench);
        let connack = answer.unwrap();
        assert!(connack.show(self.v5).starts_with("connack 0x00"), "{connack:?}");
        (wire, connack)
    }

    pub(crate) fn open(&self, bench: &Bench) -> Wire {
        self.join(bench).0
    }
}

/// A connection.
pub(crate) struct Wire {
    stream: TcpStream,
    input: Vec<u8>,
    v5: bool,
}

impl Wire {
    /// A connection on which nothing was said.
    pub(crate) fn silent(bench: &Bench, v5: bool) -> Self {
        Self { stream: tcp(bench.at.plaintext.unwrap()), input: Vec::new(), v5 }
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        // The server may have closed; what is read shows it.
        drop(self.stream.write_all(bytes));
    }

    pub(crate) fn send(&mut self, first: u8, body: &[u8]) {
        self.raw(&Packet::bytes(first, body));
    }

    /// The next packet; `None` if the server closed.
    pub(crate) fn packet(&mut self) -> Option<Packet> {
        let deadline = Instant::now() + PATIENCE;
        let mut buffer = [0; 4096];
        loop {
            if let Some((packet, used)) = Packet::take(&self.input) {
                self.input.drain(..used);
                return Some(packet);
            }
            assert!(Instant::now() < deadline, "the server says nothing");
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.input.extend(&buffer[..count]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return None,
            }
        }
    }

    /// The next packet in a few words.
    pub(crate) fn next(&mut self) -> String {
        let v5 = self.v5;
        self.packet().map_or_else(|| "closed".to_owned(), |packet| packet.show(v5))
    }

    /// The next packet, which must be a PUBLISH, with its property bytes.
    pub(crate) fn message(&mut self) -> (String, Vec<u8>) {
        let packet = self.packet().unwrap();
        (packet.show(self.v5), packet.publish_properties(self.v5))
    }

    /// What comes until the server has surely nothing more to say: until it has answered a second
    /// PINGREQ, sent after the answer to the first.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        for _ in 0..2 {
            self.send(0xC0, &[]);
            loop {
                match self.next() {
                    pong if pong == "pingresp" => break,
                    other => seen.push(other),
                }
            }
        }
        seen
    }

    pub(crate) fn subscribe(&mut self, filters: &[(&str, u8)]) -> String {
        self.subscribe_with(&[], filters)
    }

    /// SUBSCRIBE with options as they are on the wire.
    pub(crate) fn subscribe_with(&mut self, properties: &[u8], filters: &[(&str, u8)]) -> String {
        let mut body = vec![0, 9];
        if self.v5 {
            body.extend(variable(properties.len()));
            body.extend(properties);
        }
        for (filter, options) in filters {
            body.extend(text(filter));
            body.push(*options);
        }
        self.send(0x82, &body);
        self.next()
    }

    pub(crate) fn unsubscribe(&mut self, filters: &[&str]) -> String {
        let mut body = vec![0, 8];
        if self.v5 {
            body.push(0);
        }
        filters.iter().for_each(|filter| body.extend(text(filter)));
        self.send(0xA2, &body);
        self.next()
    }

    /// PUBLISH; `first` is the first byte of the packet.
    pub(crate) fn publish_as(
        &mut self,
        first: u8,
        id: u16,
        properties: &[u8],
        (topic, payload): (&str, &str),
    ) {
        let mut body = text(topic);
        if first & 0x06 != 0 {
            body.extend(id.to_be_bytes());
        }
        if self.v5 {
            body.extend(variable(properties.len()));
            body.extend(properties);
        }
        body.extend(payload.as_bytes());
        self.send(first, &body);
    }

    /// Publishes and sees it through to the last acknowledgement.
    pub(crate) fn publish(&mut self, topic: &str, payload: &str, qos: u8, retain: bool) {
        self.publish_with(topic, payload, (qos, retain), &[]);
    }

    pub(crate) fn publish_with(
        &mut self,
        topic: &str,
        payload: &str,
        (qos, retain): (u8, bool),
        properties: &[u8],
    ) {
        let first = 0x30 | (qos << 1) | u8::from(retain);
        self.publish_as(first, 5, properties, (topic, payload));
        match qos {
            0 => assert_eq!(self.rest(), [""; 0]),
            1 => assert_eq!(self.next(), "puback 5"),
            _ => {
                assert_eq!(self.next(), "pubrec 5");
                self.send(0x62, &two(5));
                assert_eq!(self.next(), "pubcomp 5");
            }
        }
    }

    /// DISCONNECT, and the server has seen it.
    pub(crate) fn leave(mut self) {
        self.send(0xE0, &[]);
        while self.packet().is_some() {}
    }
}
