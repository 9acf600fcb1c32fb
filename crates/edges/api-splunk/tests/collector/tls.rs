//! TLS by our own CA: with rustls, with curl, and with garbage.

use std::process::Stdio;
use std::sync::Arc;

use picket_core::{Clock, SystemClock};
use picket_pki::{Authority, inspect};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::TlsConnector;

use crate::bench::{Bench, plain, post, until};
use crate::client::Client;

const SUCCESS: &str = r#"{"text":"Success","code":0}"#;

struct Secure {
    bench: Bench,
    ca_pem: String,
}

async fn secure() -> Secure {
    // Clients look at the real clock.
    let now = SystemClock.now();
    let authority = Authority::generate(now).unwrap();
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let server = authority.issue_server(&names, now).unwrap();
    assert_eq!(inspect(&server.certificate_pem).unwrap().names, names);
    let chain = vec![CertificateDer::from_pem_slice(server.certificate_pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(server.private_key_pem.expose().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let mut settings = plain();
    settings.tls = true;
    settings.handshake_timeout_seconds = 1;
    let bench = Bench::with(settings, Some(Arc::new(config))).await;
    Secure { bench, ca_pem: authority.certificate_pem().to_owned() }
}

#[tokio::test]
async fn a_client_that_trusts_our_ca_is_served() {
    let Secure { bench, ca_pem } = secure().await;
    assert_eq!(bench.server.url(), format!("https://{}", bench.at));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(bench.at).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let mut client = Client::over(stream);
    let head = post("/services/collector", "plain-token");
    for _ in 0..2 {
        assert_eq!(client.request(&head, br#"{"event":1}"#).await.body, SUCCESS);
    }
}

#[tokio::test]
async fn plain_http_and_silence_on_the_tls_port_are_cut_off() {
    let Secure { bench, .. } = secure().await;
    let mut plain = Client::connect(bench.at).await;
    plain.write(b"POST /services/collector HTTP/1.1\r\nHost: p\r\n\r\n").await;
    let mut silent = Client::connect(bench.at).await;
    assert!(silent.is_closed().await);
    until("counted", async || bench.server.stats().bad_handshakes == 2).await;
}

#[tokio::test]
async fn curl_is_served() {
    let Secure { bench, ca_pem } = secure().await;
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, ca_pem).unwrap();
    let url = format!("https://localhost:{}/services/collector/event", bench.at.port());
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "20", "--noproxy", "*", "--cacert"])
        .arg(&ca)
        .args(["-H", "Authorization: Splunk plain-token"])
        .args(["-d", r#"{"event":{"from":"curl"},"sourcetype":"manual","index":"iot"}"#])
        .arg(&url)
        .stdin(Stdio::null());
    let output = match curl.output().await {
        Ok(output) => output,
        // Not every machine has curl; the end-to-end tests install it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("{error}"),
    };
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(answer, SUCCESS, "{}", String::from_utf8_lossy(&output.stderr));
    let event = bench.stored().await.pop().unwrap();
    assert_eq!((&event["raw"], &event["index"]), (&r#"{"from":"curl"}"#.into(), &"iot".into()));
}
