//! Transfers of certificates to other accounts. There is one account here, so there is nobody to
//! transfer to: each operation says so.

use picket_core::CertificateId;

use super::certificate_id;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `TransferCertificate`, `AcceptCertificateTransfer`, `RejectCertificateTransfer` and
    /// `CancelCertificateTransfer`: `InvalidRequest`, or `NotFound` for a certificate that is not there.
    pub async fn refuse_transfer(&self, id: &str) -> ControlError {
        let known: Result<CertificateId, ControlError> = certificate_id("certificateId", id);
        let known = match known {
            Ok(id) => self.certificate(&id).await,
            Err(error) => return error,
        };
        match known {
            Ok(certificate) => ControlError::Invalid(format!(
                "certificate {} cannot be transferred: this installation has one account, {}",
                certificate.id, self.parts.account.id
            )),
            Err(error) => error,
        }
    }
}
