//! What several operations on policies take.

use serde::Deserialize;

/// The header with a certificate's ARN or a Cognito identity's id.
pub(super) const PRINCIPAL: &str = "x-amzn-iot-principal";
/// The header with a policy's name.
pub(super) const POLICY: &str = "x-amzn-iot-policy";

/// The body of `AttachPolicy` and `DetachPolicy`.
#[derive(Debug, Deserialize)]
pub(super) struct TargetInput {
    pub(super) target: String,
}
