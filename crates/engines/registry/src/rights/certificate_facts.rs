//! What policies can ask about a certificate.

use std::net::{Ipv4Addr, Ipv6Addr};

use picket_core::CertificateId;
use picket_policy::{CertificateFacts, NameField};
use x509_parser::asn1_rs::Tag;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};
use x509_parser::x509::AttributeTypeAndValue;

/// What policies can ask about the certificate `der` (spec iot-core §4.3). One that cannot be read has
/// only its id.
pub fn certificate_facts(id: &CertificateId, der: &[u8]) -> CertificateFacts {
    let mut facts = CertificateFacts { id: id.as_str().to_owned(), ..CertificateFacts::default() };
    if let Ok((_, certificate)) = X509Certificate::from_der(der) {
        facts.serial_number = certificate.tbs_certificate.serial.to_string();
        facts.subject = names(certificate.subject());
        facts.issuer = names(certificate.issuer());
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => {
                    facts.subject.extend(names.general_names.iter().filter_map(alternative));
                }
                ParsedExtension::IssuerAlternativeName(names) => {
                    facts.issuer.extend(names.general_names.iter().filter_map(alternative));
                }
                _ => {}
            }
        }
    }
    facts
}

/// OIDs of the X.520 attributes, as `x509-parser` prints them.
const ATTRIBUTES: &[(&str, NameField)] = &[
    ("2.5.4.3", NameField::CommonName),
    ("2.5.4.4", NameField::Surname),
    ("2.5.4.5", NameField::SerialNumber),
    ("2.5.4.6", NameField::Country),
    ("2.5.4.8", NameField::State),
    ("2.5.4.10", NameField::Organization),
    ("2.5.4.11", NameField::OrganizationalUnit),
    ("2.5.4.12", NameField::Title),
    ("2.5.4.42", NameField::GivenName),
    ("2.5.4.43", NameField::Initials),
    ("2.5.4.44", NameField::GenerationQualifier),
    ("2.5.4.46", NameField::DistinguishedNameQualifier),
    ("2.5.4.65", NameField::Pseudonym),
];

fn names(name: &X509Name<'_>) -> Vec<(NameField, String)> {
    let field = |oid: &str| ATTRIBUTES.iter().find(|(known, _)| *known == oid).map(|(_, f)| *f);
    let attribute = |attribute: &AttributeTypeAndValue<'_>| {
        Some((field(&attribute.attr_type().to_id_string())?, text(attribute)))
    };
    name.iter_attributes().filter_map(attribute).collect()
}

/// The attribute's text. Every value is kept, whatever its encoding, since policies count them.
fn text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag() {
        Tag::BmpString => {
            let pairs = bytes.chunks_exact(2);
            let units =
                pairs.map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        // In practice Latin-1, whose characters are numbered as in Unicode.
        Tag::T61String => bytes.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn alternative(name: &GeneralName<'_>) -> Option<(NameField, String)> {
    Some(match name {
        GeneralName::RFC822Name(mail) => (NameField::Rfc822Name, (*mail).to_owned()),
        GeneralName::DNSName(host) => (NameField::DnsName, (*host).to_owned()),
        GeneralName::DirectoryName(name) => (NameField::DirectoryName, name.to_string()),
        GeneralName::URI(uri) => (NameField::UniformResourceIdentifier, (*uri).to_owned()),
        GeneralName::IPAddress(bytes) => (NameField::IpAddress, address(bytes)?),
        _ => return None,
    })
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string())
}
