//! `AWS::IoT::CustomMetric`.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, TAG, check_name};

const TYPES: &[&str] = &["string-list", "ip-address-list", "number-list", "number"];
const PROPERTIES: &[Property] = &[
    Property::required("MetricName", "metricName", Shape::Text),
    Property::required("MetricType", "metricType", Shape::OneOf(TYPES)),
    Property::new("DisplayName", "displayName", Shape::Text),
    Property::new("Tags", "tags", Shape::List(&Shape::Object(TAG))),
];

#[derive(Debug)]
pub(super) struct CustomMetric;

impl ResourceType for CustomMetric {
    fn name(&self) -> &'static str {
        "AWS::IoT::CustomMetric"
    }

    fn doc(&self) -> &'static str {
        "A metric that devices measure and name themselves."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "MetricName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 128, ":_-")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("MetricArn", account.iot_arn(&format!("custommetric/{name}")))]
    }

    fn tagged_as(&self) -> Option<&'static str> {
        Some("custommetric")
    }

    fn item(
        &self,
        name: &str,
        members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let body = Value::Object(members);
        if let Err(problems) = picket_profile::parse_custom_metric(name, &body.to_string()) {
            let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let is_shown = problems.iter().any(|problem| problem.path == "displayName");
            let property = if is_shown { "DisplayName" } else { "MetricName" };
            return Err((property, texts.join("; ")));
        }
        Ok(Item::Document { kind: DocumentKind::CustomMetric, name: name.to_owned(), body })
    }
}
