//! Quotas of the registry, AWS's unless told otherwise (spec iot-core §2).

use serde::{Deserialize, Serialize};

/// `[registry]` of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistryLimits {
    /// Most attributes of a thing without a type. Default 3.
    pub thing_attributes_max: usize,
    /// Most attributes of a thing with a type. Default 50.
    pub typed_thing_attributes_max: usize,
    /// Most attributes of a group. Default 50.
    pub group_attributes_max: usize,
    /// Most groups a thing may be in directly. Default 10.
    pub groups_per_thing_max: usize,
    /// Most levels of a group hierarchy. Default 7.
    pub group_depth_max: usize,
    /// Most direct children of a group. Default 100.
    pub group_children_max: usize,
    /// Most searchable attributes of a thing type. Default 3.
    pub searchable_attributes_max: usize,
    /// Most propagating attributes of a thing type. Default 20.
    pub propagating_attributes_max: usize,
    /// Most versions of a policy. Default 5.
    pub policy_versions_max: usize,
    /// Most policies on a certificate or identity. Default 10.
    pub policies_per_certificate_max: usize,
    /// Most policies on a group. Default 2.
    pub policies_per_group_max: usize,
    /// Most registered authorities with one subject. Default 10.
    pub authorities_per_subject_max: usize,
    /// Most role aliases. Default 100.
    pub role_aliases_max: usize,
    /// Most custom metrics. Default 100.
    pub custom_metrics_max: usize,
    /// Most dimensions. Default 10.
    pub dimensions_max: usize,
    /// Most security profiles on one target. Default 5.
    pub profiles_per_target_max: usize,
    /// Most targets of one security profile. Default 10,000; AWS names no number.
    pub targets_per_profile_max: usize,
    /// Most elements (ports, address blocks, numbers, texts) of all thresholds of a security profile.
    /// Default 1,000.
    pub elements_per_profile_max: usize,
    /// Most tags on a resource. Default 50.
    pub tags_max: usize,
    /// Minutes a thing type must have been deprecated before it can be deleted. Default 5.
    pub thing_type_deletion_minutes: u64,
    /// Whether a certificate that was REVOKED stays so for good. Default true.
    pub revoked_is_final: bool,
}

impl Default for RegistryLimits {
    fn default() -> Self {
        Self {
            thing_attributes_max: 3,
            typed_thing_attributes_max: 50,
            group_attributes_max: 50,
            groups_per_thing_max: 10,
            group_depth_max: 7,
            group_children_max: 100,
            searchable_attributes_max: 3,
            propagating_attributes_max: 20,
            policy_versions_max: 5,
            policies_per_certificate_max: 10,
            policies_per_group_max: 2,
            authorities_per_subject_max: 10,
            role_aliases_max: 100,
            custom_metrics_max: 100,
            dimensions_max: 10,
            profiles_per_target_max: 5,
            targets_per_profile_max: 10_000,
            elements_per_profile_max: 1000,
            tags_max: 50,
            thing_type_deletion_minutes: 5,
            revoked_is_final: true,
        }
    }
}
