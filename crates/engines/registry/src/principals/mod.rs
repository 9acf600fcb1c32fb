//! What things are attached to: certificates (spec iot-core §2.4).

mod attach;
mod list;

use picket_core::CertificateId;

use crate::certificates::certificate_id;
use crate::checked::shown;
use crate::{ControlError, ControlPlane};

pub use attach::AttachmentKind;

impl ControlPlane {
    /// The certificate that a principal's ARN names.
    ///
    /// # Errors
    /// `Invalid` for anything else. A Cognito identity is told that it cannot be attached: nothing
    /// connects as one here.
    pub(crate) fn principal_certificate(
        &self,
        principal: &str,
    ) -> Result<CertificateId, ControlError> {
        let prefix = self.parts.account.iot_arn("cert/");
        if let Some(id) = principal.strip_prefix(prefix.as_str()) {
            return certificate_id("principal", id);
        }
        if is_cognito_identity(principal) {
            return Err(ControlError::Invalid(format!(
                "`{principal}` is a Cognito identity; only certificates can be attached to things"
            )));
        }
        Err(ControlError::Invalid(format!(
            "value `{}` at `principal` is not a certificate's ARN: it must begin with `{prefix}`",
            shown(principal)
        )))
    }
}

/// `REGION:UUID`.
fn is_cognito_identity(text: &str) -> bool {
    let is_region = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split_once(':').is_some_and(|(region, id)| {
        !region.is_empty() && region.chars().all(is_region) && uuid::Uuid::try_parse(id).is_ok()
    })
}

#[cfg(test)]
mod tests;
