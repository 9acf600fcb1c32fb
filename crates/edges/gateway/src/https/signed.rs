//! Who has signed the address of a WebSocket (spec iot-core §1.3).

use std::sync::Arc;

use bytes::Bytes;
use hyper::Request;
use picket_core::Timestamp;
use picket_ports::{AccessKeys, KeyOwner};
use picket_wire_aws::sigv4::{Claim, Head, SignatureError, Verifier};

/// Services that clients sign a WebSocket for.
const SERVICES: [&str; 3] = ["iotdevicegateway", "iotdata", "iot"];

/// The owner of the key that has signed `request`.
pub(super) fn signer<B>(
    request: &Request<B>,
    verifier: &Verifier,
    keys: Option<&Arc<dyn AccessKeys>>,
    now: Timestamp,
) -> Result<KeyOwner, SignatureError> {
    let head = Head { method: request.method(), uri: request.uri(), headers: request.headers() };
    let claim = Claim::read(&head)?;
    verifier.check(&head, &claim, now)?;
    let keys =
        keys.ok_or_else(|| SignatureError::unknown(false, "no access keys are known here"))?;
    let owner = keys.signer(&claim.access_key, claim.security_token.as_ref(), now);
    let owner =
        owner.map_err(|error| SignatureError::unknown(error.is_expired(), error.to_string()))?;
    let verified = verifier.verify(&head, &claim, &owner.secret, Bytes::new())?;
    drop(verified);
    if !SERVICES.contains(&claim.scope.service.as_str()) {
        return Err(SignatureError {
            fault: picket_wire_aws::sigv4::SignatureFault::Mismatch,
            message: format!("the signature has to be for {}", SERVICES.join(" or ")),
        });
    }
    Ok(owner)
}
