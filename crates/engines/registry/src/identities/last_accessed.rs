//! The access advisor: which services an identity has used.
//!
//! What the sessions of a role are used for is asked of its policies and not written down. The job therefore
//! ends with an error that says so, and never with a list of "unused" services, which would be a guess.

use uuid::Uuid;

use super::names::RoleArn;
use crate::checked::shown;
use crate::{ControlError, ControlPlane};

/// The namespace of job ids.
const JOBS: Uuid = Uuid::from_u128(0x6f1d_5a0e_8c1b_4f6a_9d57_2f0b_7a7c_31e4);

/// A job of the access advisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAccessed {
    /// Its id.
    pub job_id: String,
    /// The identity it is about.
    pub arn: String,
    /// Why there is no data.
    pub unknown_because: &'static str,
}

const UNKNOWN: &str = "this server does not write down what the sessions of a role use, so which services they use is unknown";

fn job_of(arn: &str) -> LastAccessed {
    let job_id = Uuid::new_v5(&JOBS, arn.as_bytes()).to_string();
    LastAccessed { job_id, arn: arn.to_owned(), unknown_because: UNKNOWN }
}

impl ControlPlane {
    /// `GenerateServiceLastAccessedDetails` for a role or a managed policy. Its job ids need not be kept: they
    /// follow from the ARN.
    pub async fn generate_last_accessed(&self, arn: &str) -> Result<LastAccessed, ControlError> {
        let is_there = match RoleArn::parse(arn) {
            Some(role) => self.role_if_known(&role).await?.is_some(),
            None => match self.managed_policy(arn).await {
                Ok(_) => true,
                Err(ControlError::NotFound { .. } | ControlError::Invalid(_)) => false,
                Err(error) => return Err(error),
            },
        };
        if is_there {
            Ok(job_of(arn))
        } else {
            Err(ControlError::not_found("identity", shown(arn)))
        }
    }

    /// `GetServiceLastAccessedDetails`.
    pub async fn last_accessed(&self, job_id: &str) -> Result<LastAccessed, ControlError> {
        let roles = self.roles().await?;
        let roles = roles.iter().map(|role| self.role_arn(&role.path, &role.name));
        let policies = self.managed_policies(true, true).await?;
        let mut jobs = roles.chain(policies.into_iter().map(|it| it.arn)).map(|arn| job_of(&arn));
        jobs.find(|job| job.job_id == job_id)
            .ok_or_else(|| ControlError::not_found("job", shown(job_id)))
    }
}
