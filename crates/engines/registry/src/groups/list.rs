//! `ListThingGroups`, `ListThingsInThingGroup` and `ListThingGroupsForThing`.

use picket_core::ThingName;
use picket_ports::registry::{GroupFilter, Page, Rows, ThingGroup};

use super::group_error;
use crate::checked::{self, ENTRY_NAME};
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

/// Which groups to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupListing {
    /// The beginning of the name.
    pub name_prefix: Option<String>,
    /// The group they lie in; it must be there.
    pub parent: Option<String>,
    /// With a parent: `Some(true)` for all its descendants, else its children. Without one:
    /// `Some(false)` for the uppermost groups, else all.
    pub is_recursive: Option<bool>,
}

impl ControlPlane {
    /// `ListThingGroups`, in name order.
    pub async fn list_thing_groups(
        &self,
        listing: &GroupListing,
        page: &Page,
    ) -> Result<Rows<ThingGroup>, ControlError> {
        let GroupListing { name_prefix, parent, is_recursive } = listing;
        name_prefix.iter().try_for_each(|it| ENTRY_NAME.check("namePrefixFilter", it))?;
        if let Some(parent) = parent {
            ENTRY_NAME.check("parentGroup", parent)?;
            self.group(parent).await?;
        }
        let filter = GroupFilter {
            name_prefix: name_prefix.clone(),
            parent: parent.clone(),
            is_recursive: is_recursive.unwrap_or(false),
        };
        if parent.is_none() && *is_recursive == Some(false) {
            return self.uppermost_groups(&filter, page).await;
        }
        Ok(self.parts.registry.groups(&filter, page).await?)
    }

    /// `ListThingsInThingGroup`, in name order.
    pub async fn list_things_in_thing_group(
        &self,
        group: &str,
        is_recursive: bool,
        page: &Page,
    ) -> Result<Rows<ThingName>, ControlError> {
        ENTRY_NAME.check("thingGroupName", group)?;
        self.group(group).await?;
        let listed = self.parts.registry.things_in_group(group, is_recursive, page).await;
        listed.map_err(|error| group_error(error, group))
    }

    /// `ListThingGroupsForThing`: the groups it is in directly, in name order.
    pub async fn list_thing_groups_for_thing(
        &self,
        thing: &str,
        page: &Page,
    ) -> Result<Rows<String>, ControlError> {
        let thing = checked::thing_name(thing)?;
        self.thing(&thing).await?;
        let groups = self.parts.registry.groups_of_thing(&thing).await?;
        Ok(page_of(groups, page, String::as_str))
    }

    /// Each read asks for as many groups as are still wanted, so that none is left over when the page
    /// is full and the next one begins where the read ended.
    async fn uppermost_groups(
        &self,
        filter: &GroupFilter,
        page: &Page,
    ) -> Result<Rows<ThingGroup>, ControlError> {
        let mut found = Rows { rows: Vec::new(), next: page.after.clone() };
        let mut wanted = page.rows_max.max(1);
        loop {
            let part = Page { after: found.next.take(), rows_max: wanted };
            let Rows { rows, next } = self.parts.registry.groups(filter, &part).await?;
            found.rows.extend(rows.into_iter().filter(|group| group.parent.is_none()));
            found.next = next;
            let count = u32::try_from(found.rows.len()).unwrap_or(u32::MAX);
            wanted = page.rows_max.max(1).saturating_sub(count);
            if wanted == 0 || found.next.is_none() {
                return Ok(found);
            }
        }
    }
}
