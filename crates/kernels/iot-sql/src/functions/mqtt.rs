//! MQTT 5 properties of the message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Arguments, Arity, SqlFunction};
use crate::version::SqlVersion;

pub(super) const GET_MQTT_PROPERTY: SqlFunction = SqlFunction {
    name: "get_mqtt_property",
    arity: Arity::exactly(1),
    since: SqlVersion::V2016,
    doc: "The MQTT 5 property of this name; `correlation_data` in base64.",
    examples: &[
        ("get_mqtt_property('content_type')", "\"application/json\""),
        ("get_mqtt_property('response_topic')", ""),
    ],
    eval: get_mqtt_property,
};

fn get_mqtt_property(arguments: &Arguments<'_>) -> Option<Value> {
    let properties = &arguments.input.properties;
    match arguments.get(0)?.as_str()? {
        "format_indicator" => Some(Value::from(match properties.payload_format? {
            0 => "UNSPECIFIED_BYTES",
            _ => "UTF8_DATA",
        })),
        "content_type" => properties.content_type.map(Value::from),
        "response_topic" => properties.response_topic.map(Value::from),
        "correlation_data" => properties.correlation_data.map(|d| Value::from(STANDARD.encode(d))),
        _ => None,
    }
}

pub(super) const GET_USER_PROPERTIES: SqlFunction = SqlFunction {
    name: "get_user_properties",
    arity: Arity::between(0, 1),
    since: SqlVersion::V2016,
    doc: "All MQTT 5 user properties as an array of objects, or the values of one name.",
    examples: &[
        ("get_user_properties()", "[{\"site\":\"north\"},{\"site\":\"south\"}]"),
        ("get_user_properties('site')", "[\"north\",\"south\"]"),
        ("get_user_properties('other')", ""),
    ],
    eval: get_user_properties,
};

fn get_user_properties(arguments: &Arguments<'_>) -> Option<Value> {
    let pairs = arguments.input.properties.user.iter();
    let values: Vec<Value> = if arguments.values.is_empty() {
        let object = |(name, value): &(String, String)| {
            Value::Object(Map::from_iter([(name.clone(), Value::from(value.as_str()))]))
        };
        pairs.map(object).collect()
    } else {
        let wanted = arguments.get(0)?.as_str()?;
        pairs.filter(|(name, _)| name == wanted).map(|(_, v)| Value::from(v.as_str())).collect()
    };
    (!values.is_empty()).then_some(Value::Array(values))
}
