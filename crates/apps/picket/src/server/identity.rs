//! The CA and the server's own certificate, as the listeners need them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use picket_core::{Secret, Timestamp};
use picket_gateway::ServerIdentity;
use picket_pki::Authority;
use picket_registry::{PkiFiles, PkiFilesError, local_names};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who this server is.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Issues certificates for devices.
    pub(crate) authority: Arc<Authority>,
    /// The file with the CA's certificate.
    pub(crate) ca_path: PathBuf,
    chain_pem: String,
    key_pem: Secret,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    /// The files.
    #[error(transparent)]
    Files(#[from] PkiFilesError),
    /// The server's certificate or key is not what it must be.
    #[error("the server's certificate or key cannot be used: {0}")]
    Server(String),
}

impl Identity {
    /// The identity of the data directory `data`; made where it is not there. The server's certificate is
    /// good for the names of this host and `more`.
    pub(crate) fn load(
        data: &Path,
        more: &[String],
        now: Timestamp,
    ) -> Result<Self, IdentityError> {
        let files = PkiFiles::open(data.join("pki"))?;
        let authority = Arc::new(files.authority(now)?);
        let mut names = local_names();
        names.extend(more.iter().cloned());
        let server = files.server(&authority, &names, now)?;
        Ok(Self {
            authority,
            ca_path: files.ca_certificate(),
            chain_pem: server.certificate_pem,
            key_pem: server.private_key_pem,
        })
    }

    /// For the gateway.
    pub(crate) fn server_identity(&self) -> Result<ServerIdentity, IdentityError> {
        let wrong = |error: &dyn std::fmt::Display| IdentityError::Server(error.to_string());
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(self.chain_pem.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.expose().as_bytes())
            .map_err(|error| wrong(&error))?;
        Ok(ServerIdentity { chain: chain.map_err(|error| wrong(&error))?, key })
    }

    /// For listeners that do not ask for client certificates.
    pub(crate) fn tls_config(&self) -> Result<Arc<rustls::ServerConfig>, IdentityError> {
        let ServerIdentity { chain, key } = self.server_identity()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| IdentityError::Server(error.to_string()))?;
        Ok(Arc::new(config))
    }
}
