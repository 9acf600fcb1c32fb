//! `picket:report-flags`.

use super::{Kind, Metric, Observation, Side};
use crate::measured::Measured;

/// See [`Metric::doc`].
#[derive(Debug)]
pub(super) struct ReportFlags;

impl Metric for ReportFlags {
    fn name(&self) -> &'static str {
        "picket:report-flags"
    }

    fn side(&self) -> Side {
        Side::Device
    }

    fn kind(&self) -> Kind {
        Kind::Strings
    }

    fn unit(&self) -> &'static str {
        ""
    }

    fn doc(&self) -> &'static str {
        "What cannot be true of a report: report-id-backwards, time-travel, counter-backwards, \
         foreign-publisher, report-gap; empty for a sound one."
    }

    fn observe(&self, observation: &Observation<'_>) -> Option<Measured> {
        let Observation::Report { flags, .. } = observation else {
            return None;
        };
        Some(Measured::Texts(flags.iter().map(|flag| flag.as_str().to_owned()).collect()))
    }
}
