//! Remedies: what mitigation changes in the registry, one file for each (spec device-defender §8.1).
//!
//! Each file says how things stand and how they shall stand; planning stops there, applying makes the
//! difference. What stands right already is left alone, so a remedy may be applied again at any time.

mod blank_policy;
mod deactivate_authority;
mod deactivate_certificate;
mod enable_logging;
mod join_groups;
mod subjects;

use async_trait::async_trait;
use picket_core::Classified as _;
use picket_ports::{PlannedChange, Remedies, Remedy, RemedyError, RemedySubject};

use crate::{ControlError, ControlPlane};

pub use blank_policy::BLANK_POLICY;

/// Whether a remedy is only looked at or carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plan,
    Apply,
}

#[async_trait]
impl Remedies for ControlPlane {
    async fn plan(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        self.remedy(remedy, subject, Mode::Plan).await
    }

    async fn apply(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        self.remedy(remedy, subject, Mode::Apply).await
    }
}

impl ControlPlane {
    async fn remedy(
        &self,
        remedy: &Remedy,
        subject: &RemedySubject,
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        match remedy {
            Remedy::DeactivateCertificate => self.deactivate_certificates(subject, mode).await,
            Remedy::DeactivateAuthority => self.deactivate_authorities(subject, mode).await,
            // There are no dynamic groups, so there is nothing to make room in.
            Remedy::JoinGroups { groups, override_dynamic_groups: _ } => {
                self.join_all_groups(groups, subject, mode).await
            }
            Remedy::BlankPolicy => self.blank_policies(subject, mode).await,
            Remedy::EnableLogging { role_arn, level } => {
                self.enable_logging(role_arn, level, mode).await
            }
        }
    }
}

/// Changes as far as they went. One that fails does not keep the others from being made; the first
/// failure is told.
#[derive(Debug, Default)]
struct Progress {
    changes: Vec<PlannedChange>,
    failure: Option<RemedyError>,
}

impl Progress {
    fn note(&mut self, outcome: Result<PlannedChange, RemedyError>) {
        match outcome {
            Ok(change) => self.changes.push(change),
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
    }

    fn ended(self) -> Result<Vec<PlannedChange>, RemedyError> {
        match self.failure {
            None => Ok(self.changes),
            Some(error) => Err(error),
        }
    }
}

/// An error of an operation as the failure of a remedy.
fn failure(error: ControlError) -> RemedyError {
    let code = match &error {
        ControlError::Invalid(_) => "InvalidRequestException",
        ControlError::NotFound { .. } => "ResourceNotFoundException",
        ControlError::AlreadyExists { .. } => "ResourceAlreadyExistsException",
        ControlError::VersionConflict { .. } => "VersionConflictException",
        ControlError::DeleteConflict(_) => "DeleteConflictException",
        ControlError::LimitExceeded(_) => "LimitExceededException",
        ControlError::VersionsLimitExceeded(_) => "VersionsLimitExceededException",
        ControlError::MalformedPolicy(_) => "MalformedPolicyException",
        ControlError::CertificateState(_) => "CertificateStateException",
        ControlError::CertificateValidation(_) => "CertificateValidationException",
        ControlError::CertificateConflict(_) => "CertificateConflictException",
        ControlError::RegistrationCodeValidation(_) => "RegistrationCodeValidationException",
        ControlError::RegistrationFailure(_) => "ResourceRegistrationFailureException",
        ControlError::NotConfigured(_) => "NotConfiguredException",
        ControlError::Internal(_) | ControlError::Unavailable(_) => {
            return RemedyError::Unavailable(error.to_string());
        }
    };
    RemedyError::Refused { code: code.to_owned(), message: error.public_message() }
}

fn storage(error: picket_ports::RegistryError) -> RemedyError {
    failure(error.into())
}

#[cfg(test)]
mod tests;
