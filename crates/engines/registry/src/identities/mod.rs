//! Roles, policies and identity pools (spec iot-core §6). Audits read them, and the policies of a role
//! decide what its sessions may do.

mod aws_owned;
mod identity_pools;
mod last_accessed;
mod managed_policies;
mod names;
mod policy_document;
mod role_policies;
mod roles;

pub(crate) use aws_owned::document as aws_owned_document;
pub use identity_pools::{IdentityPool, NewIdentityPool, PoolRoles};
pub use last_accessed::LastAccessed;
pub(crate) use managed_policies::read_managed_policy;
pub use managed_policies::{ManagedPolicy, NewManagedPolicy};
pub use names::RoleArn;
pub(crate) use roles::read_role;
pub use roles::{NewRole, Role};

#[cfg(test)]
mod tests;
