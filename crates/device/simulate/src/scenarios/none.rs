use picket_wire_report::Report;

use super::Scenario;
use crate::device::{Device, Moment};

#[derive(Debug)]
pub(super) struct Quiet;

impl Scenario for Quiet {
    fn name(&self) -> &'static str {
        "none"
    }

    fn doc(&self) -> &'static str {
        "All is well."
    }

    fn alter(&self, _device: &Device, _moment: &Moment, _report: &mut Report) {}
}
