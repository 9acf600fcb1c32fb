//! A device's certificate, its key, and the CA it trusts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Largest PEM file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Which of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityFile {
    /// The certificates of the CA that signed the server's certificate.
    Ca,
    /// The device's certificate, followed by intermediate ones if there are any.
    Certificate,
    /// The device's private key.
    Key,
}

impl fmt::Display for IdentityFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ca => "CA file",
            Self::Certificate => "certificate file",
            Self::Key => "key file",
        })
    }
}

/// Paths of the three files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPaths {
    /// CA certificates, PEM.
    pub ca: PathBuf,
    /// Device certificate, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM (PKCS#8, PKCS#1 or SEC1), not encrypted.
    pub key: PathBuf,
}

/// Which file is wrong, and why.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("the {file} {place} cannot be read: {cause}")]
    Unreadable {
        /// Which file.
        file: IdentityFile,
        /// Its path.
        place: String,
        /// The system's words.
        cause: std::io::Error,
    },
    /// It does not hold what it should.
    #[error("the {file} {place} is not usable: {problem}")]
    Unusable {
        /// Which file.
        file: IdentityFile,
        /// Its path, or `(given as text)`.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// Key and certificate are not a pair.
    #[error(
        "the key file {key} does not belong to the certificate file {certificate}; use the key that was issued with this certificate"
    )]
    KeyMismatch {
        /// The key's path.
        key: String,
        /// The certificate's path.
        certificate: String,
    },
}

impl IdentityError {
    /// Whether a file is missing altogether.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Unreadable { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound)
    }
}

/// Everything TLS needs from the device's side.
#[derive(Clone)]
pub struct Identity {
    pub(crate) roots: Arc<rustls::RootCertStore>,
    pub(crate) certified_key: Arc<CertifiedKey>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("roots", &self.roots.len()).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads and checks the three files.
    pub fn load(paths: &IdentityPaths) -> Result<Self, IdentityError> {
        let ca = read(IdentityFile::Ca, &paths.ca)?;
        let certificate = read(IdentityFile::Certificate, &paths.certificate)?;
        let key = read(IdentityFile::Key, &paths.key)?;
        let places = Places {
            ca: shown(&paths.ca),
            certificate: shown(&paths.certificate),
            key: shown(&paths.key),
        };
        Self::parse(&ca, &certificate, &key, &places)
    }

    /// Checks three PEM texts.
    pub fn from_pem(ca: &[u8], certificate: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let given = || "(given as text)".to_owned();
        let places = Places { ca: given(), certificate: given(), key: given() };
        Self::parse(ca, certificate, key, &places)
    }

    /// The device's own certificate, DER.
    pub fn certificate_der(&self) -> &[u8] {
        // A chain without a certificate is refused when it is read.
        self.certified_key.cert.first().map_or(&[], |certificate| certificate.as_ref())
    }

    fn parse(
        ca: &[u8],
        certificate: &[u8],
        key: &[u8],
        places: &Places,
    ) -> Result<Self, IdentityError> {
        let roots = parse_roots(ca, &places.ca)?;
        let chain =
            parse_certificates(IdentityFile::Certificate, certificate, &places.certificate)?;
        let unusable = |file, place: &String, problem: String| IdentityError::Unusable {
            file,
            place: place.clone(),
            problem,
        };
        let key =
            parse_key(key).map_err(|problem| unusable(IdentityFile::Key, &places.key, problem))?;
        let signing = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)
            .map_err(|error| unusable(IdentityFile::Key, &places.key, error.to_string()))?;
        let certified_key = CertifiedKey::new(chain, signing);
        match certified_key.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(IdentityError::KeyMismatch {
                    key: places.key.clone(),
                    certificate: places.certificate.clone(),
                });
            }
            Err(error) => {
                let problem = error.to_string();
                return Err(unusable(IdentityFile::Certificate, &places.certificate, problem));
            }
        }
        Ok(Self { roots: Arc::new(roots), certified_key: Arc::new(certified_key) })
    }
}

struct Places {
    ca: String,
    certificate: String,
    key: String,
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn read(file: IdentityFile, path: &Path) -> Result<Vec<u8>, IdentityError> {
    use std::io::Read;
    let unreadable = |cause| IdentityError::Unreadable { file, place: shown(path), cause };
    let source = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    source.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn parse_certificates(
    file: IdentityFile,
    pem: &[u8],
    place: &str,
) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let unusable =
        |problem: String| IdentityError::Unusable { file, place: place.to_owned(), problem };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(format!("its PEM is damaged ({error})")))?;
    if chain.is_empty() {
        return Err(unusable("it holds no `BEGIN CERTIFICATE` block".to_owned()));
    }
    Ok(chain)
}

fn parse_roots(pem: &[u8], place: &str) -> Result<rustls::RootCertStore, IdentityError> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in parse_certificates(IdentityFile::Ca, pem, place)? {
        roots.add(certificate).map_err(|error| IdentityError::Unusable {
            file: IdentityFile::Ca,
            place: place.to_owned(),
            problem: error.to_string(),
        })?;
    }
    Ok(roots)
}

fn parse_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(key) => Ok(key),
        Err(rustls_pki_types::pem::Error::NoItemsFound) => {
            let text = String::from_utf8_lossy(pem);
            Err(if text.contains("ENCRYPTED PRIVATE KEY") {
                "the key is encrypted; store it without a passphrase".to_owned()
            } else {
                "it holds no `BEGIN PRIVATE KEY` block".to_owned()
            })
        }
        Err(error) => Err(format!("its PEM is damaged ({error})")),
    }
}
