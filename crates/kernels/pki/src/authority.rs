//! Our own certificate authority.

use std::time::Duration;

use picket_core::{CertificateId, Secret, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

use crate::assembly::{self, Draft, Signature};
use crate::validity::Validity;
use crate::{
    CertificateFacts, DeviceKey, ReadError, SigningRequest, der_of, facts, id_of_der, inspect_der,
    pem_of,
};

const CA_YEARS: i16 = 20;
const DEVICE_YEARS: i16 = 10;
const SERVER_DAYS: i64 = 397;
/// 2049-12-31T23:59:59Z, the end of what AWS issues.
const AWS_NOT_AFTER: Timestamp = Timestamp::from_millis(2_524_607_999_000);
/// The subject of what AWS issues.
const AWS_COMMON_NAME: &str = "AWS IoT Certificate";
/// For clocks that are behind.
const BACKDATED: Duration = Duration::from_secs(24 * 3600);

/// A certificate with its private key.
#[derive(Debug, Clone)]
pub struct Issued {
    /// SHA-256 of the DER.
    pub id: CertificateId,
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// PKCS#8, PEM.
    pub private_key_pem: Secret,
    /// Begin of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
}

/// A certificate for a key that somebody else keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// SHA-256 of the DER.
    pub id: CertificateId,
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// Begin of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
}

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The certificate library refused.
    #[error("the certificate could not be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// The cryptographic library refused.
    #[error("the key could not be made")]
    KeyGeneration,
    /// The authority's own certificate cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The key is another certificate's.
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    /// The authority's key cannot sign for devices.
    #[error("the authority's key is neither ECDSA P-256 nor P-384 nor RSA")]
    OtherAuthorityKey,
    /// The date lies outside of what certificates can say.
    #[error("the present date cannot be written into a certificate")]
    Date,
}

/// Our CA: a key, ECDSA P-256 if we made it, and a certificate that may sign others.
#[derive(Debug)]
pub struct Authority {
    certificate_pem: String,
    private_key_pem: Secret,
    facts: CertificateFacts,
    key_id: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new CA, valid for 20 years from the day of `now`.
    pub fn generate(now: Timestamp) -> Result<Self, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, "Picket fleet CA");
        params.distinguished_name.push(DnType::OrganizationName, "Picket");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Validity::years(now, CA_YEARS)?.write_to(&mut params)?;
        let certificate = params.self_signed(&key)?;
        Self::load(certificate.pem(), Secret::new(key.serialize_pem()))
    }

    /// The CA that was generated earlier. Fails if the two texts are not a CA certificate and its key.
    pub fn load(certificate_pem: String, private_key_pem: Secret) -> Result<Self, PkiError> {
        let der = der_of(&certificate_pem)?;
        let facts = inspect_der(&der)?;
        if !facts.is_authority {
            return Err(ReadError::NoAuthority.into());
        }
        let key = KeyPair::from_pem(private_key_pem.expose())?;
        let parsed = facts::parse(&der)?;
        let own = parsed.public_key().subject_public_key.data.as_ref();
        if own != key.public_key_raw() {
            return Err(PkiError::OtherKey);
        }
        let key_id = facts.key_id.clone().unwrap_or_else(|| assembly::key_id(own));
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key)?;
        Ok(Self { certificate_pem, private_key_pem, facts, key_id, issuer })
    }

    /// The CA's certificate, which clients trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// What the CA's certificate says.
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// The CA's private key. Keep it in a file of mode 0600.
    pub fn private_key_pem(&self) -> &Secret {
        &self.private_key_pem
    }

    /// A client certificate for the device `common_name`, valid for 10 years.
    pub fn issue_device(&self, common_name: &str, now: Timestamp) -> Result<Issued, PkiError> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, &Validity::years(now, DEVICE_YEARS)?)
    }

    /// A server certificate for `names` (DNS names and IP addresses), valid for 397 days.
    pub fn issue_server(&self, names: &[String], now: Timestamp) -> Result<Issued, PkiError> {
        let mut params = CertificateParams::new(names.to_vec())?;
        let first = names.first().map_or("localhost", String::as_str);
        params.distinguished_name.push(DnType::CommonName, first);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, &Validity::days(now, SERVER_DAYS)?)
    }

    /// A certificate for `key` as AWS issues them: `CN=AWS IoT Certificate`, valid until
    /// 2049-12-31T23:59:59Z.
    pub fn certify(&self, key: &DeviceKey, now: Timestamp) -> Result<Signed, PkiError> {
        let subject = assembly::common_name(AWS_COMMON_NAME);
        self.sign(&subject, (&key.public_key, &key.key_bits), now)
    }

    /// A certificate with the subject and the key of `request`, valid until 2049-12-31T23:59:59Z. The
    /// same request gives another certificate each time.
    pub fn sign_request(
        &self,
        request: &SigningRequest,
        now: Timestamp,
    ) -> Result<Signed, PkiError> {
        self.sign(&request.subject, (&request.public_key, &request.key_bits), now)
    }

    fn sign(
        &self,
        subject: &[u8],
        (public_key, key_bits): (&[u8], &[u8]),
        now: Timestamp,
    ) -> Result<Signed, PkiError> {
        if now >= AWS_NOT_AFTER {
            return Err(PkiError::Date);
        }
        let back = i64::try_from(BACKDATED.as_millis()).map_err(|_| PkiError::Date)?;
        let not_before = Timestamp::from_millis(now.as_millis().saturating_sub(back))
            .floor_to(Duration::from_secs(1));
        let not_after = AWS_NOT_AFTER;
        let draft = Draft { subject, public_key, key_bits, not_before, not_after };
        let issuer = &self.facts.subject;
        let with = Signature { issuer, key_id: &self.key_id, key: self.issuer.key() };
        let der = assembly::sign(&draft, &with)?;
        // Parts of it are a stranger's; what cannot be read back is not handed out.
        inspect_der(&der)?;
        let id = id_of_der(&der);
        Ok(Signed { id, certificate_pem: pem_of(&der), not_before, not_after })
    }

    fn issue(&self, mut params: CertificateParams, days: &Validity) -> Result<Issued, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        days.write_to(&mut params)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            id: id_of_der(certificate.der()),
            certificate_pem: certificate.pem(),
            private_key_pem: Secret::new(key.serialize_pem()),
            not_before: days.not_before()?,
            not_after: days.not_after()?,
        })
    }
}
