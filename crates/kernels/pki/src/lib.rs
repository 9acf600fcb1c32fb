//! The fleet's certificate authority. Works on PEM texts and takes the time as an argument; where the
//! texts are kept is the caller's business.

use std::time::Duration;

use picket_core::{CertificateId, Secret, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use sha2::{Digest, Sha256};
use x509_parser::extensions::ParsedExtension;
use x509_parser::pem::Pem;

const CA_YEARS: i16 = 20;
const DEVICE_YEARS: i16 = 10;
const SERVER_DAYS: i64 = 397;
/// A server certificate is replaced when less than this is left.
const RENEWAL: Duration = Duration::from_secs(30 * 24 * 3600);

/// A certificate with its private key.
#[derive(Debug, Clone)]
pub struct Issued {
    /// SHA-256 of the DER.
    pub id: CertificateId,
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// PKCS#8, PEM.
    pub private_key_pem: Secret,
    /// End of validity.
    pub not_after: Timestamp,
}

/// What can be read off a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the DER.
    pub id: CertificateId,
    /// End of validity.
    pub not_after: Timestamp,
    /// DNS names and IP addresses it is good for, as text.
    pub names: Vec<String>,
    /// Whether it may sign others.
    pub is_authority: bool,
    /// Its key's identifier, if it says.
    pub key_id: Option<Vec<u8>>,
    /// The identifier of the key that signed it, if it says.
    pub issuer_key_id: Option<Vec<u8>>,
}

impl CertificateFacts {
    /// Whether a server that answers to `names` can go on with this certificate of `authority`:
    /// signed by it, good for all of them, and not within 30 days of its end.
    pub fn serves(&self, names: &[String], authority: &Self, now: Timestamp) -> bool {
        let signed = self.issuer_key_id.is_some() && self.issuer_key_id == authority.key_id;
        let named = names.iter().all(|name| self.names.contains(name));
        signed && named && self.not_after.since(now) > RENEWAL
    }
}

/// Why a certificate could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The key or certificate library refused.
    #[error("the certificate could not be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// The text is not a certificate.
    #[error("not a PEM certificate: {0}")]
    Read(String),
    /// The certificate may not sign others.
    #[error("the certificate is not one of a certificate authority")]
    NoAuthority,
    /// The key is another certificate's.
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    /// The date lies outside of what certificates can say.
    #[error("the present date cannot be written into a certificate")]
    Date,
}

/// Our CA: an ECDSA P-256 key and a self-signed certificate.
#[derive(Debug)]
pub struct Authority {
    certificate_pem: String,
    private_key_pem: Secret,
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
        Ok(Self {
            certificate_pem: certificate.pem(),
            private_key_pem: Secret::new(key.serialize_pem()),
        })
    }

    /// The CA that was generated earlier. Fails if the two texts are not a CA certificate and its key.
    pub fn load(certificate_pem: String, private_key_pem: Secret) -> Result<Self, PkiError> {
        if !inspect(&certificate_pem)?.is_authority {
            return Err(PkiError::NoAuthority);
        }
        let authority = Self { certificate_pem, private_key_pem };
        let signing = authority.issuer()?;
        if public_key_of(&authority.certificate_pem)? != signing.key().public_key_raw() {
            return Err(PkiError::OtherKey);
        }
        Ok(authority)
    }

    /// The CA's certificate, which clients trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
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

    fn issuer(&self) -> Result<Issuer<'static, KeyPair>, PkiError> {
        let key = KeyPair::from_pem(self.private_key_pem.expose())?;
        Ok(Issuer::from_ca_cert_pem(&self.certificate_pem, key)?)
    }

    fn issue(&self, mut params: CertificateParams, days: &Validity) -> Result<Issued, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        days.write_to(&mut params)?;
        let certificate = params.signed_by(&key, &self.issuer()?)?;
        Ok(Issued {
            id: id_of_der(certificate.der()),
            certificate_pem: certificate.pem(),
            private_key_pem: Secret::new(key.serialize_pem()),
            not_after: days.not_after_timestamp()?,
        })
    }
}

/// The registry's id of a certificate: SHA-256 of its DER in hex.
pub fn id_of_der(der: &[u8]) -> CertificateId {
    match CertificateId::new(hex::encode(Sha256::digest(der))) {
        Ok(id) => id,
        Err(_) => unreachable!("64 hex digits are a certificate id"),
    }
}

/// Reads the facts off a PEM certificate.
pub fn inspect(pem: &str) -> Result<CertificateFacts, PkiError> {
    let block = read_pem(pem)?;
    let certificate = block.parse_x509().map_err(|error| PkiError::Read(error.to_string()))?;
    let mut names = Vec::new();
    if let Ok(Some(extension)) = certificate.subject_alternative_name() {
        names.extend(extension.value.general_names.iter().filter_map(alternative_name));
    }
    let not_after =
        Timestamp::from_millis(certificate.validity().not_after.timestamp().saturating_mul(1000));
    let (mut key_id, mut issuer_key_id) = (None, None);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                issuer_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
    }
    Ok(CertificateFacts {
        id: id_of_der(&block.contents),
        not_after,
        names,
        is_authority: certificate.is_ca(),
        key_id,
        issuer_key_id,
    })
}

