//! `AWS::IoT::SecurityProfile`. `TargetArns`, separate calls in AWS, become the document's `targets`.
//!
//! The document says nothing of `version` and `modified_ms`, which the control plane adds with the first
//! change: until then a profile is at version 1 and as old as its document.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, TAG, check_name};

const DIMENSION: &[Property] = &[
    Property::required("DimensionName", "dimensionName", Shape::Text),
    Property::new("Operator", "operator", Shape::OneOf(&["IN", "NOT_IN"])),
];
const VALUE: &[Property] = &[
    Property::new("Count", "count", Shape::Whole),
    Property::new("Cidrs", "cidrs", Shape::List(&Shape::Text)),
    Property::new("Ports", "ports", Shape::List(&Shape::Whole)),
    Property::new("Number", "number", Shape::Number),
    Property::new("Numbers", "numbers", Shape::List(&Shape::Number)),
    Property::new("Strings", "strings", Shape::List(&Shape::Text)),
];
const STATISTICAL: &[Property] = &[Property::new("Statistic", "statistic", Shape::Text)];
const ML: &[Property] = &[Property::new(
    "ConfidenceLevel",
    "confidenceLevel",
    Shape::OneOf(&["LOW", "MEDIUM", "HIGH"]),
)];
const CRITERIA: &[Property] = &[
    Property::new("ComparisonOperator", "comparisonOperator", Shape::Text),
    Property::new("Value", "value", Shape::Object(VALUE)),
    Property::new("DurationSeconds", "durationSeconds", Shape::Whole),
    Property::new("ConsecutiveDatapointsToAlarm", "consecutiveDatapointsToAlarm", Shape::Whole),
    Property::new("ConsecutiveDatapointsToClear", "consecutiveDatapointsToClear", Shape::Whole),
    Property::new("StatisticalThreshold", "statisticalThreshold", Shape::Object(STATISTICAL)),
    Property::new("MlDetectionConfig", "mlDetectionConfig", Shape::Object(ML)),
];
const BEHAVIOR: &[Property] = &[
    Property::required("Name", "name", Shape::Text),
    Property::new("Metric", "metric", Shape::Text),
    Property::new("MetricDimension", "metricDimension", Shape::Object(DIMENSION)),
    Property::new("Criteria", "criteria", Shape::Object(CRITERIA)),
    Property::new("SuppressAlerts", "suppressAlerts", Shape::Flag),
    Property::new("ExportMetric", "exportMetric", Shape::Flag),
];
const RETAINED: &[Property] = &[
    Property::required("Metric", "metric", Shape::Text),
    Property::new("MetricDimension", "metricDimension", Shape::Object(DIMENSION)),
    Property::new("ExportMetric", "exportMetric", Shape::Flag),
];
const EXPORT: &[Property] = &[
    Property::required("MqttTopic", "mqttTopic", Shape::Text),
    Property::required("RoleArn", "roleArn", Shape::Text),
];
const ALERT_TARGET: &[Property] = &[
    Property::required("AlertTargetArn", "alertTargetArn", Shape::Text),
    Property::required("RoleArn", "roleArn", Shape::Text),
];
const ALERT_TARGETS: &[Property] = &[Property::new("SNS", "SNS", Shape::Object(ALERT_TARGET))];
const PROPERTIES: &[Property] = &[
    Property::required("SecurityProfileName", "securityProfileName", Shape::Text),
    Property::new("SecurityProfileDescription", "securityProfileDescription", Shape::Text),
    Property::new("Behaviors", "behaviors", Shape::List(&Shape::Object(BEHAVIOR))),
    Property::new("AlertTargets", "alertTargets", Shape::Object(ALERT_TARGETS)),
    Property::new(
        "AdditionalMetricsToRetainV2",
        "additionalMetricsToRetainV2",
        Shape::List(&Shape::Object(RETAINED)),
    ),
    Property::new("MetricsExportConfig", "metricsExportConfig", Shape::Object(EXPORT)),
    Property::new("TargetArns", "targets", Shape::List(&Shape::Text)),
    Property::new("Tags", "tags", Shape::List(&Shape::Object(TAG))),
];

#[derive(Debug)]
pub(super) struct SecurityProfile;

impl ResourceType for SecurityProfile {
    fn name(&self) -> &'static str {
        "AWS::IoT::SecurityProfile"
    }

    fn doc(&self) -> &'static str {
        "What is normal for devices, and which of their metrics are exported."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "SecurityProfileName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, ":_-")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("SecurityProfileArn", account.iot_arn(&format!("securityprofile/{name}")))]
    }

    fn tagged_as(&self) -> Option<&'static str> {
        Some("securityprofile")
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let (kind, name) = (DocumentKind::SecurityProfile, name.to_owned());
        Ok(Item::Document { kind, name, body: Value::Object(members) })
    }
}
