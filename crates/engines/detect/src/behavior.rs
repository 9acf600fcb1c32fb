//! The state of one behaviour for one device (spec device-defender §4.1).

use picket_core::Timestamp;
use picket_ports::alarms::Evidence;
use serde::{Deserialize, Serialize};

use crate::violation::Alarm;

pub(crate) mod v1;

/// Counters, and the alarm if there is one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BehaviorState {
    /// Violating datapoints in a row; stands still at 10.
    bad: u8,
    /// Complying datapoints in a row; stands still at 10.
    good: u8,
    /// The newest datapoint.
    pub(crate) last_datapoint: Timestamp,
    /// The datapoints behind `bad` while not in alarm, oldest first; at most 9.
    pub(crate) run: Vec<Evidence>,
    /// The alarm, while it is on.
    pub(crate) alarm: Option<Box<Alarm>>,
}

/// What a datapoint led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to tell.
    Quiet,
    /// The alarm is to be raised.
    Raise,
    /// The alarm stays; the datapoint is its newest violation.
    StillBad,
    /// The alarm is to be cleared.
    Clear,
}

impl BehaviorState {
    /// Counts one datapoint.
    pub(crate) fn step(&mut self, violates: bool, (to_alarm, to_clear): (u8, u8)) -> Step {
        let in_alarm = self.alarm.is_some();
        if violates {
            self.good = 0;
            self.bad = (self.bad + 1).min(10);
            match (in_alarm, self.bad >= to_alarm) {
                (true, _) => Step::StillBad,
                (false, true) => Step::Raise,
                (false, false) => Step::Quiet,
            }
        } else {
            self.bad = 0;
            self.good = (self.good + 1).min(10);
            if in_alarm && self.good >= to_clear { Step::Clear } else { Step::Quiet }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::v1::ViolationV1;

    fn alarm() -> Box<Alarm> {
        let violation = ViolationV1 {
            violation_id: String::new(),
            thing: String::new(),
            profile: String::new(),
            behavior: String::new(),
            metric: String::new(),
            started: Timestamp::default(),
            last_violation: Timestamp::default(),
            last_value: picket_core::MetricValue::Count(0),
            ended: None,
            explanation: String::new(),
            trace: None,
        };
        Box::new(violation.into())
    }

    /// `datapoints`: `x` violates, `.` complies. Result: `A` raised, `C` cleared, `b` still bad, `-`.
    fn check(to_alarm: u8, to_clear: u8, datapoints: &str, expected: &str) {
        let mut state = BehaviorState::default();
        let steps: String = datapoints
            .chars()
            .map(|datapoint| match state.step(datapoint == 'x', (to_alarm, to_clear)) {
                Step::Quiet => '-',
                Step::StillBad => 'b',
                Step::Raise => {
                    state.alarm = Some(alarm());
                    'A'
                }
                Step::Clear => {
                    state.alarm = None;
                    'C'
                }
            })
            .collect();
        assert_eq!(steps, expected, "{datapoints}");
    }

    #[test]
    fn alarms_are_raised_and_cleared_by_datapoints_in_a_row() {
        check(1, 1, "..x.x", "--ACA");
        check(2, 3, "x.xxx..x...x", "---Ab--b--C-");
        check(10, 10, "xxxxxxxxxxx..........", "---------Ab---------C");
    }
}
