//! `RegisterCACertificate`.

use picket_pki::{NotSigned, Registrable, Signer};
use picket_ports::RegistryError;
use picket_ports::registry::{CertificateMode, DocumentKind};
use subtle::ConstantTimeEq as _;

use super::{AuthorityRecord, AuthorityStatus, KIND, RegisteredAuthority, RegistrationConfig};
use crate::certificates::readable;
use crate::{ControlError, ControlPlane};

/// Registrations are one after the other: how many authorities share a subject is a fact of all.
const LOCK: &str = "authorities";

/// An authority to be registered.
#[derive(Debug, Clone, Default)]
pub struct NewAuthority<'a> {
    /// Its certificate, PEM.
    pub certificate_pem: &'a str,
    /// A certificate it has signed for the registration code, PEM. Needed in mode DEFAULT, must not be
    /// there in mode SNI_ONLY.
    pub verification_pem: Option<&'a str>,
    /// DEFAULT when absent.
    pub mode: Option<CertificateMode>,
    /// ACTIVE rather than INACTIVE.
    pub is_active: bool,
    /// Whether certificates it has signed register themselves.
    pub auto_registration: bool,
    /// What becomes of those.
    pub registration_config: Option<RegistrationConfig>,
    /// Its first tags.
    pub tags: &'a [(String, String)],
}

impl ControlPlane {
    /// `RegisterCACertificate`.
    pub async fn register_ca_certificate(
        &self,
        new: NewAuthority<'_>,
    ) -> Result<RegisteredAuthority, ControlError> {
        self.check_first_tags(new.tags)?;
        if let Some(config) = &new.registration_config {
            config.check()?;
        }
        let read = readable(new.certificate_pem)?;
        let signer = self.acceptable_authority(&read)?;
        let mode = new.mode.unwrap_or(CertificateMode::Default);
        self.check_possession(&signer, mode, new.verification_pem).await?;
        let held = self.locks.hold(&[LOCK]).await;
        self.check_has_room(&signer).await?;
        let status =
            if new.is_active { AuthorityStatus::Active } else { AuthorityStatus::Inactive };
        let record = AuthorityRecord {
            auto_registration: new.auto_registration,
            registration_config: new.registration_config,
            ..AuthorityRecord::new(read.pem(), status, mode)
        };
        self.set_first_tags(&self.authority_arn(signer.id()), new.tags).await?;
        let registered = self.store_authority(&signer, record).await?;
        drop(held);
        self.in_force().await;
        Ok(registered)
    }

    fn acceptable_authority(&self, read: &Registrable) -> Result<Signer, ControlError> {
        let signer = Signer::new(read)
            .map_err(|error| ControlError::CertificateValidation(error.to_string()))?;
        // Whoever may have certificates made could prove "possession" of it, and what was made and then
        // deleted would come back by itself.
        if *signer.id() == self.parts.authority.facts().id {
            return Err(ControlError::CertificateValidation(
                "the CA certificate is this installation's own, which cannot be registered"
                    .to_owned(),
            ));
        }
        if !signer.is_valid_at(self.parts.clock.now()) {
            return Err(ControlError::CertificateValidation(format!(
                "the CA certificate is valid from {} to {} only",
                read.facts.not_before, read.facts.not_after
            )));
        }
        Ok(signer)
    }

    /// Whoever registers an authority in mode DEFAULT shows that they have its key.
    async fn check_possession(
        &self,
        signer: &Signer,
        mode: CertificateMode,
        verification_pem: Option<&str>,
    ) -> Result<(), ControlError> {
        let verification = match (mode, verification_pem) {
            (CertificateMode::Default, Some(pem)) => readable(pem)?,
            (CertificateMode::SniOnly, None) => return Ok(()),
            (CertificateMode::Default, None) => {
                return Err(ControlError::invalid(
                    "`verificationCertificate` is required in certificate mode DEFAULT",
                ));
            }
            (CertificateMode::SniOnly, Some(_)) => {
                return Err(ControlError::invalid(
                    "`verificationCertificate` must not be given in certificate mode SNI_ONLY",
                ));
            }
        };
        signer.check(&verification.der).map_err(|error| not_verified(&error))?;
        let code = self.stored_code().await?.unwrap_or_default();
        let named = verification.facts.common_name.unwrap_or_default();
        let is_named = !code.is_empty() && bool::from(code.as_bytes().ct_eq(named.as_bytes()));
        if is_named {
            return Ok(());
        }
        Err(ControlError::RegistrationCodeValidation(
            "the common name of the verification certificate is not the registration code of this \
             account; ask GetRegistrationCode for it"
                .to_owned(),
        ))
    }

    async fn check_has_room(&self, signer: &Signer) -> Result<(), ControlError> {
        let named = self.authorities_named(signer.subject()).await?;
        if named.iter().any(|authority| authority.id() == signer.id()) {
            return Err(self.authority_is_there(signer));
        }
        let count_max = self.parts.limits.authorities_per_subject_max;
        if named.len() >= count_max {
            return Err(ControlError::LimitExceeded(format!(
                "{} CA certificates with this subject are registered; at most {count_max} can be",
                named.len()
            )));
        }
        Ok(())
    }

    async fn store_authority(
        &self,
        signer: &Signer,
        record: AuthorityRecord,
    ) -> Result<RegisteredAuthority, ControlError> {
        let body = record.to_body()?;
        let (kind, name) = (DocumentKind::Authority, signer.id().as_str());
        let now = self.parts.clock.now();
        match self.parts.registry.create_document(kind, name, &body, now).await {
            Ok(document) => Ok(RegisteredAuthority::from_document(&document)?),
            Err(RegistryError::AlreadyExists { .. }) => Err(self.authority_is_there(signer)),
            Err(other) => Err(other.into()),
        }
    }

    fn authority_is_there(&self, signer: &Signer) -> ControlError {
        let id = signer.id();
        ControlError::AlreadyExists {
            kind: KIND,
            name: id.to_string(),
            id: id.to_string(),
            arn: self.authority_arn(id),
        }
    }
}

fn not_verified(error: &NotSigned) -> ControlError {
    ControlError::CertificateValidation(format!(
        "the verification certificate is not signed by the CA certificate: {error}"
    ))
}
