//! The document that tells of an alarm event (spec device-defender §4.7).

use serde_json::{Map, Value, json};

use super::{CriteriaType, ViolationEvent};

/// The SNS alert document of `event`: what goes to the profile's alert targets as the `Message`. Times are
/// in milliseconds.
pub fn alert_document(event: &ViolationEvent) -> Map<String, Value> {
    let violation = &event.violation;
    let behavior = serde_json::from_str(&violation.definition)
        .unwrap_or_else(|_| json!({ "name": violation.behavior, "metric": violation.metric }));
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
    put("violationEventTime", event.time.as_millis().into());
    put("thingName", violation.thing.as_str().into());
    put("behavior", behavior);
    put("violationEventType", json!(event.event));
    if let Some(value) = &event.value {
        put("metricValue", json!(value));
    }
    if violation.criteria == CriteriaType::MachineLearning {
        let level = confidence_level(&violation.definition);
        put("violationEventAdditionalInfo", json!({ "confidenceLevel": level }));
    }
    put("violationId", violation.violation_id.as_str().into());
    put("securityProfileName", violation.profile.as_str().into());
    document
}

fn confidence_level(definition: &str) -> Value {
    let definition: Value = serde_json::from_str(definition).unwrap_or_default();
    definition["criteria"]["mlDetectionConfig"]["confidenceLevel"].clone()
}

#[cfg(all(test, feature = "testsuite"))]
mod tests {
    use picket_core::{MetricValue, Timestamp};

    use super::super::ViolationEventType;
    use super::super::by_hand::open_port;
    use super::*;

    #[test]
    fn the_document_has_aws_s_members_and_milliseconds() {
        let time = Timestamp::from_millis(1_718_000_700_000);
        let violation = open_port("5f0c", "cam-9", time);
        let event = ViolationEventType::InAlarm;
        let value = Some(MetricValue::Ports(vec![21]));
        let mut event = ViolationEvent { violation, event, time, value };
        let document = Value::Object(alert_document(&event));
        assert_eq!(document["violationEventTime"], json!(1_718_000_700_000_i64));
        assert_eq!(document["behavior"]["criteria"]["value"], json!({ "ports": [22, 8883] }));
        assert_eq!(document["metricValue"], json!({ "ports": [21] }));
        event.value = None;
        event.event = ViolationEventType::AlarmInvalidated;
        let names: Vec<String> = alert_document(&event).keys().cloned().collect();
        let expected = [
            "violationEventTime",
            "thingName",
            "behavior",
            "violationEventType",
            "violationId",
            "securityProfileName",
        ];
        assert_eq!(names, expected);
    }
}
