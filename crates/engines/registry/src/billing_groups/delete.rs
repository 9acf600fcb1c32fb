//! `DeleteBillingGroup`.

use futures::future::try_join_all;
use picket_ports::registry::{DocumentKind, Page, Thing};

use super::BillingGroup;
use super::create::lock_name;
use super::members::members;
use crate::checked::ENTRY_NAME;
use crate::things::check_version;
use crate::{ATTEMPTS_MAX, ControlError, ControlPlane};

/// How many things are released at once.
const RELEASED_AT_ONCE: u32 = 250;

impl ControlPlane {
    /// `DeleteBillingGroup`. Its things are released; a group that is not there counts as deleted.
    ///
    /// The group goes last: if this ends half way, it can be deleted again.
    pub async fn delete_billing_group(
        &self,
        name: &str,
        expected_version: Option<u64>,
    ) -> Result<(), ControlError> {
        ENTRY_NAME.check("billingGroupName", name)?;
        let _held = self.locks.hold(&[&lock_name(name)]).await;
        if self.billing_group_at(name, expected_version).await?.is_none() {
            return Ok(());
        }
        for _ in 0..ATTEMPTS_MAX {
            self.release_all(name).await?;
            if self.delete_if_empty(name).await? {
                return Ok(());
            }
        }
        Err(ControlError::Unavailable(format!(
            "things are added to billing group {name} faster than they are released"
        )))
    }

    async fn billing_group_at(
        &self,
        name: &str,
        expected_version: Option<u64>,
    ) -> Result<Option<BillingGroup>, ControlError> {
        match self.describe_billing_group(name).await {
            Ok(group) => {
                check_version("billing group", name, expected_version, group.version)?;
                Ok(Some(group))
            }
            Err(ControlError::NotFound { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn release_all(&self, name: &str) -> Result<(), ControlError> {
        loop {
            let page = Page::first(RELEASED_AT_ONCE);
            let things = self.parts.registry.things(&members(name), &page).await?.rows;
            if things.is_empty() {
                return Ok(());
            }
            try_join_all(things.iter().map(|thing| self.release_if_there(thing, name))).await?;
        }
    }

    async fn release_if_there(&self, thing: &Thing, name: &str) -> Result<(), ControlError> {
        match self.release(&thing.name, name).await {
            Err(ControlError::NotFound { .. }) => Ok(()),
            other => other,
        }
    }

    /// Deletes the group unless a thing has joined it in between.
    async fn delete_if_empty(&self, name: &str) -> Result<bool, ControlError> {
        let registry = &self.parts.registry;
        let _alone = self.references.alone().await;
        if !registry.things(&members(name), &Page::first(1)).await?.rows.is_empty() {
            return Ok(false);
        }
        self.remove_document(DocumentKind::BillingGroup, name).await?;
        registry.untag_all(&self.billing_group_arn(name)).await?;
        Ok(true)
    }
}
