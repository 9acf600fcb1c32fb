//! Authorities and certificates of other people, for tests.

use picket_core::{CertificateId, Secret};
use picket_pki::{Authority, Signer, SigningRequest, der_of};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};

use crate::test_plane::{START, TestPlane};
use crate::{AuthorityChange, AuthorityStatus, NewAuthority, RegistrationConfig};

/// An authority named `name`. Another one each time, of the same name.
pub(crate) fn authority(name: &str) -> Authority {
    authority_until(name, 2040)
}

/// One that is valid from 2024 to the end of `year` only.
pub(crate) fn authority_until(name: &str, year: i32) -> Authority {
    authority_of(KeyPair::generate().unwrap(), name, year)
}

/// The authority `old`, named `name`, with a new certificate for its key.
pub(crate) fn renewed(old: &Authority, name: &str, year: i32) -> Authority {
    authority_of(KeyPair::from_pem(old.private_key_pem().expose()).unwrap(), name, year)
}

fn authority_of(key: KeyPair, name: &str, year: i32) -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority::load(pem, Secret::new(key.serialize_pem())).unwrap()
}

/// A signing request for these names.
pub(crate) fn request(names: &[(DnType, &str)]) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    for (kind, value) in names {
        params.distinguished_name.push(kind.clone(), *value);
    }
    params.serialize_request(&key).unwrap().pem().unwrap()
}

/// A certificate of `authority` for these names, PEM.
pub(crate) fn certificate(authority: &Authority, names: &[(DnType, &str)]) -> String {
    let request = SigningRequest::read(&request(names)).unwrap();
    authority.sign_request(&request, START).unwrap().certificate_pem
}

/// A certificate of `authority` for a device, PEM.
pub(crate) fn device(authority: &Authority, common_name: &str) -> String {
    certificate(authority, &[(DnType::CommonName, common_name)])
}

/// As [`device`], DER.
pub(crate) fn device_der(authority: &Authority, common_name: &str) -> Vec<u8> {
    der_of(&device(authority, common_name)).unwrap()
}

/// A certificate of `authority` with the other ECDSA signature that it has as well.
pub(crate) fn twin(authority: &Authority, der: &[u8]) -> Vec<u8> {
    Signer::read(authority.certificate_pem()).unwrap().twin_of(der).unwrap()
}

impl TestPlane {
    /// Registers `authority` the way AWS wants it: ACTIVE, with a verification certificate.
    pub(crate) async fn register_authority(&self, authority: &Authority) -> CertificateId {
        let code = self.plane.registration_code().await.unwrap();
        let verification = device(authority, &code);
        let new = NewAuthority {
            certificate_pem: authority.certificate_pem(),
            verification_pem: Some(&verification),
            is_active: true,
            ..NewAuthority::default()
        };
        self.plane.register_ca_certificate(new).await.unwrap().id().clone()
    }

    /// Registers `authority` so that its certificates register themselves, by `template` if one is
    /// given.
    pub(crate) async fn welcome_authority(
        &self,
        authority: &Authority,
        template: Option<&str>,
    ) -> CertificateId {
        let id = self.register_authority(authority).await;
        let change = AuthorityChange {
            auto_registration: Some(true),
            registration_config: template.map(|body| RegistrationConfig {
                template_body: Some(body.to_owned()),
                ..RegistrationConfig::default()
            }),
            ..AuthorityChange::default()
        };
        self.plane.update_ca_certificate(id.as_str(), &change).await.unwrap();
        id
    }

    /// Sets the state of an authority.
    pub(crate) async fn set_authority(&self, id: &CertificateId, status: AuthorityStatus) {
        let change = AuthorityChange { status: Some(status), ..AuthorityChange::default() };
        self.plane.update_ca_certificate(id.as_str(), &change).await.unwrap();
    }
}
