use std::io::{Read as _, Write as _};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{PrivateKeyDer, ServerName};
use tokio::net::TcpListener;

use super::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// Configurations of a server and of a client that trusts it.
fn configs(version: &'static SupportedProtocolVersion) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let der = certificate.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(der).unwrap();
    let client = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

/// A client that talks to the socket by hand.
struct Client {
    tls: ClientConnection,
    tcp: std::net::TcpStream,
    /// Bytes of ciphertext sent at a time.
    piece: usize,
}

impl Client {
    fn connect(address: std::net::SocketAddr, config: Arc<ClientConfig>, piece: usize) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(config, name).unwrap();
        let tcp = std::net::TcpStream::connect(address).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut client = Self { tls, tcp, piece };
        while client.tls.is_handshaking() {
            client.send();
            if client.tls.is_handshaking() {
                client.receive();
            }
        }
        client
    }

    fn send(&mut self) {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut bytes).unwrap();
        }
        for piece in bytes.chunks(self.piece) {
            self.tcp.write_all(piece).unwrap();
        }
    }

    fn receive(&mut self) {
        self.tls.read_tls(&mut self.tcp).unwrap();
        self.tls.process_new_packets().unwrap();
        self.send();
    }

    fn say(&mut self, text: &[u8]) {
        for part in text.chunks(10_000) {
            self.tls.writer().write_all(part).unwrap();
            self.send();
        }
    }

    fn hear(&mut self, count: usize) -> Vec<u8> {
        let (mut heard, mut buffer) = (Vec::new(), [0; 5000]);
        while heard.len() < count {
            match self.tls.reader().read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => heard.extend_from_slice(&buffer[..n]),
                Err(_) => self.receive(),
            }
        }
        heard
    }
}

/// Runs `client` against a server that gives back what it gets. Returns the server's stream when the
/// client has ended its side.
fn echo(
    version: &'static SupportedProtocolVersion,
    client: impl FnOnce(Client) + Send,
    piece: usize,
) {
    let (server, config) = configs(version);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || client(Client::connect(address, config, piece)));
        runtime.block_on(async {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut stream = TlsStream::accept(tcp, server).await.unwrap();
            let mut buffer = vec![0; 3000];
            loop {
                let count = stream.read(&mut buffer).await.unwrap();
                if count == 0 {
                    break;
                }
                stream.write_all(&buffer[..count]).await.unwrap();
                stream.flush().await.unwrap();
            }
            assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
            assert_eq!(held(&stream), 0, "an idle stream holds buffers");
            stream.shutdown().await.unwrap();
        });
    });
}

fn held(stream: &TlsStream) -> usize {
    stream.incoming.capacity() + stream.plain.bytes.capacity() + stream.outgoing.bytes.capacity()
}

fn text(count: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

#[test]
fn what_goes_in_comes_out_in_both_versions() {
    for version in VERSIONS {
        echo(
            version,
            |mut client| {
                for count in [1, 100, 5000, 16_384, 16_385, 100_000] {
                    let text = text(count);
                    client.say(&text);
                    assert!(client.hear(count) == text, "{count}");
                }
                client.tls.send_close_notify();
                client.send();
                // The server says goodbye as well.
                assert_eq!(client.hear(1), b"");
            },
            usize::MAX,
        );
    }
}

#[test]
fn records_may_come_in_pieces() {
    for version in VERSIONS {
        echo(
            version,
            |mut client| {
                let text = text(3000);
                client.say(&text);
                assert!(client.hear(3000) == text);
            },
            1,
        );
    }
}

#[test]
fn keys_may_be_changed_on_the_way() {
    echo(
        &rustls::version::TLS13,
        |mut client| {
            for round in 0..5 {
                client.tls.refresh_traffic_keys().unwrap();
                let text = text(1000 + round);
                client.say(&text);
                assert!(client.hear(text.len()) == text);
            }
        },
        7,
    );
}

#[test]
fn a_peer_that_talks_nonsense_is_told_so() {
    let (server, _) = configs(&rustls::version::TLS13);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let outcome = runtime.block_on(async {
        let (tcp, _) = listener.accept().await.unwrap();
        TlsStream::accept(tcp, server).await.map(|_| ())
    });
    assert!(matches!(outcome, Err(HandshakeError::Tls { .. })), "{outcome:?}");
    let mut alert = [0; 7];
    client.read_exact(&mut alert).unwrap();
    assert_eq!(alert[0], 0x15);
}

#[test]
fn nonsense_after_the_handshake_is_an_error() {
    let (server, config) = configs(&rustls::version::TLS13);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut client = Client::connect(address, config, usize::MAX);
            client.say(b"x");
            assert_eq!(client.hear(1), b"y");
            client.tcp.write_all(&[0x17, 3, 3, 0, 20]).unwrap();
            client.tcp.write_all(&[7; 20]).unwrap();
            drop(client.tcp.read(&mut [0; 100]));
        });
        let failed = runtime.block_on(async {
            let (tcp, _) = listener.accept().await.unwrap();
            let mut stream = TlsStream::accept(tcp, server).await.unwrap();
            assert_eq!(stream.read(&mut [0; 100]).await.unwrap(), 1);
            stream.write_all(b"y").await.unwrap();
            let failed = stream.read(&mut [0; 100]).await;
            // Whatever is tried afterwards fails as well, and quietly.
            assert!(stream.write(b"z").await.is_err() && stream.read(&mut [0; 100]).await.is_err());
            stream.shutdown().await.unwrap();
            failed
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::InvalidData);
    });
}
