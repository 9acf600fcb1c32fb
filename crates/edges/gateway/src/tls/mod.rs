//! TLS 1.2 and 1.3 with client certificates.
//!
//! The suites are those of rustls: ECDHE with AES-GCM or ChaCha20. AWS also has CBC suites and RSA without
//! forward secrecy for old devices; the library has neither, and such a device is refused in the handshake.
//!
//! A session can be taken up again with a ticket, which spares both sides the signatures. Tickets are
//! sealed with keys that never leave memory and change every six hours. What the registry says is asked
//! again after every handshake, as a session that goes on is not shown to the verifier.

mod proof;
mod stream;
mod verifier;

use std::borrow::Cow;
use std::sync::Arc;

use picket_ports::Directory;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::NoServerSessionStorage;
use rustls::{CertificateError, CipherSuite, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::connection::Refusal;
use crate::counters::Refused;
use crate::standing::Terms;
pub(crate) use stream::{HandshakeError, TlsStream};
use verifier::RegistryVerifier;

/// The ALPN protocol of MQTT with a client certificate on port 443.
pub(crate) const MQTT_ALPN: &[u8] = b"x-amzn-mqtt-ca";
/// Those that mean HTTP there, as does none at all.
const HTTP_ALPNS: [&[u8]; 2] = [b"x-amzn-http-ca", b"http/1.1"];

/// The server's certificate chain, its own first, and key.
#[derive(Debug)]
pub struct ServerIdentity {
    /// DER, the server's own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first.
    pub key: PrivateKeyDer<'static>,
}

/// What a TLS listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// MQTT, with a client certificate.
    Mqtt,
    /// MQTT or HTTP, by ALPN; HTTP also without a client certificate.
    Alpn,
}

/// How both TLS listeners are set up.
#[derive(Debug)]
pub(crate) struct TlsSettings<'a> {
    pub(crate) identity: &'a ServerIdentity,
    pub(crate) directory: &'a Arc<dyn Directory>,
    pub(crate) terms: Terms,
    /// Whether sessions can be taken up again.
    pub(crate) resumption: bool,
}

impl TlsSettings<'_> {
    /// The configuration of the listener for `purpose`.
    pub(crate) fn server_config(
        &self,
        purpose: Purpose,
    ) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(provider());
        let verifier = RegistryVerifier {
            directory: Arc::clone(self.directory),
            provider: Arc::clone(&provider),
            terms: self.terms,
            mandatory: purpose == Purpose::Mqtt,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(self.identity.chain.clone(), self.identity.key.clone_key())?;
        config.ignore_client_order = true;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = usize::from(self.resumption);
        if self.resumption {
            config.ticketer = Ticketer::new()?;
        }
        if purpose == Purpose::Alpn {
            let http = HTTP_ALPNS.into_iter();
            config.alpn_protocols =
                [MQTT_ALPN].into_iter().chain(http).map(<[u8]>::to_vec).collect();
        }
        Ok(Arc::new(config))
    }
}

/// The library's algorithms, AES-128 with SHA-256 before the rest: it is as good, and a handshake with
/// SHA-384 takes longer for nothing. Clients that want another suite only get that.
fn provider() -> CryptoProvider {
    const FIRST: [CipherSuite; 3] = [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];
    let mut provider = default_provider();
    provider.cipher_suites.sort_by_key(|suite| !FIRST.contains(&suite.suite()));
    provider
}

/// A handshake that failed, for the counters and the log.
pub(crate) fn refusal(error: &HandshakeError) -> Refusal {
    let HandshakeError::Tls { error: cause, certificate } = error else {
        return Refusal::silent(error.to_string(), Refused::Handshake);
    };
    let (counted, text) = match cause {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            (Refused::UnknownCertificate, Cow::from("the certificate is not registered"))
        }
        rustls::Error::InvalidCertificate(CertificateError::Revoked) => {
            (Refused::InactiveCertificate, "the certificate is not ACTIVE".into())
        }
        rustls::Error::InvalidCertificate(CertificateError::Expired) => {
            (Refused::ExpiredCertificate, "the certificate has expired".into())
        }
        rustls::Error::NoApplicationProtocol => {
            (Refused::Alpn, "no protocol that the client offers is served".into())
        }
        rustls::Error::NoCertificatesPresented => {
            (Refused::NoCertificate, "the client has no certificate".into())
        }
        other => (Refused::Handshake, other.to_string().into()),
    };
    Refusal::silent(text, counted).of(certificate.as_ref().map(|id| id.as_str().into()))
}
