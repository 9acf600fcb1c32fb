//! The state of a device as it was stored in the first version.

use std::collections::VecDeque;

use picket_core::Timestamp;
use serde::Deserialize;

use super::{CloudState, ThingState, Traffic};
use crate::behavior::v1::BehaviorStateV1;

#[derive(Debug, Deserialize)]
pub(crate) struct ThingStateV1 {
    report_ids: Vec<u64>,
    last_seen: Timestamp,
    traffic: VecDeque<Traffic>,
    cloud: Option<CloudState>,
    behaviors: Vec<(u64, BehaviorStateV1)>,
}

impl From<ThingStateV1> for ThingState {
    fn from(old: ThingStateV1) -> Self {
        let ThingStateV1 { report_ids, last_seen, traffic, cloud, behaviors } = old;
        let behaviors = behaviors.into_iter().map(|(id, state)| (id, state.into())).collect();
        Self { report_ids, last_seen, traffic, cloud, behaviors }
    }
}
