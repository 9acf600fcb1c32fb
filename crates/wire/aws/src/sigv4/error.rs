//! Why a signature was refused.

use crate::errors::{AwsCode, AwsError, Protocol};

/// The kinds of refusal, each of which the protocols have a code for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureFault {
    /// Nothing says who is calling.
    Missing,
    /// A part of the signature is missing or malformed.
    Incomplete,
    /// The access key or session token is not known.
    UnknownClient,
    /// The session that the token is of is over.
    ExpiredToken,
    /// The signature is not the one we calculate.
    Mismatch,
    /// The time is outside the window.
    Expired,
}

/// Why a signature was refused; the text tells the developer of the client what to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SignatureError {
    /// The kind.
    pub fault: SignatureFault,
    /// The text; holds no secret.
    pub message: String,
}

impl SignatureError {
    pub(crate) fn new(fault: SignatureFault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into() }
    }

    pub(crate) fn incomplete(message: impl Into<String>) -> Self {
        Self::new(SignatureFault::Incomplete, message)
    }

    /// The request carries no signature at all.
    pub fn missing() -> Self {
        Self::new(
            SignatureFault::Missing,
            "the request is not signed: it has neither an Authorization header with AWS4-HMAC-SHA256 nor \
             X-Amz-Signature in its query",
        )
    }

    /// Whoever the access key or its session token says it is, is not known, or not any more. `message`
    /// must hold neither the secret nor the token.
    pub fn unknown(is_expired: bool, message: impl Into<String>) -> Self {
        let fault =
            if is_expired { SignatureFault::ExpiredToken } else { SignatureFault::UnknownClient };
        Self::new(fault, message)
    }

    /// The error in the words of `protocol`.
    pub fn to_aws(&self, protocol: Protocol) -> AwsError {
        let query = protocol == Protocol::Query;
        let code = match (self.fault, query) {
            (SignatureFault::Missing, false) => AwsCode::MissingAuthenticationToken,
            (SignatureFault::Missing, true) => AwsCode::QueryMissingAuthenticationToken,
            (SignatureFault::Incomplete, false) => AwsCode::IncompleteSignature,
            (SignatureFault::Incomplete, true) => AwsCode::QueryIncompleteSignature,
            (SignatureFault::UnknownClient, false) => AwsCode::UnrecognizedClient,
            (SignatureFault::UnknownClient, true) => AwsCode::InvalidClientTokenId,
            (SignatureFault::ExpiredToken, false) => AwsCode::ExpiredToken,
            (SignatureFault::ExpiredToken, true) => AwsCode::QueryExpiredToken,
            (SignatureFault::Mismatch, false) => AwsCode::InvalidSignature,
            (SignatureFault::Mismatch, true) => AwsCode::SignatureDoesNotMatch,
            (SignatureFault::Expired, _) => AwsCode::RequestExpired,
        };
        AwsError::new(code, self.message.clone())
    }
}
