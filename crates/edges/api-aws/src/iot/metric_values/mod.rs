//! Stored datapoints (spec device-defender §2.9).

mod list_metric_values;

use crate::operation::Operation;

pub(crate) static OPERATIONS: &[&Operation] = &[&list_metric_values::OPERATION];
