//! Who is calling.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::request::Parts;
use http_body_util::BodyExt as _;
use picket_core::ErrorCode;
use picket_ports::{HttpPeer, KeyOwner};
use picket_wire_aws::sigv4::{Claim, Head, SignatureError, SignatureFault};
use picket_wire_aws::{AwsCode, AwsError, Protocol};

use super::Shared;
use super::choose::Wanted;
use crate::call::Caller;
use crate::fault;

/// A request whose caller is proven.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
}

/// Who says to be calling, before the body is read.
#[derive(Debug)]
pub(super) enum Claimed {
    Device(picket_core::CertificateId),
    User(KeyOwner),
}

impl Shared {
    /// The caller by the head alone: an unknown key's body is never read.
    pub(super) fn identify(
        &self,
        head: &Parts,
        peer: &HttpPeer,
        wanted: &Wanted,
    ) -> Result<Claimed, AwsError> {
        let protocol = wanted.protocol();
        let refused = |error: SignatureError| {
            tracing::debug!(peer = %peer.address, %error, "an AWS request was refused");
            error.to_aws(protocol)
        };
        let claim = match &wanted.claim {
            Ok(claim) => claim,
            Err(error) if error.fault == SignatureFault::Missing => {
                let certificate = peer.certificate.clone();
                return certificate.map(Claimed::Device).ok_or_else(|| refused(error.clone()));
            }
            Err(error) => return Err(refused(error.clone())),
        };
        let (keys, token) = (&self.deps.keys, claim.security_token.as_ref());
        let owner = keys.signer(&claim.access_key, token, self.deps.clock.now());
        let owner = owner.map_err(|error| {
            refused(SignatureError::unknown(error.is_expired(), error.to_string()))
        })?;
        self.verifier.check(&view(head), claim, self.deps.clock.now()).map_err(refused)?;
        Ok(Claimed::User(owner))
    }

    /// Checks the signature over head and body.
    pub(super) fn verify(
        &self,
        head: &Parts,
        claimed: Claimed,
        body: Bytes,
        wanted: &Wanted,
    ) -> Result<Signed, AwsError> {
        let owner = match claimed {
            Claimed::Device(certificate) => {
                return Ok(Signed { caller: Caller::Device(certificate), body });
            }
            Claimed::User(owner) => owner,
        };
        let refused = |error: SignatureError| error.to_aws(wanted.protocol());
        let claim: &Claim = wanted.claim.as_ref().map_err(|error| refused(error.clone()))?;
        let verified =
            self.verifier.verify(&view(head), claim, &owner.secret, body).map_err(refused)?;
        Ok(Signed { caller: Caller::User(owner), body: verified.body })
    }
}

fn view(head: &Parts) -> Head<'_> {
    Head { method: &head.method, uri: &head.uri, headers: &head.headers }
}

/// The whole body, `bytes_max` bytes at most.
pub(super) async fn read_body<B>(
    body: B,
    headers: &HeaderMap,
    bytes_max: usize,
    protocol: Protocol,
) -> Result<Bytes, AwsError>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: std::fmt::Display,
{
    let too_large = || {
        let code = fault::own(protocol, ErrorCode::LimitExceeded);
        AwsError::new(code, format!("the body is larger than {bytes_max} bytes"))
    };
    let said = headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if said > bytes_max as u64 {
        return Err(too_large());
    }
    let mut body = pin!(body);
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            AwsError::new(
                AwsCode::InvalidRequest,
                format!("the body ended before it was complete: {error}"),
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > bytes_max {
            return Err(too_large());
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}
