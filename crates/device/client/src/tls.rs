//! The TLS configuration of a device.

use std::fmt;
use std::sync::Arc;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::sign::CertifiedKey;

use crate::error::ClientError;
use crate::identity::Identity;
use crate::options::Endpoint;

/// Always presents the one certificate there is.
struct OneCertificate(Arc<CertifiedKey>);

impl fmt::Debug for OneCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneCertificate")
    }
}

impl ResolvesClientCert for OneCertificate {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// TLS 1.2 or 1.3 with `identity`, the server's name checked against its CA. `alpn` is for port 443
/// ([`crate::ALPN_MQTT`]). Make it once and share it: it is the costly part of a connection's memory.
pub fn client_config(
    identity: &Identity,
    alpn: Option<&str>,
) -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(identity.roots.clone())
        .with_client_cert_resolver(Arc::new(OneCertificate(identity.certified_key.clone())));
    // One server to remember. AWS gives no session tickets (spec iot-core §3.1), others do: taking a
    // session up again costs both sides a fraction of a handshake.
    config.resumption = Resumption::in_memory_sessions(1);
    config.alpn_protocols = alpn.map(|name| name.as_bytes().to_vec()).into_iter().collect();
    Ok(Arc::new(config))
}

/// The name the server's certificate must carry.
pub(crate) fn server_name(
    endpoint: &Endpoint,
) -> Result<rustls_pki_types::ServerName<'static>, ClientError> {
    rustls_pki_types::ServerName::try_from(endpoint.host.clone()).map_err(|_| {
        ClientError::Resolve {
            host: endpoint.host.clone(),
            cause: "it is neither a host name nor an IP address".to_owned(),
        }
    })
}
