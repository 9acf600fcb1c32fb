//! Whom the client trusts: the machine's roots and those of the configuration. Certificates are always
//! verified.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Why trust could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of `extra_roots` cannot be used.
    #[error("the root certificates in {path} cannot be used: {cause}")]
    ExtraRoots {
        /// The file, or what stands for one given as text.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The cryptography library refused the protocol versions.
    #[error("TLS could not be set up")]
    Setup(#[source] rustls::Error),
}

/// Trusts the machine's roots, those in the PEM files `paths` and those in the PEM texts `pems`.
///
/// # Errors
/// When one of them cannot be read.
pub fn tls_config(paths: &[PathBuf], pems: &[String]) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a root certificate of this machine cannot be read");
    }
    // Machines have roots that are too old to parse; that is no reason not to start.
    roots.add_parsable_certificates(native.certs);
    for path in paths {
        let pem = std::fs::read(path).map_err(|error| TlsError::ExtraRoots {
            path: path.clone(),
            cause: error.to_string(),
        })?;
        add(&mut roots, &pem, path.clone())?;
    }
    for pem in pems {
        add(&mut roots, pem.as_bytes(), PathBuf::from("(given as text)"))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn add(roots: &mut RootCertStore, pem: &[u8], path: PathBuf) -> Result<(), TlsError> {
    let bad = |cause: String| TlsError::ExtraRoots { path: path.clone(), cause };
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
        found = true;
    }
    if found { Ok(()) } else { Err(bad("there is no PEM certificate in it".to_owned())) }
}
