//! A WebSocket and an HTTP client by hand, so that every byte can be chosen.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use crate::bench::{Bench, DeviceIdentity};
use crate::client::{Client, tls};

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
/// The last frame of a message.
pub(crate) const FIN: u8 = 0x80;

/// A WebSocket after its opening.
pub(crate) struct WebSocket {
    stream: Tls,
    /// Bytes that are not a whole frame yet.
    raw: Vec<u8>,
    /// What binary messages have brought.
    plain: Vec<u8>,
    /// Control frames that came: kind and payload.
    pub(crate) control: Vec<(u8, Vec<u8>)>,
}

/// The certificate or none, on the ALPN port.
pub(crate) fn open(bench: &Bench, device: Option<&DeviceIdentity>) -> Tls {
    tls(bench, alpn(bench), device, b"http/1.1", &rustls::version::TLS13)
}

pub(crate) fn alpn(bench: &Bench) -> SocketAddr {
    bench.at.alpn.unwrap()
}

pub(crate) fn host(bench: &Bench) -> String {
    format!("localhost:{}", alpn(bench).port())
}

/// Sends a request and reads the whole answer: head and body.
pub(crate) fn exchange(stream: &mut Tls, request: &str, body: &[u8]) -> (String, String) {
    stream.write_all(request.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream.flush().unwrap();
    let (head, mut rest) = read_head(stream);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while rest.len() < length {
        let more = some(stream);
        assert!(!more.is_empty(), "the body is cut off: {head}");
        rest.extend(more);
    }
    (head, String::from_utf8_lossy(&rest).into_owned())
}

fn read_head(stream: &mut Tls) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(at + 4);
            return (String::from_utf8(bytes).unwrap(), rest);
        }
        let more = some(stream);
        assert!(!more.is_empty(), "no answer: {}", String::from_utf8_lossy(&bytes));
        bytes.extend(more);
    }
}

/// The next bytes; none at the end or after five seconds.
fn some(stream: &mut Tls) -> Vec<u8> {
    let deadline = Instant::now() + Duration::from_secs(5);
    let mut buffer = [0; 4096];
    while Instant::now() < deadline {
        match stream.read(&mut buffer) {
            Ok(count) => return buffer[..count].to_vec(),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    Vec::new()
}

/// The request that opens a WebSocket at `target`.
pub(crate) fn upgrade(bench: &Bench, target: &str, protocol: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {protocol}\r\n\r\n",
        host(bench)
    )
}

/// Asks for `target`. The error is the head of an answer that opens nothing.
pub(crate) fn websocket(
    bench: &Bench,
    device: Option<&DeviceIdentity>,
    target: &str,
) -> Result<WebSocket, String> {
    let mut stream = open(bench, device);
    let (head, body) = exchange(&mut stream, &upgrade(bench, target, "mqtt"), b"");
    if !head.starts_with("HTTP/1.1 101 ") {
        return Err(head + &body);
    }
    assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    assert!(head.contains("sec-websocket-protocol: mqtt\r\n"), "{head}");
    assert_eq!(body, "");
    Ok(WebSocket { stream, raw: Vec::new(), plain: Vec::new(), control: Vec::new() })
}

/// MQTT over a WebSocket at `target`.
pub(crate) fn mqtt(
    bench: &Bench,
    device: Option<&DeviceIdentity>,
    target: &str,
    v5: bool,
) -> Client {
    Client::over(websocket(bench, device, target).unwrap(), v5)
}

impl WebSocket {
    /// Sends one frame; `first` is its kind, with [`FIN`] if it is a message's last.
    pub(crate) fn frame(&mut self, first: u8, payload: &[u8]) {
        let mask = [1, 2, 3, 4];
        let mut bytes = vec![first];
        match payload.len() {
            short @ 0..126 => bytes.push(0x80 | short as u8),
            length @ 126..65_536 => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            length => {
                bytes.push(0x80 | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(mask);
        bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
        // The server may have closed already; the test looks at what it read.
        drop(self.stream.write_all(&bytes));
        drop(self.stream.flush());
    }

    /// Takes the frames out of what has come.
    fn sort(&mut self) {
        while let Some((kind, payload, used)) = self.first_frame() {
            self.raw.drain(..used);
            match kind {
                BINARY => self.plain.extend(payload),
                kind => self.control.push((kind, payload)),
            }
        }
    }

    fn first_frame(&self) -> Option<(u8, Vec<u8>, usize)> {
        let (first, short) = (*self.raw.first()?, *self.raw.get(1)?);
        assert!(first & FIN != 0 && short < 128, "frames of ours are whole and not masked");
        let (length, start) = match short {
            126 => (usize::from(u16::from_be_bytes(self.raw.get(2..4)?.try_into().unwrap())), 4),
            127 => (u64::from_be_bytes(self.raw.get(2..10)?.try_into().unwrap()) as usize, 10),
            short => (usize::from(short), 2),
        };
        let payload = self.raw.get(start..start + length)?;
        Some((first & 0x0f, payload.to_vec(), start + length))
    }

    /// Reads until a control frame has come; `None` if the server ended it before.
    pub(crate) fn next_control(&mut self) -> Option<(u8, Vec<u8>)> {
        while self.control.is_empty() {
            let more = some(&mut self.stream);
            if more.is_empty() {
                return None;
            }
            self.raw.extend(more);
            self.sort();
        }
        Some(self.control.remove(0))
    }
}

impl Read for WebSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.plain.is_empty() {
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes)?;
            if count == 0 {
                return Ok(0);
            }
            self.raw.extend(&bytes[..count]);
            self.sort();
        }
        let count = self.plain.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.plain[..count]);
        self.plain.drain(..count);
        Ok(count)
    }
}

impl Write for WebSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame(FIN | BINARY, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
