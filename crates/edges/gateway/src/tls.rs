//! TLS 1.2 and 1.3 with client certificates, no tickets, no stored sessions.

use std::io;
use std::sync::Arc;

use picket_ports::Directory;
use rustls::server::NoServerSessionStorage;
use rustls::{CertificateError, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::counters::Refused;
use crate::verifier::RegistryVerifier;

/// The ALPN protocol of MQTT with a client certificate on port 443.
pub(crate) const MQTT_ALPN: &[u8] = b"x-amzn-mqtt-ca";

/// The server's certificate chain, its own first, and key.
#[derive(Debug)]
pub struct ServerIdentity {
    /// DER, the server's own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first.
    pub key: PrivateKeyDer<'static>,
}

/// The configuration of both TLS listeners; `alpn` is for the one that needs a protocol.
pub(crate) fn server_config(
    identity: &ServerIdentity,
    directory: Arc<dyn Directory>,
    allow_expired: bool,
    alpn: bool,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = RegistryVerifier { directory, provider: Arc::clone(&provider), allow_expired };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    if alpn {
        config.alpn_protocols = vec![MQTT_ALPN.to_vec()];
    }
    Ok(Arc::new(config))
}

/// Why a handshake failed, for the counters.
pub(crate) fn refusal(error: &io::Error) -> Refused {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(problem)) => match problem {
            CertificateError::UnknownIssuer => Refused::UnknownCertificate,
            CertificateError::Revoked => Refused::InactiveCertificate,
            CertificateError::Expired => Refused::ExpiredCertificate,
            _ => Refused::Handshake,
        },
        Some(rustls::Error::NoApplicationProtocol) => Refused::Alpn,
        _ => Refused::Handshake,
    }
}
