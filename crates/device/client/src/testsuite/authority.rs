//! The endpoint's certificate authority.

use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::PrivateKeyDer;

use crate::{Identity, IdentityPaths};

pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Three PEM texts.
pub(super) struct Issued {
    ca: String,
    certificate: String,
    key: String,
}

impl Issued {
    pub(super) fn identity(&self) -> Identity {
        Identity::from_pem(self.ca.as_bytes(), self.certificate.as_bytes(), self.key.as_bytes())
            .expect("what rcgen made is usable")
    }

    pub(super) fn write_to(&self, directory: &Path) -> IdentityPaths {
        let write = |name: &str, text: &str| {
            let path = directory.join(name);
            std::fs::write(&path, text).expect("a test directory can be written");
            path
        };
        IdentityPaths {
            ca: write("ca.pem", &self.ca),
            certificate: write("certificate.pem.crt", &self.certificate),
            key: write("private.pem.key", &self.key),
        }
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names are fine");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Authority {
    pub(super) fn generate() -> Self {
        let mut params = params("test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a CA can be made") }
    }

    pub(super) fn issue(&self, name: &str) -> Issued {
        self.issue_by(self, name)
    }

    /// A certificate by `other` for a device that trusts this authority.
    pub(super) fn issue_by(&self, other: &Self, name: &str) -> Issued {
        self.sign(other, params(name))
    }

    pub(super) fn issue_expired(&self, name: &str) -> Issued {
        let mut params = params(name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(self, params)
    }

    fn sign(&self, by: &Self, mut params: CertificateParams) -> Issued {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &by.issuer).expect("a certificate can be signed");
        Issued { ca: self.issuer.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }

    pub(super) fn server_config(&self) -> Arc<rustls::ServerConfig> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).expect("the names are valid");
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("our CA is a CA");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .expect("there is a root");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("it is PKCS#8");
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows the defaults")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("key and certificate belong together");
        config.alpn_protocols = vec![crate::ALPN_MQTT.as_bytes().to_vec()];
        Arc::new(config)
    }
}
