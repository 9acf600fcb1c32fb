//! The registry engine: the rules of AWS's registry operations, the in-memory view that the front door
//! reads on every connection, and the enrollment of devices with certificates of our own CA.
//!
//! The stored registry is the truth. [`ControlPlane`] changes it by AWS's rules; [`LiveDirectory`] is a
//! view of it that follows its feed of changes, so a change is in force at the door within
//! milliseconds.

mod access_keys;
mod attributes;
mod authorities;
mod billing_groups;
mod certificates;
mod checked;
mod control;
mod control_error;
mod custom_metrics;
mod dimensions;
mod enroll;
mod first_tags;
mod groups;
mod identities;
mod just_in_time;
mod limits;
mod live;
mod locks;
mod paging;
mod pki_files;
mod policies;
mod principals;
mod references;
mod registry_events;
mod remedies;
mod rights;
mod security_profiles;
mod settings;
mod tags;
mod thing_types;
mod things;
mod typed_documents;
mod view;

#[cfg(test)]
mod rules_hold;
#[cfg(test)]
mod test_pki;
#[cfg(test)]
mod test_plane;

pub use access_keys::{
    ACCESS_KEYS_PER_USER_MAX, AccessKey, AccessKeyBook, AccessKeyError, AccessKeyStatus,
    NewAccessKey, access_keys, create_access_key, delete_access_key, delete_access_keys_of,
    ensure_access_key, new_access_key_id, new_secret_access_key, set_access_key_status,
};
pub use attributes::AttributeChange;
pub use authorities::{
    AuthorityChange, AuthorityRecord, AuthorityRecordError, AuthorityStatus, NewAuthority,
    RegisteredAuthority, RegistrationConfig, WelcomedAuthorities,
};
pub use billing_groups::BillingGroup;
pub use certificates::{CertificateRegistration, NewKeys, generation_id};
pub(crate) use control::ATTEMPTS_MAX;
pub use control::{ControlParts, ControlPlane};
pub use control_error::ControlError;
pub use custom_metrics::{CustomMetric, NewCustomMetric};
pub use dimensions::{Dimension, NewDimension};
pub use enroll::{Enroller, EnrollmentDefaults};
pub use groups::{GroupChange, GroupListing, GroupMoves, NewGroup, PlacedGroup};
pub use identities::{
    IdentityPool, LastAccessed, ManagedPolicy, NewIdentityPool, NewManagedPolicy, NewRole,
    PoolRoles, Role, RoleArn,
};
pub use limits::RegistryLimits;
pub use live::LiveDirectory;
pub use pki_files::{PkiFiles, PkiFilesError, local_names};
pub use policies::{
    AuthInfo, AuthResult, AuthorizationTest, EffectivePolicy, ExplainRequest, ExplainedPolicy,
    ExplainedRights, policy_generation_id,
};
pub use principals::AttachmentKind;
pub use references::NameOrArn;
pub use registry_events::{EVENT_CONFIGURATIONS, EventKind};
pub use remedies::BLANK_POLICY;
pub use rights::{Caller, RightsBook, UnreadablePolicy, certificate_facts};
pub use security_profiles::{
    ClearedMember, ProfileChange, ProfileContent, ProfileFilter, ProfileMapping, SecurityProfile,
};
pub use settings::{
    EVENT_CONFIGURATION_KINDS, EventConfigurations, EventLogging, IotLogs, LogLevel, LogTarget,
    LogTargetKind, LoggingChange, LoggingLevel, LoggingOptions, LoggingOptionsV1, RoleAlias,
    RoleAliasChange,
};
pub use thing_types::{
    PropagatedFrom, PropagatingAttribute, ThingType, ThingTypeChange, ThingTypeProperties,
};
pub use things::{NewThing, ThingChange, TypeChange};
