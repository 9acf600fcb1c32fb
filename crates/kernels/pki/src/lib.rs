//! Certificates: our own authority, and what other people's certificates and signing requests say.
//!
//! Works on PEM texts and DER bytes and takes the time as an argument; where the texts are kept is the
//! caller's business. Everything that comes from outside ([`inspect`], [`Registrable::read`],
//! [`Signer::read`], [`Signers::signer_of`], [`SigningRequest::read`], [`CertificateNames::read`]) is
//! bounded in size and ends in a [`ReadError`], never in a panic.

mod assembly;
mod authority;
mod device_key;
mod facts;
mod names;
mod read_error;
mod signature;
mod signer;
mod signing_request;
mod text;
mod validity;
mod writing;

#[cfg(test)]
mod tests;

pub use authority::{Authority, Issued, PkiError, Signed};
pub use device_key::DeviceKey;
pub use facts::{
    CertificateFacts, Registrable, der_of, id_of_der, inspect, inspect_der, pem_of, public_key_of,
};
pub use names::CertificateNames;
pub use read_error::ReadError;
pub use signature::KeyKind;
pub use signer::{NotSigned, Signer, Signers};
pub use signing_request::SigningRequest;
pub use text::{CERTIFICATE_CHARS_MAX, REQUEST_CHARS_MAX};
pub use writing::signed_part_digest;
