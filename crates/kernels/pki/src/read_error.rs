//! Why something that was sent as a certificate or a signing request is not taken.

use crate::text::CERTIFICATE_BYTES_MAX;

/// What is wrong with it. The texts are for whoever sent it; they quote nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Longer than AWS takes.
    #[error("the {what} is {len} characters long; at most {len_max} are taken")]
    TooLong {
        /// `certificate` or `certificate signing request`, as in the other variants.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        len_max: usize,
    },
    /// More DER than the longest PEM text could hold.
    #[error("the certificate is {0} bytes long; at most {CERTIFICATE_BYTES_MAX} are taken")]
    TooManyBytes(usize),
    /// No `-----BEGIN`.
    #[error("the {0} is not in PEM format")]
    NoPem(&'static str),
    /// PEM of something else.
    #[error("a PEM block `{found}` was sent where a {what} is needed")]
    OtherLabel {
        /// What was needed.
        what: &'static str,
        /// The label, shortened and with control characters escaped.
        found: String,
    },
    /// No `-----END` that fits.
    #[error("the {0} has no end line")]
    Unfinished(&'static str),
    /// More than one block.
    #[error("the {0} must be alone; more than one PEM block was sent")]
    SeveralBlocks(&'static str),
    /// Words behind the block.
    #[error("the {0} is followed by other text")]
    TextBehind(&'static str),
    /// Not base64.
    #[error("the {0} is not valid base64 between its PEM lines")]
    BadBase64(&'static str),
    /// Not DER of the right shape.
    #[error("the {0} is not valid DER")]
    BadDer(&'static str),
    /// Bytes behind the end of the DER.
    #[error("the {0} is followed by other bytes in its PEM block")]
    BytesBehind(&'static str),
    /// What its signature does not cover is not written as DER wants it, or names another algorithm.
    #[error(
        "the certificate is not written in the one form of DER: its outer part, which is not signed, was \
         written in other bytes"
    )]
    OtherWriting,
    /// RFC 5280 allows 20 bytes; this many are tolerated.
    #[error("the certificate's serial number is {0} bytes long; at most 64 are taken")]
    LongSerial(usize),
    /// An RSA key that is too short or too long.
    #[error("the {what} has an RSA key of {bits} bits; 2048 to 8192 are taken")]
    RsaKeyLength {
        /// What holds the key.
        what: &'static str,
        /// The key's length.
        bits: usize,
    },
    /// Neither RSA nor one of the NIST curves.
    #[error(
        "the {what} has a key of kind {found}; RSA and the curves P-256, P-384 and P-521 are taken"
    )]
    OtherKey {
        /// What holds the key.
        what: &'static str,
        /// The kind, an object identifier.
        found: String,
    },
    /// A signature algorithm that is not taken.
    #[error(
        "the {what} is signed with {found}; RSA and ECDSA with SHA-256, SHA-384 and SHA-512 are taken"
    )]
    OtherSignature {
        /// What is signed.
        what: &'static str,
        /// The algorithm, by name if it is known, else its object identifier.
        found: String,
    },
    /// A signing request that was not made by the holder of its key.
    #[error("the certificate signing request is not signed with its own key")]
    NotItsOwn,
    /// A certificate that may not sign others where an authority's is needed.
    #[error(
        "the certificate is not one of a certificate authority: its basic constraints do not say CA:TRUE"
    )]
    NoAuthority,
}
