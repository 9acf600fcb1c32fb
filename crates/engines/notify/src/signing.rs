//! The key that signs what HTTP receivers get, and its certificate.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use picket_core::Secret;
use picket_ports::StateStore;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::message::{pack, unpack};
use crate::store;

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
#[error("the key that signs notifications {0}")]
pub struct SigningError(String);

/// Signs texts.
#[derive(Debug)]
pub(crate) struct Signing {
    first: SigningKey<Sha1>,
    second: SigningKey<Sha256>,
    certificate_pem: String,
    file_name: String,
}

/// As it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key_pem: Secret,
    certificate_pem: String,
}

impl Signing {
    /// The key of this data directory; makes it at the first start.
    pub(crate) async fn open(store: &dyn StateStore, region: &str) -> Result<Self, SigningError> {
        let failed = |text: &dyn std::fmt::Display| SigningError(format!("cannot be kept: {text}"));
        if let Some(bytes) = store.get(store::SIGNING_KEY).await.map_err(|e| failed(&e))? {
            let kept: Kept =
                unpack(&bytes).map_err(|e| SigningError(format!("cannot be read: {e}")))?;
            return Self::of(&kept);
        }
        let host = format!("sns.{region}.amazonaws.com");
        let kept = tokio::task::spawn_blocking(move || Kept::generate(&host))
            .await
            .map_err(|e| failed(&e))??;
        let mut batch = picket_ports::StateBatch::default();
        batch.put(store::SIGNING_KEY, pack(&kept).map_err(|e| failed(&e))?);
        store.commit(batch).await.map_err(|e| failed(&e))?;
        Self::of(&kept)
    }

    fn of(kept: &Kept) -> Result<Self, SigningError> {
        let key = rsa::PrivateKey::from_pkcs8_pem(kept.key_pem.expose())
            .map_err(|error| SigningError(format!("cannot be read: {error}")))?;
        let hash = Sha256::digest(kept.certificate_pem.as_bytes());
        let fingerprint = hex::encode(hash.get(..16).unwrap_or_default());
        Ok(Self {
            first: SigningKey::new(key.clone()),
            second: SigningKey::new(key),
            certificate_pem: kept.certificate_pem.clone(),
            file_name: format!("SimpleNotificationService-{fingerprint}.pem"),
        })
    }

    /// The certificate, PEM.
    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The last part of `SigningCertURL`.
    pub(crate) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The signature of `text`, base64: RSA PKCS#1 v1.5 with SHA-1 for version 1 and SHA-256 for 2.
    pub(crate) async fn sign(
        self: &Arc<Self>,
        is_second: bool,
        text: String,
    ) -> Result<String, SigningError> {
        let signing = self.clone();
        // It takes milliseconds.
        let signed = tokio::task::spawn_blocking(move || {
            let signature = match is_second {
                true => signing.second.try_sign(text.as_bytes()),
                false => signing.first.try_sign(text.as_bytes()),
            };
            signature.map(|signature| STANDARD.encode(signature.to_bytes()))
        });
        let failed = |error: &dyn std::fmt::Display| SigningError(format!("failed: {error}"));
        signed.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }
}

impl Kept {
    fn generate(host: &str) -> Result<Self, SigningError> {
        let failed = |error: rcgen::Error| SigningError(format!("cannot be made: {error}"));
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed)?;
        let mut params = CertificateParams::new(vec![host.to_owned()]).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, host);
        params.distinguished_name.push(DnType::OrganizationName, "Picket");
        let certificate = params.self_signed(&key).map_err(failed)?;
        Ok(Self { key_pem: Secret::new(key.serialize_pem()), certificate_pem: certificate.pem() })
    }
}
