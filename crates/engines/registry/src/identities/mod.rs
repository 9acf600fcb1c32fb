//! Roles, policies and identity pools as data that audits read (spec iot-core §6). Nothing here gives
//! anybody rights: who may do what on this server is decided by users' roles and by IoT policies.

mod aws_owned;
mod identity_pools;
mod last_accessed;
mod managed_policies;
mod names;
mod policy_document;
mod role_policies;
mod roles;

pub use identity_pools::{IdentityPool, NewIdentityPool, PoolRoles};
pub use last_accessed::LastAccessed;
pub use managed_policies::{ManagedPolicy, NewManagedPolicy};
pub use names::RoleArn;
pub use roles::{NewRole, Role};

#[cfg(test)]
mod tests;
