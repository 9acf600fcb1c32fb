//! The state of a device as it was stored in the first version.

use std::net::IpAddr;

use picket_core::Timestamp;
use picket_profile::WindowCounts;
use serde::Deserialize;

use super::traffic::Part;
use super::{CloudState, ReportIds, ThingState, TrafficBook, Window};
use crate::behavior::v1::BehaviorStateV1;

#[derive(Debug, Deserialize)]
pub(crate) struct ThingStateV1 {
    report_ids: Vec<u64>,
    last_seen: Timestamp,
    traffic: Vec<TrafficV1>,
    cloud: Option<CloudStateV1>,
    behaviors: Vec<(u64, BehaviorStateV1)>,
}

#[derive(Debug, Deserialize)]
struct TrafficV1 {
    first: Timestamp,
    time: Timestamp,
    deltas: [Option<u64>; 4],
}

#[derive(Debug, Deserialize)]
struct CloudStateV1 {
    connected: Option<IpAddr>,
    connected_at: Option<Timestamp>,
    offline_since: Option<Timestamp>,
    open: Vec<(Timestamp, WindowCounts)>,
    closed: Vec<(Timestamp, WindowCounts, bool)>,
}

impl From<ThingStateV1> for ThingState {
    fn from(old: ThingStateV1) -> Self {
        let ThingStateV1 { report_ids, last_seen, traffic, cloud, behaviors } = old;
        // The first version did not note when each came; all may be among the newest.
        let report_ids = report_ids.into_iter().map(|id| (id, last_seen)).collect();
        let part = |it: TrafficV1| Part::new(it.first, it.time, it.deltas);
        Self {
            report_ids: ReportIds(report_ids),
            last_seen,
            traffic: TrafficBook(traffic.into_iter().map(part).collect()),
            cloud: cloud.map(|cloud| Box::new(cloud.into())),
            behaviors: behaviors.into_iter().map(|(id, state)| (id, state.into())).collect(),
            ..Self::default()
        }
    }
}

impl From<CloudStateV1> for CloudState {
    fn from(old: CloudStateV1) -> Self {
        let CloudStateV1 { connected, connected_at, offline_since, open, closed } = old;
        let window = |start, counts, active| Window { start, counts, active, scoped: Vec::new() };
        Self {
            connected,
            connected_at,
            offline_since,
            open: open.into_iter().map(|(start, counts)| window(start, counts, false)).collect(),
            closed: closed
                .into_iter()
                .map(|(s, counts, active)| window(s, counts, active))
                .collect(),
        }
    }
}
