//! The evaluation of one partition of the `reports` log: records in, events and exports out. Does no IO
//! and reads no clock; the same records in the same order always give the same alarms.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ahash::AHashMap;
use picket_core::{MetricValue, Timestamp};
use picket_ports::Directory;
use picket_ports::alarms::Violation;
use picket_profile::Verdict;
use picket_wire_report::decode;
use serde::{Deserialize, Serialize};

use crate::behavior::Step;
use crate::history::Kept;
use crate::plan::Plan;
use crate::record::{DeviceDelta, ReportsRecord, Threshold, stored_format};
use crate::thing::ThingState;
use crate::violation::{self, AlarmEvent, Datapoint};
use crate::watchlist::Watchlist;

mod cloud_side;
mod percentiles;
mod report_side;

pub(crate) use report_side::{FLAGS, measure};

/// The log's name, as it stands in trace ids.
pub(crate) const LOG: &str = "reports";

/// Everything around the records that evaluation depends on.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) watchlist: &'a Watchlist,
    pub(crate) directory: &'a dyn Directory,
    pub(crate) window: Duration,
    pub(crate) grace: Duration,
    pub(crate) silence: Duration,
    /// Devices of one partition beyond which unregistered identities are not taken in.
    pub(crate) things_max: usize,
}

/// What came out, to be stored in one go.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Alarm history, oldest first.
    pub(crate) events: Vec<AlarmEvent>,
    /// Alarms that got a newer violation without an event.
    pub(crate) updates: Vec<Violation>,
    /// Cloud-side datapoints to export, with the sequence of the record that closed their window.
    pub(crate) outbox: Vec<(u64, OutboxEntry)>,
    /// Datapoints to keep.
    pub(crate) kept: Kept,
    /// Whether [`Partition::thresholds`] changed.
    pub(crate) thresholds_changed: bool,
    /// Sequences of repeated reports.
    pub(crate) duplicates: Vec<u64>,
    /// Sequences of reports of identities that were not taken in.
    pub(crate) strangers: Vec<u64>,
    /// Reports evaluated.
    pub(crate) evaluated: u64,
    /// Reports that could not be read again.
    pub(crate) unreadable: u64,
    /// Things whose state changed, or that are gone.
    pub(crate) changed: Vec<Arc<str>>,
}

/// A device's value of a period that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gathered {
    pub(crate) behavior: u64,
    pub(crate) end: Timestamp,
    pub(crate) amount: f64,
}

/// A cloud-side datapoint on its way to the export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutboxEntry {
    pub(crate) thing: String,
    pub(crate) metric: String,
    /// The dimension with `IN` or `NOT_IN`, if only some topics count.
    pub(crate) dimension: Option<(String, String)>,
    pub(crate) value: MetricValue,
    /// `min`, `max` or `total` where one datapoint has several values.
    pub(crate) statistic: Option<String>,
    pub(crate) time: Timestamp,
}

/// A device with what is derived from its state.
#[derive(Debug, Default)]
struct Tracked {
    state: ThingState,
    plan: Arc<Plan>,
    epoch: u64,
    changed: bool,
}

/// How far a partition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Sequence of the next record to evaluate.
    pub(crate) next: u64,
    /// Windows up to here are closed; absent before the first record of the front door.
    pub(crate) closed_until: Option<Timestamp>,
    /// When the server started last: nothing could be reported before.
    pub(crate) started: Timestamp,
}

/// One partition's devices.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) number: u16,
    pub(crate) progress: Progress,
    /// Percentiles that were taken in lately, oldest first. Should the server die between the appends to
    /// two partitions, the other one gets the same.
    pub(crate) thresholds: VecDeque<Threshold>,
    things: AHashMap<Arc<str>, Tracked>,
}

impl Partition {
    /// A partition without devices.
    pub(crate) fn new(
        number: u16,
        progress: Progress,
        thresholds: impl IntoIterator<Item = Threshold>,
    ) -> Self {
        let thresholds = thresholds.into_iter().collect();
        Self { number, progress, thresholds, things: AHashMap::new() }
    }

    /// A partition that has evaluated nothing.
    pub(crate) fn empty(number: u16) -> Self {
        let started = Timestamp::default();
        Self::new(number, Progress { next: 1, closed_until: None, started }, [])
    }

    /// Puts back a device that was stored.
    pub(crate) fn restore(&mut self, thing: &str, state: ThingState) {
        self.things.insert(Arc::from(thing), Tracked { state, ..Tracked::default() });
    }

    /// The state of a device; absent if it is forgotten.
    pub(crate) fn state(&self, thing: &str) -> Option<&ThingState> {
        self.things.get(thing).map(|tracked| &tracked.state)
    }

    /// How many devices are remembered.
    pub(crate) fn len(&self) -> usize {
        self.things.len()
    }

    /// Alarms that are on.
    pub(crate) fn alarms(&self) -> impl Iterator<Item = &Violation> {
        let states = self.things.values().map(|tracked| &tracked.state);
        states.flat_map(ThingState::alarms).map(|alarm| &alarm.violation)
    }

