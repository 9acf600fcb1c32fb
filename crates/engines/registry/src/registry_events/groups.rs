//! Events about thing groups.

use picket_ports::registry::ThingGroup;
use serde_json::{Value, json};

use super::{EventKind, Happened, Tied, attributes_json};
use crate::ControlPlane;

impl ControlPlane {
    /// `$aws/events/thingGroup/GROUP/…`, if such events are on. `ancestors` begin with the parent and
    /// end with the root.
    pub(crate) async fn announce_group(
        &self,
        happened: Happened,
        group: &ThingGroup,
        ancestors: &[ThingGroup],
    ) {
        if !self.announces(EventKind::ThingGroup).await {
            return;
        }
        let topic = format!("$aws/events/thingGroup/{}/{}", group.name, happened.level());
        let root_to_parent: Vec<Value> = ancestors
            .iter()
            .rev()
            .map(|ancestor| {
                let arn = self.parts.account.iot_arn(&format!("thinggroup/{}", ancestor.name));
                json!({ "groupArn": arn, "groupId": ancestor.id })
            })
            .collect();
        let members = json!({
            "thingGroupId": group.id,
            "thingGroupName": group.name,
            "versionNumber": group.version,
            "parentGroupName": group.parent,
            "parentGroupId": ancestors.first().map(|parent| &parent.id),
            "description": group.description,
            "rootToParentThingGroups": root_to_parent,
            "attributes": attributes_json(&group.attributes),
            "dynamicGroupMappingId": null,
        });
        self.announce(topic, "THING_GROUP_EVENT", happened.operation(), members).await;
    }

    /// `$aws/events/thingGroupHierarchy/…`, if such events are on.
    pub(crate) async fn announce_hierarchy(
        &self,
        tied: Tied,
        parent: &ThingGroup,
        child: &ThingGroup,
    ) {
        if !self.announces(EventKind::ThingGroupHierarchy).await {
            return;
        }
        let topic = format!(
            "$aws/events/thingGroupHierarchy/thingGroup/{}/childThingGroup/{}/{}",
            parent.name,
            child.name,
            tied.level()
        );
        let members = json!({
            "thingGroupId": parent.id,
            "thingGroupName": parent.name,
            "childGroupId": child.id,
            "childGroupName": child.name,
        });
        self.announce(topic, "THING_GROUP_HIERARCHY_EVENT", tied.operation(), members).await;
    }
}
