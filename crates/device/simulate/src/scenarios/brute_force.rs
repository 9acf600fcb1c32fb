use picket_wire_report::Report;

use super::Scenario;
use crate::device::{Device, Moment};

#[derive(Debug)]
pub(super) struct BruteForce;

impl Scenario for BruteForce {
    fn name(&self) -> &'static str {
        "brute-force"
    }

    fn doc(&self) -> &'static str {
        "An intruder hammers the server with one device's certificate: as that device, to publish what \
         it may not, and under other client ids."
    }

    fn alter(&self, _device: &Device, _moment: &Moment, _report: &mut Report) {
        // The device does not know; only the server can see it.
    }

    fn has_intruder(&self) -> bool {
        true
    }
}
