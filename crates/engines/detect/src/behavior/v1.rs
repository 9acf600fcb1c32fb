//! The state of a behaviour as it was stored in the first version.

use picket_core::Timestamp;
use serde::Deserialize;

use super::BehaviorState;
use crate::violation::v1::ViolationV1;

#[derive(Debug, Deserialize)]
pub(crate) struct BehaviorStateV1 {
    bad: u8,
    good: u8,
    last_datapoint: Timestamp,
    alarm: Option<Box<ViolationV1>>,
}

impl From<BehaviorStateV1> for BehaviorState {
    fn from(old: BehaviorStateV1) -> Self {
        let BehaviorStateV1 { bad, good, last_datapoint, alarm } = old;
        let alarm = alarm.map(|alarm| Box::new((*alarm).into()));
        Self { bad, good, last_datapoint, run: Vec::new(), alarm }
    }
}
