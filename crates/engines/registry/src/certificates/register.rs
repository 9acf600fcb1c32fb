//! `RegisterCertificate` and `RegisterCertificateWithoutCA`.

use picket_core::CertificateId;
use picket_pki::{Registrable, Signer, id_of_der};
use picket_ports::RegistryError;
use picket_ports::registry::{Certificate, CertificateMode, CertificateStatus};

use super::settable_status;
use crate::authorities::{AuthorityStatus, RegisteredAuthority};
use crate::{ControlError, ControlPlane};

/// A certificate to be registered.
#[derive(Debug, Clone, Copy, Default)]
pub struct CertificateRegistration<'a> {
    /// The certificate, PEM.
    pub certificate_pem: &'a str,
    /// Its authority's certificate, PEM; needed when several have that name.
    pub ca_pem: Option<&'a str>,
    /// AWS's older way to ask for ACTIVE.
    pub set_as_active: Option<bool>,
    /// The status it gets; INACTIVE when neither is given.
    pub status: Option<&'a str>,
}

impl CertificateRegistration<'_> {
    fn first_status(&self) -> Result<CertificateStatus, ControlError> {
        let status = self.status.map(|text| settable_status("status", text)).transpose()?;
        match (status, self.set_as_active) {
            (Some(CertificateStatus::Active) | None, Some(true)) => Ok(CertificateStatus::Active),
            (Some(status), Some(true)) => Err(ControlError::Invalid(format!(
                "`setAsActive` and the status {} contradict each other",
                status.as_str()
            ))),
            (status, Some(false) | None) => Ok(status.unwrap_or(CertificateStatus::Inactive)),
        }
    }
}

impl ControlPlane {
    /// `RegisterCertificate`: a certificate that a registered, active authority has signed.
    pub async fn register_certificate(
        &self,
        registration: &CertificateRegistration<'_>,
    ) -> Result<Certificate, ControlError> {
        let status = registration.first_status()?;
        let read = readable(registration.certificate_pem)?;
        self.check_is_new(&read).await?;
        let named = match registration.ca_pem {
            Some(pem) => vec![self.named_authority(pem).await?],
            None => self.authorities_named(&read.facts.issuer).await?,
        };
        let signer = signer_of(&read, named)?;
        if signer.record.status != AuthorityStatus::Active {
            return Err(ControlError::CertificateState(format!(
                "the certificate authority {} that signed the certificate is not ACTIVE",
                signer.id()
            )));
        }
        if let Some(twin) = self.registered_twin(&read, &signer.signer).await? {
            return Err(self.certificate_is_there(&twin));
        }
        let origin = (Some(signer.id().clone()), signer.record.mode);
        let certificate = self.new_certificate(&read, status, origin);
        self.store_certificate(&certificate).await?;
        self.in_force().await;
        Ok(certificate)
    }

    /// `RegisterCertificateWithoutCA`: any certificate at all, known by itself.
    pub async fn register_certificate_without_ca(
        &self,
        registration: &CertificateRegistration<'_>,
    ) -> Result<Certificate, ControlError> {
        let status = registration.first_status()?;
        let read = readable(registration.certificate_pem)?;
        let origin = (None, CertificateMode::SniOnly);
        let certificate = self.new_certificate(&read, status, origin);
        self.store_certificate(&certificate).await?;
        self.in_force().await;
        Ok(certificate)
    }

    /// A certificate that is registered is told so, whatever else may be wrong with the request.
    async fn check_is_new(&self, read: &Registrable) -> Result<(), ControlError> {
        match self.parts.registry.certificate(&read.facts.id).await {
            Ok(_) => Err(self.certificate_is_there(&read.facts.id)),
            Err(RegistryError::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// The certificate that is registered and is this one, of `signer`, with its signature written
    /// otherwise: whoever has the one can make the other.
    pub(crate) async fn registered_twin(
        &self,
        read: &Registrable,
        signer: &Signer,
    ) -> Result<Option<CertificateId>, ControlError> {
        let Some(twin) = signer.twin_of(&read.der) else { return Ok(None) };
        let twin = id_of_der(&twin);
        match self.parts.registry.certificate(&twin).await {
            Ok(_) => Ok(Some(twin)),
            Err(RegistryError::NotFound { .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    async fn named_authority(&self, pem: &str) -> Result<RegisteredAuthority, ControlError> {
        let ca = readable(pem)?;
        match self.authority(&ca.facts.id).await {
            Err(ControlError::NotFound { .. }) => Err(ControlError::CertificateValidation(
                format!("the certificate authority {} is not registered", ca.facts.id),
            )),
            found => found,
        }
    }
}

/// A text from outside as a certificate that may be registered.
pub(crate) fn readable(pem: &str) -> Result<Registrable, ControlError> {
    Registrable::read(pem).map_err(|error| ControlError::CertificateValidation(error.to_string()))
}

fn signer_of(
    read: &Registrable,
    mut named: Vec<RegisteredAuthority>,
) -> Result<RegisteredAuthority, ControlError> {
    if named.len() > 1 {
        return Err(ControlError::CertificateConflict(format!(
            "{} registered certificate authorities have the name of the certificate's issuer; send \
             the one that signed it as `caCertificatePem`",
            named.len()
        )));
    }
    let Some(signer) = named.pop() else {
        return Err(ControlError::CertificateValidation(
            "the certificate is not signed by a registered certificate authority".to_owned(),
        ));
    };
    signer
        .signer
        .check(&read.der)
        .map_err(|error| ControlError::CertificateValidation(error.to_string()))?;
    Ok(signer)
}
