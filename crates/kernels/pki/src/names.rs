//! What policies and provisioning templates can ask about a certificate (spec iot-core §4.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::der_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::x509::X509Name;

use crate::{ReadError, facts};

/// The names in a certificate, each under the word that policies use for it: `CommonName`,
/// `AlternativeName.DNSName`, … Values are in the order of the certificate; a word may repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// The serial number, decimal.
    pub serial_number: String,
    /// Of the holder, alternative names last.
    pub subject: Vec<(&'static str, String)>,
    /// Of the signer, likewise.
    pub issuer: Vec<(&'static str, String)>,
}

impl CertificateNames {
    /// Every word that names can be under.
    pub fn words() -> impl Iterator<Item = &'static str> {
        ATTRIBUTES.iter().map(|(_, word)| *word).chain(ALTERNATIVES)
    }

    /// The names in the certificate `der`.
    pub fn read(der: &[u8]) -> Result<Self, ReadError> {
        let certificate = facts::parse(der)?;
        let mut names = Self {
            serial_number: certificate.tbs_certificate.serial.to_string(),
            subject: of_name(certificate.subject()),
            issuer: of_name(certificate.issuer()),
        };
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(it) => {
                    names.subject.extend(it.general_names.iter().filter_map(alternative));
                }
                ParsedExtension::IssuerAlternativeName(it) => {
                    names.issuer.extend(it.general_names.iter().filter_map(alternative));
                }
                _ => {}
            }
        }
        Ok(names)
    }

    /// The first value of the subject under `word`.
    pub fn of_subject(&self, word: &str) -> Option<&str> {
        self.subject.iter().find(|(known, _)| *known == word).map(|(_, value)| value.as_str())
    }
}

/// X.520 attributes by object identifier.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("2.5.4.3", "CommonName"),
    ("2.5.4.4", "Surname"),
    ("2.5.4.5", "SerialNumber"),
    ("2.5.4.6", "Country"),
    ("2.5.4.8", "State"),
    ("2.5.4.10", "Organization"),
    ("2.5.4.11", "OrganizationalUnit"),
    ("2.5.4.12", "Title"),
    ("2.5.4.42", "GivenName"),
    ("2.5.4.43", "Initials"),
    ("2.5.4.44", "GenerationQualifier"),
    ("2.5.4.46", "DistinguishedNameQualifier"),
    ("2.5.4.65", "Pseudonym"),
];

/// Alternative names by their kind.
const ALTERNATIVES: [&str; 5] = [
    "AlternativeName.RFC822Name",
    "AlternativeName.DNSName",
    "AlternativeName.UniformResourceIdentifier",
    "AlternativeName.DirectoryName",
    "AlternativeName.IPAddress",
];

fn of_name(name: &X509Name<'_>) -> Vec<(&'static str, String)> {
    let values = name.iter_attributes().filter_map(|attribute| {
        let oid = attribute.attr_type().to_id_string();
        let (_, word) = ATTRIBUTES.iter().find(|(known, _)| *known == oid)?;
        Some((*word, text_of(attribute.attr_value())))
    });
    values.collect()
}

/// The text of a directory string in any of its encodings. Every value has one, with replacement
/// characters if need be, since policies count them.
pub(crate) fn text_of(value: &Any<'_>) -> String {
    let bytes = value.data;
    match value.tag() {
        // In practice Latin-1, whatever the standard says.
        Tag::T61String => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Tag::BmpString => {
            let pairs = bytes.chunks_exact(2);
            let units =
                pairs.map(|pair| pair.iter().fold(0, |unit, byte| (unit << 8) | u16::from(*byte)));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn alternative(name: &GeneralName<'_>) -> Option<(&'static str, String)> {
    let [mail, host, uri, directory, ip] = ALTERNATIVES;
    Some(match name {
        GeneralName::RFC822Name(text) => (mail, (*text).to_owned()),
        GeneralName::DNSName(text) => (host, (*text).to_owned()),
        GeneralName::URI(text) => (uri, (*text).to_owned()),
        GeneralName::DirectoryName(name) => (directory, name.to_string()),
        GeneralName::IPAddress(bytes) => (ip, address(bytes)?),
        _ => return None,
    })
}

/// An IP address as text.
pub(crate) fn address(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).to_string()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).to_string()),
    }
}