fn read_pem(pem: &str) -> Result<Pem, PkiError> {
    let read = Pem::read(std::io::Cursor::new(pem));
    read.map(|(block, _)| block).map_err(|error| PkiError::Read(error.to_string()))
}

fn public_key_of(pem: &str) -> Result<Vec<u8>, PkiError> {
    let block = read_pem(pem)?;
    let certificate = block.parse_x509().map_err(|error| PkiError::Read(error.to_string()))?;
    Ok(certificate.public_key().subject_public_key.data.to_vec())
}

fn alternative_name(name: &x509_parser::extensions::GeneralName<'_>) -> Option<String> {
    use x509_parser::extensions::GeneralName;
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|b| std::net::Ipv4Addr::from(b).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
        },
        _ => None,
    }
}

/// Days between which a certificate is valid. Starts the day before, for clocks that are behind.
struct Validity {
    first: jiff::civil::Date,
    last: jiff::civil::Date,
}

impl Validity {
    fn years(now: Timestamp, years: i16) -> Result<Self, PkiError> {
        Self::spanning(now, jiff::Span::new().try_years(years).map_err(|_| PkiError::Date)?)
    }

    fn days(now: Timestamp, days: i64) -> Result<Self, PkiError> {
        Self::spanning(now, jiff::Span::new().try_days(days).map_err(|_| PkiError::Date)?)
    }

    fn spanning(now: Timestamp, span: jiff::Span) -> Result<Self, PkiError> {
        let instant =
            jiff::Timestamp::from_millisecond(now.as_millis()).map_err(|_| PkiError::Date)?;
        let today = instant.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let first = today.yesterday().map_err(|_| PkiError::Date)?;
        let last = today.checked_add(span).map_err(|_| PkiError::Date)?;
        Ok(Self { first, last })
    }

    /// Writes both days into `params`.
    fn write_to(&self, params: &mut CertificateParams) -> Result<(), PkiError> {
        let part = |part: i8| u8::try_from(part).map_err(|_| PkiError::Date);
        let (first, last) = (self.first, self.last);
        params.not_before =
            date_time_ymd(first.year().into(), part(first.month())?, part(first.day())?);
        params.not_after =
            date_time_ymd(last.year().into(), part(last.month())?, part(last.day())?);
        Ok(())
    }

    fn not_after_timestamp(&self) -> Result<Timestamp, PkiError> {
        let midnight =
            self.last.to_zoned_datetime(jiff::tz::TimeZone::UTC).map_err(|_| PkiError::Date)?;
        Ok(Timestamp::from_millis(midnight.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

    #[test]
    fn a_reloaded_authority_issues_certificates_with_the_id_of_their_der() {
        let first = Authority::generate(NOW).unwrap();
        let again =
            Authority::load(first.certificate_pem().to_owned(), first.private_key_pem().clone())
                .unwrap();
        let issued = again.issue_device("pump-17", NOW).unwrap();
        let facts = inspect(&issued.certificate_pem).unwrap();
        assert_eq!(facts.id, issued.id);
        assert_eq!(facts.not_after, issued.not_after);
        assert_eq!(issued.not_after.to_string(), "2035-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_server_certificate_carries_names_and_addresses() {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let issued = Authority::generate(NOW).unwrap().issue_server(&names, NOW).unwrap();
        assert_eq!(inspect(&issued.certificate_pem).unwrap().names, names);
    }

    #[test]
    fn text_that_is_no_certificate_is_an_error_and_a_key_of_another_ca_is_none_of_ours() {
        assert!(matches!(inspect("hello"), Err(PkiError::Read(_))));
        assert!(Authority::load("hello".to_owned(), Secret::new("world")).is_err());
        let (one, two) = (Authority::generate(NOW).unwrap(), Authority::generate(NOW).unwrap());
        let mixed =
            Authority::load(one.certificate_pem().to_owned(), two.private_key_pem().clone());
        assert!(matches!(mixed, Err(PkiError::OtherKey)), "{mixed:?}");
        let device = one.issue_device("pump-17", NOW).unwrap();
        let posing = Authority::load(device.certificate_pem, device.private_key_pem);
        assert!(matches!(posing, Err(PkiError::NoAuthority)), "{posing:?}");
    }

    #[test]
    fn a_server_certificate_serves_until_it_is_near_its_end_or_names_or_the_authority_change() {
        let (one, two) = (Authority::generate(NOW).unwrap(), Authority::generate(NOW).unwrap());
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let issued = one.issue_server(&names, NOW).unwrap();
        let facts = inspect(&issued.certificate_pem).unwrap();
        let (one, two) =
            (inspect(one.certificate_pem()).unwrap(), inspect(two.certificate_pem()).unwrap());
        let day = 24 * 3600 * 1000;
        let in_days = |days: i64| Timestamp::from_millis(NOW.as_millis() + days * day);
        assert!(facts.serves(&names, &one, NOW));
        assert!(facts.serves(&names, &one, in_days(366)));
        assert!(!facts.serves(&names, &one, in_days(368)));
        assert!(!facts.serves(&names, &two, NOW));
        assert!(!facts.serves(&["edge-1".to_owned()], &one, NOW));
    }
}
