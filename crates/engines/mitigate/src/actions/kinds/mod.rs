//! The types of actions, one file each.

mod add_things_to_thing_group;
mod enable_iot_logging;
mod publish_finding_to_sns;
mod replace_default_policy_version;
mod update_ca_certificate;
mod update_device_certificate;

use picket_ports::Remedy;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::MitigationError;
use crate::audit_checks::Helps;

/// Every type, in AWS's order.
pub(crate) const ALL: &[&ActionKind] = &[
    &update_device_certificate::KIND,
    &update_ca_certificate::KIND,
    &add_things_to_thing_group::KIND,
    &replace_default_policy_version::KIND,
    &enable_iot_logging::KIND,
    &publish_finding_to_sns::KIND,
];

/// A type of action.
#[derive(Debug)]
pub(crate) struct ActionKind {
    /// AWS's `actionType`.
    pub(crate) action_type: &'static str,
    /// Its member of `actionParams`.
    pub(crate) member: &'static str,
    /// Whose findings it is for.
    pub(crate) helps: Helps,
    /// Reads its parameters, refusing what AWS refuses.
    pub(crate) read: fn(&Value) -> Result<Effect, MitigationError>,
}

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Changes the registry.
    Remedy(Remedy),
    /// Publishes the violation or the finding on this topic.
    Publish(String),
}

/// The members of an action's parameters.
fn members<T: DeserializeOwned>(member: &str, params: &Value) -> Result<T, MitigationError> {
    T::deserialize(params)
        .map_err(|error| MitigationError::Invalid(format!("`actionParams.{member}`: {error}")))
}
