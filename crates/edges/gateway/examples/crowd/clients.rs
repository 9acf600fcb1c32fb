//! The devices.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Failure;

/// Handshakes at a time.
const AT_ONCE: usize = 32;

/// Connects every device of `directory` to `address` and keeps it there.
pub(crate) fn run(address: &str, directory: &Path) -> Result<(), Failure> {
    let address: SocketAddr = address.parse()?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(std::fs::read(directory.join("ca"))?))?;
    let roots = Arc::new(roots);
    let bytes = std::fs::read(directory.join("devices"))?;
    let mut rest = bytes.as_slice();
    let mut devices = Vec::new();
    while !rest.is_empty() {
        let (certificate, key) = (part(&mut rest)?, part(&mut rest)?);
        devices.push((CertificateDer::from(certificate), PrivateKeyDer::try_from(key)?));
    }
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let (go, told) = watch::channel(false);
    // A line on standard input tells them to subscribe.
    std::thread::spawn(move || {
        let is_told = std::io::stdin().read_line(&mut String::new()).is_ok();
        go.send_replace(is_told);
        std::thread::park();
    });
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut all = tokio::task::JoinSet::new();
        for (n, (certificate, key)) in devices.into_iter().enumerate() {
            let (roots, at_once) = (Arc::clone(&roots), Arc::clone(&at_once));
            let go = told.clone();
            all.spawn(async move {
                let permit = at_once.acquire_owned().await;
                let connected = connect(address, roots, certificate, key, n).await;
                drop(permit);
                match connected {
                    Ok(stream) => stay(stream, n, go).await,
                    Err(error) => eprintln!("device {n}: {error}"),
                }
            });
        }
        while all.join_next().await.is_some() {}
    });
    Ok(())
}

fn part(rest: &mut &[u8]) -> Result<Vec<u8>, Failure> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or("the file is cut off")?;
    let length = usize::try_from(u32::from_be_bytes(*length))?;
    let (part, after) = after.split_at_checked(length).ok_or("the file is cut off")?;
    *rest = after;
    Ok(part.to_vec())
}

async fn connect(
    address: SocketAddr,
    roots: Arc<RootCertStore>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    n: usize,
) -> Result<TlsStream<TcpStream>, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)?;
    config.resumption = Resumption::disabled();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    let id = format!("device-{n}");
    let mut connect = vec![0x10, u8::try_from(13 + id.len())?, 0, 4];
    connect.extend(b"MQTT\x05\x02\x04\xb0\x00");
    text(&mut connect, &id)?;
    stream.write_all(&connect).await?;
    expect(&mut stream, 0x20).await?;
    Ok(stream)
}

/// Subscribes when told to, and stays for as long as the server lets it.
async fn stay(mut stream: TlsStream<TcpStream>, n: usize, mut go: watch::Receiver<bool>) {
    let subscribe = async {
        if go.wait_for(|told| *told).await.is_ok() {
            let id = format!("device-{n}");
            let length = u8::try_from(3 + 2 + 8 + id.len() + 1).map_err(std::io::Error::other)?;
            let mut subscribe = vec![0x82, length, 0, 1, 0];
            text(&mut subscribe, &format!("fleet/{id}/#")).map_err(std::io::Error::other)?;
            subscribe.push(1);
            stream.write_all(&subscribe).await?;
            expect(&mut stream, 0x90).await?;
        }
        std::io::Result::Ok(())
    };
    if let Err(error) = subscribe.await {
        eprintln!("device {n}: {error}");
    }
    while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {}
}

fn text(packet: &mut Vec<u8>, text: &str) -> Result<(), std::num::TryFromIntError> {
    packet.extend(u16::try_from(text.len())?.to_be_bytes());
    packet.extend(text.as_bytes());
    Ok(())
}

/// Reads one short packet of this type.
async fn expect(stream: &mut TlsStream<TcpStream>, first: u8) -> std::io::Result<()> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await?;
    let mut body = vec![0; usize::from(head[1])];
    stream.read_exact(&mut body).await?;
    if head[0] == first { Ok(()) } else { Err(std::io::Error::other(format!("{head:?} {body:?}"))) }
}
