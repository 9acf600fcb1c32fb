use picket_wire_report::Report;

use super::{Collector, Sample};
use crate::procfs::ProcfsError;

#[derive(Debug)]
pub(super) struct CustomMetrics;

impl Collector for CustomMetrics {
    fn name(&self) -> &'static str {
        "custom_metrics"
    }

    fn doc(&self) -> &'static str {
        "The metrics of the configuration file: what a command prints or a file holds."
    }

    fn collect(&self, sample: &mut Sample<'_>, report: &mut Report) -> Result<(), ProcfsError> {
        for metric in sample.custom_metrics {
            match metric.measure() {
                Ok(value) => {
                    let values = report.custom_metrics.get_or_insert_default();
                    values.push((metric.name.clone(), value));
                }
                Err(failure) => sample.failures.push(failure),
            }
        }
        Ok(())
    }
}