    /// Evaluates the next record. Records must come in order, each once.
    pub(crate) fn apply(
        &mut self,
        sequence: u64,
        record: &ReportsRecord<'_>,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        match record {
            ReportsRecord::ReportV1 { thing, cbor, arrived, payload }
            | ReportsRecord::ForeignReportV1 { thing, cbor, arrived, payload, .. } => {
                let is_foreign = matches!(record, ReportsRecord::ForeignReportV1 { .. });
                match decode(stored_format(*cbor), payload) {
                    Ok(report) => {
                        let origin = (sequence, *arrived, is_foreign);
                        self.report(origin, thing, &report, scene, effects);
                    }
                    Err(_) => effects.unreadable += 1,
                }
            }
            ReportsRecord::ImpossibleV1 { thing, arrived, flag } => {
                self.impossible((sequence, *arrived), thing, *flag, scene, effects);
            }
            ReportsRecord::CloudV1 { from, at, devices } => {
                let devices: Vec<_> = devices.iter().cloned().map(DeviceDelta::from).collect();
                self.cloud((sequence, *from, *at), &devices, scene, effects);
            }
            ReportsRecord::CloudV2 { from, at, devices } => {
                self.cloud((sequence, *from, *at), devices, scene, effects);
            }
            ReportsRecord::StartedV1 { at } => self.start((sequence, *at), scene, effects),
            ReportsRecord::ThresholdV1(threshold) => {
                self.threshold(sequence, *threshold, scene, effects);
            }
        }
        self.progress.next = sequence + 1;
    }

    /// Ends what is not monitored any more, for devices in alarm. The others follow with their next
    /// record.
    pub(crate) fn revise(&mut self, now: Timestamp, scene: &Scene<'_>, effects: &mut Effects) {
        for (thing, tracked) in &mut self.things {
            if tracked.state.is_in_alarm() {
                tracked.refresh(thing, now, scene, effects);
            }
        }
    }

    /// Forgets which states have been stored: called after a commit of all `changed`.
    pub(crate) fn committed(&mut self, changed: &[Arc<str>]) {
        for thing in changed {
            if let Some(tracked) = self.things.get_mut(thing) {
                tracked.changed = false;
            }
        }
    }

    /// Whether the device is known or may become so: whoever can make up identities must not be able to
    /// fill the memory.
    fn has_room_for(&self, thing: &str, scene: &Scene<'_>) -> bool {
        self.things.len() < scene.things_max
            || self.things.contains_key(thing)
            || scene.directory.is_registered(thing)
    }

    /// The device with its profiles up to date, made if it is new.
    fn tracked(
        &mut self,
        thing: &str,
        at: Timestamp,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) -> (Arc<str>, &mut Tracked) {
        let key = match self.things.get_key_value(thing) {
            Some((key, _)) => key.clone(),
            None => Arc::from(thing),
        };
        let tracked = self.things.entry(key.clone()).or_default();
        tracked.refresh(&key, at, scene, effects);
        (key, tracked)
    }
}

impl Tracked {
    fn touch(&mut self, thing: &Arc<str>, effects: &mut Effects) {
        if !self.changed {
            self.changed = true;
            effects.changed.push(thing.clone());
        }
    }

    /// Finds the profiles that watch the device, if they may have changed, and ends the rest.
    fn refresh(
        &mut self,
        thing: &Arc<str>,
        now: Timestamp,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let list = scene.watchlist;
        if self.epoch == list.epoch {
            return;
        }
        self.epoch = list.epoch;
        self.plan = list.plan(thing, scene.directory);
        let state = &mut self.state;
        let registered = scene.directory.is_registered(thing);
        let was = state.registered.replace(registered);
        let mut has_changed = was != Some(registered);
        if was.is_some_and(|was| was != registered) {
            state.become_another();
        }
        let before = (state.behaviors.len(), state.pending.len(), state.former.len());
        let plan = &self.plan;
        state.behaviors.retain_mut(|(id, state)| {
            let is_kept = plan.monitors(*id);
            if let Some(alarm) = state.alarm.take_if(|_| !is_kept) {
                effects.events.push(violation::invalidated(*alarm, now));
            }
            is_kept
        });
        state.pending.retain(|pending| plan.monitors(pending.behavior));
        state.former.retain(|former| {
            let is_kept = list.has_behavior(former.behavior);
            if !is_kept {
                effects.events.push(violation::invalidated((*former.alarm).clone(), now));
            }
            is_kept
        });
        if plan.traffic_windows == 0 && !state.traffic.is_empty() {
            state.traffic.clear();
            has_changed = true;
        }
        let after = (state.behaviors.len(), state.pending.len(), state.former.len());
        if has_changed || before != after {
            self.touch(thing, effects);
        }
    }
}

/// Takes a datapoint through the state of its behaviour (spec device-defender §4.1).
fn datapoint(state: &mut ThingState, point: &Datapoint<'_>, effects: &mut Effects) {
    let Datapoint { behavior, measured, at, .. } = point;
    let threshold = point.percentile.map(|it| it.threshold);
    let Some(verdict) = behavior.verdict(measured, threshold) else { return };
    let state = state.behavior(behavior.id);
    state.last_datapoint = state.last_datapoint.max(*at);
    let violates = verdict == Verdict::Violates;
    match state.step(violates, (behavior.to_alarm, behavior.to_clear)) {
        Step::Quiet if violates => state.run.push(violation::evidence(point, true)),
        Step::Quiet => state.run = Vec::new(),
        Step::Raise => {
            let (alarm, event) = violation::raised(point, std::mem::take(&mut state.run));
            effects.events.push(event);
            state.alarm = Some(Box::new(alarm));
        }
        Step::StillBad => {
            if let Some(alarm) = &mut state.alarm {
                violation::renew(alarm, point);
                effects.updates.push(alarm.violation.clone());
            }
        }
        Step::Clear => {
            if let Some(alarm) = state.alarm.take() {
                effects.events.push(violation::cleared(*alarm, point));
            }
        }
    }
}
