//! Custom metrics in AWS's shape.

use picket_registry::CustomMetric;
use picket_wire_aws::timestamp::seconds;
use serde_json::{Value, json};

use crate::call::Call;

/// What `DescribeCustomMetric` gives.
pub(super) fn described(call: &Call, metric: CustomMetric) -> Value {
    let CustomMetric { name, metric_type, display_name, created, modified } = metric;
    json!({
        "metricArn": call.control().custom_metric_arn(&name),
        "metricName": name,
        "metricType": metric_type,
        "displayName": display_name,
        "creationDate": seconds(created),
        "lastModifiedDate": seconds(modified),
    })
}
