//! A device with its identity and rights, in one step.

use async_trait::async_trait;
use picket_core::PolicyName;

use super::{Certificate, Result, Thing};

/// A device with its identity and rights; see [`Devices::enroll`].
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// The thing.
    pub thing: &'a Thing,
    /// Its certificate.
    pub certificate: &'a Certificate,
    /// The policy its certificate gets.
    pub policy: &'a PolicyName,
    /// The group it joins.
    pub group: &'a str,
}

/// Storage of whole devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Adds a thing and a certificate and ties them to each other, to the policy and to the group: all
    /// or nothing, as one change. `AlreadyExists` if the thing or the certificate is there,
    /// `NotFound` if the policy or the group is not.
    async fn enroll(&self, device: &NewDevice<'_>) -> Result<()>;
}
