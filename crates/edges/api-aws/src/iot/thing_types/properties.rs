//! `thingTypeProperties` and `thingTypeMetadata`.

use picket_registry::{
    PropagatedFrom, PropagatingAttribute, ThingType, ThingTypeChange, ThingTypeProperties,
};
use picket_wire_aws::timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::ApiError;
use crate::operation::ApiResult;

/// `thingTypeProperties` as they come.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertiesInput {
    thing_type_description: Option<String>,
    searchable_attributes: Option<Vec<String>>,
    mqtt5_configuration: Option<Mqtt5Input>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mqtt5Input {
    propagating_attributes: Option<Vec<PropagatingInput>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropagatingInput {
    user_property_key: Option<String>,
    thing_attribute: Option<String>,
    connection_attribute: Option<String>,
}

impl PropertiesInput {
    /// The properties of a new type.
    pub(super) fn properties(self) -> ApiResult<ThingTypeProperties> {
        let change = self.change()?;
        Ok(ThingTypeProperties {
            description: change.description.filter(|text| !text.is_empty()),
            searchable_attributes: change.searchable_attributes.unwrap_or_default(),
            propagating_attributes: change.propagating_attributes.unwrap_or_default(),
        })
    }

    /// The change of a type that is there.
    pub(super) fn change(self) -> ApiResult<ThingTypeChange> {
        let propagating_attributes = match self.mqtt5_configuration {
            None => None,
            Some(configuration) => {
                let attributes = configuration.propagating_attributes.unwrap_or_default();
                Some(attributes.into_iter().map(propagating).collect::<ApiResult<_>>()?)
            }
        };
        Ok(ThingTypeChange {
            description: self.thing_type_description,
            searchable_attributes: self.searchable_attributes,
            propagating_attributes,
        })
    }
}

fn propagating(input: PropagatingInput) -> ApiResult<PropagatingAttribute> {
    let user_property = input.user_property_key.unwrap_or_default();
    let from = match (input.thing_attribute, input.connection_attribute) {
        (Some(name), None) => PropagatedFrom::ThingAttribute(name),
        (None, Some(name)) => PropagatedFrom::Connection(name),
        _ => {
            return Err(ApiError::invalid(
                "a propagating attribute has either `thingAttribute` or `connectionAttribute`",
            ));
        }
    };
    Ok(PropagatingAttribute { user_property, from })
}

/// `thingTypeProperties` as they go out.
pub(super) fn properties_json(properties: &ThingTypeProperties) -> Value {
    let propagating = &properties.propagating_attributes;
    let mqtt5 = (!propagating.is_empty()).then(|| {
        let attributes: Vec<Value> = propagating.iter().map(propagating_json).collect();
        json!({ "propagatingAttributes": attributes })
    });
    json!({
        "thingTypeDescription": properties.description,
        "searchableAttributes": properties.searchable_attributes,
        "mqtt5Configuration": mqtt5,
    })
}

fn propagating_json(attribute: &PropagatingAttribute) -> Value {
    let (thing, connection) = match &attribute.from {
        PropagatedFrom::ThingAttribute(name) => (Some(name), None),
        PropagatedFrom::Connection(name) => (None, Some(name)),
    };
    json!({
        "userPropertyKey": attribute.user_property,
        "thingAttribute": thing,
        "connectionAttribute": connection,
    })
}

/// `thingTypeMetadata`.
pub(super) fn metadata_json(thing_type: &ThingType) -> Value {
    json!({
        "deprecated": thing_type.deprecated.is_some(),
        "deprecationDate": thing_type.deprecated.map(timestamp::seconds),
        "creationDate": timestamp::seconds(thing_type.created),
    })
}
