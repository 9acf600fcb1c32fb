//! `ListSecurityProfiles`, `ListTargetsForSecurityProfile` and `ListSecurityProfilesForTarget`.

use std::collections::BTreeSet;

use picket_ports::registry::{GroupFilter, Page, Rows};
use picket_profile::{Target, metrics};

use super::KIND;
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

/// Groups that are read at once.
const GROUPS_AT_ONCE: u32 = 1000;

/// Which profiles to list; at most one member may be set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// Those that use this dimension.
    pub dimension: Option<String>,
    /// Those that use this metric.
    pub metric: Option<String>,
}

/// A profile and one of its targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileMapping {
    /// The profile's name.
    pub profile: String,
    /// The target's ARN.
    pub target_arn: String,
}

impl ControlPlane {
    /// `ListSecurityProfiles`: names, in their order. A dimension or metric that is not there is refused.
    pub async fn list_security_profiles(
        &self,
        filter: &ProfileFilter,
        page: &Page,
    ) -> Result<Rows<String>, ControlError> {
        let ProfileFilter { dimension, metric } = filter;
        if dimension.is_some() && metric.is_some() {
            return Err(ControlError::invalid(
                "`dimensionName` and `metricName` exclude each other; give one of them",
            ));
        }
        if dimension.is_none() && metric.is_none() {
            let Rows { rows, next } = self.parts.registry.documents_page(KIND, page).await?;
            return Ok(Rows { rows: rows.into_iter().map(|it| it.name).collect(), next });
        }
        let mut profiles = self.security_profiles().await?;
        if let Some(dimension) = dimension {
            self.dimension(dimension).await?;
            profiles.retain(|profile| profile.content.uses_dimension(dimension));
        }
        if let Some(metric) = metric {
            if metrics::index_of(metric).is_none() {
                self.custom_metric(metric).await?;
            }
            profiles.retain(|profile| profile.content.uses_metric(metric));
        }
        Ok(page_of(profiles.into_iter().map(|it| it.name).collect(), page, String::as_str))
    }

    /// `ListTargetsForSecurityProfile`: ARNs, in their order.
    pub async fn targets_of_security_profile(
        &self,
        name: &str,
        page: &Page,
    ) -> Result<Rows<String>, ControlError> {
        let mut targets = self.security_profile(name).await?.targets;
        targets.sort_unstable();
        Ok(page_of(targets, page, String::as_str))
    }

    /// `ListSecurityProfilesForTarget`: by profile, then target. With `is_recursive`, also what is
    /// attached to the groups within the group.
    pub async fn security_profiles_for_target(
        &self,
        target_arn: &str,
        is_recursive: bool,
        page: &Page,
    ) -> Result<Rows<ProfileMapping>, ControlError> {
        let target = self.profile_target(target_arn)?;
        self.target_must_be_there(&target).await?;
        let mut wanted = BTreeSet::from([target_arn.to_owned()]);
        if let (Target::Group(group), true) = (&target, is_recursive) {
            wanted.extend(self.groups_within(group).await?);
        }
        let mut found: Vec<(String, ProfileMapping)> = Vec::new();
        for profile in self.security_profiles().await? {
            for target_arn in profile.targets.into_iter().filter(|arn| wanted.contains(arn)) {
                // A name holds no space, so that the texts are in the order of the pairs.
                let key = format!("{} {target_arn}", profile.name);
                found.push((key, ProfileMapping { profile: profile.name.clone(), target_arn }));
            }
        }
        found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let Rows { rows, next } = page_of(found, page, |(key, _)| key.as_str());
        Ok(Rows { rows: rows.into_iter().map(|(_, mapping)| mapping).collect(), next })
    }

    /// The ARNs of all groups that lie in a group.
    async fn groups_within(&self, group: &str) -> Result<Vec<String>, ControlError> {
        let filter = GroupFilter {
            parent: Some(group.to_owned()),
            is_recursive: true,
            ..GroupFilter::default()
        };
        let mut page = Page::first(GROUPS_AT_ONCE);
        let mut arns = Vec::new();
        loop {
            let Rows { rows, next } = self.parts.registry.groups(&filter, &page).await?;
            arns.extend(rows.iter().map(|group| self.thing_group_arn(&group.name)));
            match next {
                Some(after) => page.after = Some(after),
                None => return Ok(arns),
            }
        }
    }
}
