//! A device's three files: the CA, its certificate and its private key.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use picket_core::{CertificateId, Secret};
use picket_device_client::{Identity, IdentityError, IdentityPaths};
use serde::Deserialize;

use crate::credentials::write_private;

const CA: &str = "ca.pem";
const CERTIFICATE: &str = "certificate.pem.crt";
const KEY: &str = "private.pem.key";

/// A new device's files, as the console's API hands them out.
#[derive(Debug, Deserialize)]
pub(crate) struct Bundle {
    /// The certificate's id.
    pub(crate) certificate_id: CertificateId,
    /// The certificate, PEM.
    pub(crate) certificate_pem: String,
    /// Its private key, PEM.
    pub(crate) private_key_pem: Secret,
    /// The CA that signed the server's certificate, PEM.
    pub(crate) ca_pem: String,
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be written", path.display())]
pub(crate) struct BundleError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Bundle {
    /// Writes the files into `directory`, which is made if it is not there. Only their owner may read
    /// them.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), BundleError> {
        fs::create_dir_all(directory)
            .map_err(|source| BundleError { path: directory.to_owned(), source })?;
        // The key last: where it is, the others are.
        let files = [
            (CA, self.ca_pem.as_str()),
            (CERTIFICATE, self.certificate_pem.as_str()),
            (KEY, self.private_key_pem.expose()),
        ];
        for (name, text) in files {
            let path = directory.join(name);
            write_private(&path, text.as_bytes()).map_err(|source| BundleError { path, source })?;
        }
        Ok(())
    }
}

/// The files of the device whose directory is `directory`.
pub(crate) fn paths(directory: &Path) -> IdentityPaths {
    IdentityPaths {
        ca: directory.join(CA),
        certificate: directory.join(CERTIFICATE),
        key: directory.join(KEY),
    }
}

/// Whether `directory` holds the key of a device.
pub(crate) fn is_in(directory: &Path) -> bool {
    directory.join(KEY).exists()
}

/// Reads the identity of the device whose directory is `directory`.
pub(crate) fn load(directory: &Path) -> Result<Identity, IdentityError> {
    Identity::load(&paths(directory))
}
