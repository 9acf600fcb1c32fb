//! Events about thing types.

use serde_json::{Value, json};

use super::{EventKind, Happened};
use crate::ControlPlane;
use crate::thing_types::{PropagatedFrom, PropagatingAttribute, ThingType};

impl ControlPlane {
    /// `$aws/events/thingType/TYPE/…`, if such events are on.
    pub(crate) async fn announce_thing_type(&self, happened: Happened, thing_type: &ThingType) {
        if !self.announces(EventKind::ThingType).await {
            return;
        }
        let topic = format!("$aws/events/thingType/{}/{}", thing_type.name, happened.level());
        let properties = &thing_type.properties;
        let propagating: Vec<Value> =
            properties.propagating_attributes.iter().map(propagating_json).collect();
        let members = json!({
            "thingTypeId": thing_type.id,
            "thingTypeName": thing_type.name,
            "isDeprecated": thing_type.deprecated.is_some(),
            "deprecationDate": thing_type.deprecated.map(|at| at.as_millis()),
            "searchableAttributes": properties.searchable_attributes,
            "propagatingAttributes": propagating,
            "description": properties.description,
        });
        self.announce(topic, "THING_TYPE_EVENT", happened.operation(), members).await;
    }
}

fn propagating_json(attribute: &PropagatingAttribute) -> Value {
    let key = &attribute.user_property;
    match &attribute.from {
        PropagatedFrom::ThingAttribute(name) => {
            json!({ "userPropertyKey": key, "thingAttribute": name })
        }
        PropagatedFrom::Connection(name) => {
            json!({ "userPropertyKey": key, "connectionAttribute": name })
        }
    }
}
