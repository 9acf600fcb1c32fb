//! A certificate out of parts that are already DER: the subject and the key of a signing request go in
//! byte for byte, whatever they hold. The certificate library cannot do that: it reads names into a
//! map, which loses repeated attributes, and panics on names it has no words for.

use aws_lc_rs::rand;
use picket_core::Timestamp;
use rcgen::{KeyPair, SigningKey as _};
use sha2::{Digest, Sha256};
use yasna::models::{ObjectIdentifier, TaggedDerValue};
use yasna::tags::{TAG_GENERALIZEDTIME, TAG_UTCTIME};
use yasna::{DERWriter, DERWriterSeq, Tag, construct_der};

use crate::PkiError;

const SERIAL_BYTES: usize = 20;
const KEY_ID_BYTES: usize = 20;
/// Until then times are written with two digits for the year (RFC 5280 §4.1.2.5).
const SHORT_YEARS_END: i16 = 2050;

const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
const SUBJECT_KEY_ID: &[u64] = &[2, 5, 29, 14];
const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const AUTHORITY_KEY_ID: &[u64] = &[2, 5, 29, 35];
/// `digitalSignature`: the first of nine bits.
const DIGITAL_SIGNATURE: u8 = 0b1000_0000;

/// A device certificate to be.
pub(crate) struct Draft<'a> {
    /// Name, DER.
    pub(crate) subject: &'a [u8],
    /// SubjectPublicKeyInfo, DER.
    pub(crate) public_key: &'a [u8],
    /// What lies in its bit string.
    pub(crate) key_bits: &'a [u8],
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// What signs it.
pub(crate) struct Signature<'a> {
    /// The authority's name, DER.
    pub(crate) issuer: &'a [u8],
    /// Its key's identifier.
    pub(crate) key_id: &'a [u8],
    pub(crate) key: &'a KeyPair,
}

/// The certificate, DER.
pub(crate) fn sign(draft: &Draft<'_>, with: &Signature<'_>) -> Result<Vec<u8>, PkiError> {
    let algorithm = algorithm_identifier(with.key)?;
    let not_before = time(draft.not_before)?;
    let not_after = time(draft.not_after)?;
    let serial = serial()?;
    let to_be_signed = construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_tagged(Tag::context(0), |writer| writer.write_u8(2));
            writer.next().write_bigint_bytes(&serial, true);
            writer.next().write_der(&algorithm);
            writer.next().write_der(with.issuer);
            writer.next().write_sequence(|writer| {
                writer.next().write_tagged_der(&not_before);
                writer.next().write_tagged_der(&not_after);
            });
            writer.next().write_der(draft.subject);
            writer.next().write_der(draft.public_key);
            writer.next().write_tagged(Tag::context(3), |writer| {
                writer.write_sequence(|writer| extensions(writer, draft, with));
            });
        });
    });
    let signature = with.key.sign(&to_be_signed)?;
    Ok(construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(&to_be_signed);
            writer.next().write_der(&algorithm);
            writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    }))
}

/// `CN=…` as a name, DER.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_set(|writer| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_oid(&ObjectIdentifier::from_slice(COMMON_NAME));
                    writer.next().write_utf8_string(text);
                });
            });
        });
    })
}

/// The identifier of a key: the beginning of the SHA-256 of its bits (RFC 7093 §2).
pub(crate) fn key_id(key_bits: &[u8]) -> Vec<u8> {
    Sha256::digest(key_bits).iter().take(KEY_ID_BYTES).copied().collect()
}

fn extensions(writer: &mut DERWriterSeq<'_>, draft: &Draft<'_>, with: &Signature<'_>) {
    extension(writer.next(), AUTHORITY_KEY_ID, false, |writer| {
        writer.write_sequence(|writer| {
            let tag = Tag::context(0);
            writer.next().write_tagged_implicit(tag, |writer| writer.write_bytes(with.key_id));
        });
    });
    extension(writer.next(), SUBJECT_KEY_ID, false, |writer| {
        writer.write_bytes(&key_id(draft.key_bits));
    });
    // An authority is what says so; an empty sequence says no.
    extension(writer.next(), BASIC_CONSTRAINTS, true, |writer| writer.write_sequence(|_| {}));
    extension(writer.next(), KEY_USAGE, true, |writer| {
        writer.write_bitvec_bytes(&[DIGITAL_SIGNATURE], 1);
    });
}

fn extension(
    writer: DERWriter<'_>,
    oid: &[u64],
    is_critical: bool,
    value: impl FnOnce(DERWriter<'_>),
) {
    let value = construct_der(value);
    writer.write_sequence(|writer| {
        writer.next().write_oid(&ObjectIdentifier::from_slice(oid));
        if is_critical {
            writer.next().write_bool(true);
        }
        writer.next().write_bytes(&value);
    });
}

/// The algorithm that `key` signs with, DER.
fn algorithm_identifier(key: &KeyPair) -> Result<Vec<u8>, PkiError> {
    let (oid, has_null): (&[u64], bool) = match key.algorithm() {
        it if *it == rcgen::PKCS_ECDSA_P256_SHA256 => (&[1, 2, 840, 10_045, 4, 3, 2], false),
        it if *it == rcgen::PKCS_ECDSA_P384_SHA384 => (&[1, 2, 840, 10_045, 4, 3, 3], false),
        it if *it == rcgen::PKCS_RSA_SHA256 => (&[1, 2, 840, 113_549, 1, 1, 11], true),
        _ => return Err(PkiError::OtherAuthorityKey),
    };
    Ok(construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_oid(&ObjectIdentifier::from_slice(oid));
            if has_null {
                writer.next().write_null();
            }
        });
    }))
}

fn serial() -> Result<[u8; SERIAL_BYTES], PkiError> {
    let mut serial = [0; SERIAL_BYTES];
    rand::fill(&mut serial).map_err(|_| PkiError::KeyGeneration)?;
    // Positive, and as long as it may be: the first byte is 64 to 127.
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0b0011_1111) | 0b0100_0000;
    }
    Ok(serial)
}

fn time(at: Timestamp) -> Result<TaggedDerValue, PkiError> {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).map_err(|_| PkiError::Date)?;
    let moment = instant.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let is_short = (1950..SHORT_YEARS_END).contains(&moment.year());
    let (tag, format) = match is_short {
        true => (TAG_UTCTIME, "%y%m%d%H%M%SZ"),
        false => (TAG_GENERALIZEDTIME, "%Y%m%d%H%M%SZ"),
    };
    let text = moment.strftime(format).to_string();
    Ok(TaggedDerValue::from_tag_and_bytes(tag, text.into_bytes()))
}
