//! Events about things, their types and their groups.

use picket_core::ThingName;
use picket_ports::registry::{Thing, ThingGroup};
use serde_json::json;
use uuid::Uuid;

use super::{EventKind, Happened, Tied, attributes_json};
use crate::ControlPlane;

impl ControlPlane {
    /// `$aws/events/thing/THING/…`, if such events are on.
    pub(crate) async fn announce_thing(&self, happened: Happened, thing: &Thing) {
        if !self.announces(EventKind::Thing).await {
            return;
        }
        let topic = format!("$aws/events/thing/{}/{}", thing.name, happened.level());
        let members = json!({
            "thingId": thing.id,
            "thingName": thing.name,
            "versionNumber": thing.version,
            "thingTypeName": thing.type_name,
            "attributes": attributes_json(&thing.attributes),
        });
        self.announce(topic, "THING_EVENT", happened.operation(), members).await;
    }

    /// `$aws/events/thingTypeAssociation/…` for each type that `thing` has now and had not, and the
    /// other way round, if such events are on.
    pub(crate) async fn announce_types(&self, thing: &Thing, before: Option<&str>) {
        let after = thing.type_name.as_deref();
        if before == after || !self.announces(EventKind::ThingTypeAssociation).await {
            return;
        }
        for (type_name, tied) in [(before, Tied::Removed), (after, Tied::Added)] {
            let Some(type_name) = type_name else { continue };
            let topic = format!(
                "$aws/events/thingTypeAssociation/thing/{}/thingType/{type_name}/{}",
                thing.name,
                tied.level()
            );
            let members = json!({
                "thingId": thing.id,
                "thingName": thing.name,
                "thingTypeName": type_name,
            });
            self.announce(topic, "THING_TYPE_ASSOCIATION_EVENT", tied.operation(), members).await;
        }
    }

    /// `$aws/events/thingGroupMembership/…`, if such events are on.
    pub(crate) async fn announce_membership(&self, tied: Tied, thing: &Thing, group: &ThingGroup) {
        if !self.announces(EventKind::ThingGroupMembership).await {
            return;
        }
        let topic = format!(
            "$aws/events/thingGroupMembership/thingGroup/{}/thing/{}/{}",
            group.name,
            thing.name,
            tied.level()
        );
        let account = &self.parts.account;
        let members = json!({
            "groupArn": account.iot_arn(&format!("thinggroup/{}", group.name)),
            "groupId": group.id,
            "thingArn": account.iot_arn(&format!("thing/{}", thing.name)),
            "thingId": thing.id,
            "membershipId": membership_id(&thing.id, &group.id),
        });
        self.announce(topic, "THING_GROUP_MEMBERSHIP_EVENT", tied.operation(), members).await;
    }

    /// The groups `thing` is in, if events of its leaving them are on; else none.
    pub(crate) async fn groups_to_announce(&self, thing: &ThingName) -> Vec<ThingGroup> {
        if !self.announces(EventKind::ThingGroupMembership).await {
            return Vec::new();
        }
        let mut groups = Vec::new();
        for name in self.parts.registry.groups_of_thing(thing).await.unwrap_or_default() {
            groups.extend(self.parts.registry.group(&name).await.ok());
        }
        groups
    }
}

/// The same for the beginning and the end of a membership.
fn membership_id(thing_id: &str, group_id: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{group_id}/{thing_id}").as_bytes()).to_string()
}
