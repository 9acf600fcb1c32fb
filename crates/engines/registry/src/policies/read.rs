//! `GetPolicy` and `ListPolicies`.

use picket_ports::registry::{Order, Page, Policy, Rows};

use super::policy_name;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `GetPolicy`.
    pub async fn get_policy(&self, name: &str) -> Result<Policy, ControlError> {
        self.policy(&policy_name(name)?).await
    }

    /// `ListPolicies`, by time of creation.
    pub async fn list_policies(
        &self,
        order: Order,
        page: &Page,
    ) -> Result<Rows<Policy>, ControlError> {
        Ok(self.parts.registry.policies(order, page).await?)
    }
}
