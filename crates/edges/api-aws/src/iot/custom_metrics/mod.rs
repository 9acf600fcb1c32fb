//! Custom metrics (spec device-defender §3.4): one at `/custom-metric/…`, all at `/custom-metrics`.

mod create_custom_metric;
mod delete_custom_metric;
mod describe_custom_metric;
mod list_custom_metrics;
mod rendering;
mod update_custom_metric;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[
    &create_custom_metric::OPERATION,
    &delete_custom_metric::OPERATION,
    &describe_custom_metric::OPERATION,
    &list_custom_metrics::OPERATION,
    &update_custom_metric::OPERATION,
];
