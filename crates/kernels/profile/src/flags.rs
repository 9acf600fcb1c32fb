//! What cannot be true of a report, if its device is as it should be.

use serde::{Deserialize, Serialize};

/// Something impossible. Stored by its place in this list: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Flag {
    /// Its id is lower than that of the report before.
    ReportIdBackwards,
    /// Its id is a time, and that is more than a day off, or earlier than in the report before.
    TimeTravel,
    /// It has a negative delta: what counted was set back. Such a report is refused.
    CounterBackwards,
    /// Somebody else published it in the thing's name.
    ForeignPublisher,
    /// Nothing was reported for more than three times the usual interval.
    ReportGap,
}

impl Flag {
    /// Every flag.
    pub const ALL: &[Self] = &[
        Self::ReportIdBackwards,
        Self::TimeTravel,
        Self::CounterBackwards,
        Self::ForeignPublisher,
        Self::ReportGap,
    ];

    /// Its name in the values of `picket:report-flags`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReportIdBackwards => "report-id-backwards",
            Self::TimeTravel => "time-travel",
            Self::CounterBackwards => "counter-backwards",
            Self::ForeignPublisher => "foreign-publisher",
            Self::ReportGap => "report-gap",
        }
    }
}
