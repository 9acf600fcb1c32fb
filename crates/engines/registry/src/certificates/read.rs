//! `DescribeCertificate`, `ListCertificates` and `ListCertificatesByCA`.

use picket_ports::registry::{Certificate, Order, Page, Rows};

use super::certificate_id;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DescribeCertificate`.
    pub async fn describe_certificate(&self, id: &str) -> Result<Certificate, ControlError> {
        self.certificate(&certificate_id("certificateId", id)?).await
    }

    /// `ListCertificates`, by time of registration.
    pub async fn list_certificates(
        &self,
        order: Order,
        page: &Page,
    ) -> Result<Rows<Certificate>, ControlError> {
        Ok(self.parts.registry.certificates(None, order, page).await?)
    }

    /// `ListCertificatesByCA`. An authority that is not registered has none.
    pub async fn list_certificates_by_ca(
        &self,
        ca: &str,
        order: Order,
        page: &Page,
    ) -> Result<Rows<Certificate>, ControlError> {
        let ca = certificate_id("caCertificateId", ca)?;
        Ok(self.parts.registry.certificates(Some(&ca), order, page).await?)
    }
}
