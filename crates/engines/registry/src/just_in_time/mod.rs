//! Certificates that introduce themselves (spec iot-core §2.6): a device connects with a certificate
//! that nobody has registered, but that a welcomed authority has signed.
//!
//! Without a template the certificate is registered as PENDING_ACTIVATION and an event asks somebody to
//! decide. With one, the template's thing and policies are made and the certificate becomes ACTIVE.
//! Either way this connection is refused and the device tries again.

mod announce;
mod made;
mod provisioning;
mod template;
mod trail;

use std::net::IpAddr;

use async_trait::async_trait;
use picket_core::{CertificateId, Classified as _};
use picket_pki::{Registrable, id_of_der, signed_part_digest};
use picket_ports::registry::{Certificate, CertificateStatus};
use picket_ports::{JustInTime, JustInTimeError, RegistryError};

use crate::authorities::RegisteredAuthority;
use crate::{ControlError, ControlPlane};

pub(crate) use template::Template;
pub(crate) use template::parse as parse_template;

#[async_trait]
impl JustInTime for ControlPlane {
    async fn present(
        &self,
        der: &[u8],
        from: IpAddr,
    ) -> Result<(CertificateId, CertificateStatus), JustInTimeError> {
        let id = id_of_der(der);
        // The same device may try again before its first try has come to an end, and not every time with
        // the same bytes.
        let content = signed_part_digest(der).unwrap_or_else(|_| id.to_string());
        let held = self.presenting.hold(&[&format!("certificate/{content}")]).await;
        let registered = match self.parts.registry.certificate(&id).await {
            Ok(certificate) => Some(certificate),
            Err(RegistryError::NotFound { .. }) => None,
            Err(error) => return Err(JustInTimeError::Failed(error.to_string())),
        };
        if let Some(certificate) = &registered
            && certificate.status != CertificateStatus::PendingActivation
        {
            return Ok((id, certificate.status));
        }
        let newcomer = self.newcomer(der, registered, from).await?;
        let certificate = self.welcome(&newcomer).await.map_err(refusal)?;
        drop(held);
        self.in_force().await;
        Ok((certificate.id, certificate.status))
    }
}

/// A certificate that may introduce itself.
struct Newcomer {
    read: Registrable,
    /// As it is registered, if it introduced itself before.
    registered: Option<Certificate>,
    /// The authority that has signed it.
    authority: RegisteredAuthority,
    /// Where the device is.
    from: IpAddr,
}

fn refusal(error: ControlError) -> JustInTimeError {
    if error.code().is_server_fault() {
        JustInTimeError::Failed(error.to_string())
    } else {
        JustInTimeError::Template(error.to_string())
    }
}

impl ControlPlane {
    /// Reads a certificate and finds the welcomed authority that has signed it.
    async fn newcomer(
        &self,
        der: &[u8],
        registered: Option<Certificate>,
        from: IpAddr,
    ) -> Result<Newcomer, JustInTimeError> {
        let unwelcome = |problem: String| JustInTimeError::NotWelcome(problem);
        let read =
            Registrable::read_der(der.to_vec()).map_err(|error| unwelcome(error.to_string()))?;
        let now = self.parts.clock.now();
        if !read.facts.is_valid_at(now) {
            let (from, to) = (read.facts.not_before, read.facts.not_after);
            return Err(unwelcome(format!("the certificate is valid from {from} to {to} only")));
        }
        let named = self.authorities_named(&read.facts.issuer).await;
        let named = named.map_err(|error| JustInTimeError::Failed(error.to_string()))?;
        let mut signers: Vec<_> =
            named.into_iter().filter(|it| it.signer.check(&read.der).is_ok()).collect();
        // An authority that was renewed has two certificates of one key. The one that welcomes decides.
        let is_open =
            |it: &RegisteredAuthority| it.record.is_welcoming() && it.signer.is_valid_at(now);
        signers.sort_by_key(|it| !is_open(it));
        let Some(authority) = signers.into_iter().next() else {
            return Err(unwelcome("no registered CA certificate has signed it".to_owned()));
        };
        let id = authority.id();
        if !authority.record.is_welcoming() {
            let problem = format!("CA certificate {id} is not ACTIVE with automatic registration");
            return Err(unwelcome(problem));
        }
        if !authority.signer.is_valid_at(now) {
            return Err(unwelcome(format!("CA certificate {id} is not valid at this time")));
        }
        let twin = self.registered_twin(&read, &authority.signer).await;
        if let Some(twin) = twin.map_err(|error| JustInTimeError::Failed(error.to_string()))? {
            return Err(unwelcome(format!(
                "it is certificate {twin}, which is registered, with its signature written otherwise"
            )));
        }
        Ok(Newcomer { read, registered, authority, from })
    }

    async fn welcome(&self, newcomer: &Newcomer) -> Result<Certificate, ControlError> {
        let config = newcomer.authority.record.registration_config.as_ref();
        let template = config.map(|config| config.template()).transpose()?.flatten();
        if let Some(template) = template {
            return self.provision(newcomer, &template).await;
        }
        let certificate = match &newcomer.registered {
            Some(registered) => registered.clone(),
            None => {
                let pending = self.register_pending(newcomer).await?;
                self.record_registration(newcomer, &pending.id).await;
                pending
            }
        };
        self.announce_newcomer(&certificate, newcomer.authority.id()).await;
        Ok(certificate)
    }

    /// Registers a newcomer as PENDING_ACTIVATION, which gives it no rights.
    async fn register_pending(&self, newcomer: &Newcomer) -> Result<Certificate, ControlError> {
        let authority = &newcomer.authority;
        let origin = (Some(authority.id().clone()), authority.record.mode);
        let status = CertificateStatus::PendingActivation;
        let certificate = self.new_certificate(&newcomer.read, status, origin);
        self.parts.registry.create_certificate(&certificate).await?;
        Ok(certificate)
    }
}

#[cfg(test)]
mod tests;
