//! The evaluation of one partition of the `reports` log: records in, events and exports out. Does no IO
//! and reads no clock; the same records in the same order always give the same alarms.

use std::sync::Arc;
use std::time::Duration;

use ahash::AHashMap;
use picket_core::{MetricValue, Timestamp};
use picket_ports::Directory;
use picket_ports::alarms::Violation;
use picket_profile::{Behavior, Kind, Measured, MetricRef, Observation, Profile, Side, Verdict};
use picket_wire_report::{CustomValue, DeviceMetrics, Report, decode};
use serde::{Deserialize, Serialize};

use crate::behavior::Step;
use crate::record::{DeviceDelta, ReportsRecord, stored_format};
use crate::thing::ThingState;
use crate::violation::{self, AlarmEvent, Datapoint};
use crate::watchlist::Watchlist;

mod cloud_side;

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

/// A cloud-side datapoint on its way to the export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutboxEntry {
    pub(crate) thing: String,
    pub(crate) metric: String,
    pub(crate) value: MetricValue,
    /// `min`, `max` or `total` where one datapoint has several values.
    pub(crate) statistic: Option<String>,
    pub(crate) time: Timestamp,
}

/// A device with what is derived from its state.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    pub(crate) state: ThingState,
    applicable: Box<[u16]>,
    epoch: u64,
    changed: bool,
}

/// One partition's devices.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) number: u16,
    /// Sequence of the next record to evaluate.
    pub(crate) next: u64,
    /// Windows up to here are closed; absent before the first record of the front door.
    pub(crate) closed_until: Option<Timestamp>,
    things: AHashMap<Arc<str>, Tracked>,
}

impl Partition {
    /// A partition without devices.
    pub(crate) fn new(number: u16, next: u64, closed_until: Option<Timestamp>) -> Self {
        Self { number, next, closed_until, things: AHashMap::new() }
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
        let behaviors = self.things.values().flat_map(|tracked| &tracked.state.behaviors);
        behaviors.filter_map(|(_, state)| state.alarm.as_ref().map(|alarm| &alarm.violation))
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
            ReportsRecord::ReportV1 { thing, cbor, arrived, payload } => {
                match decode(stored_format(*cbor), payload) {
                    Ok(report) => {
                        self.report((sequence, *arrived), thing, &report, scene, effects);
                    }
                    Err(_) => effects.unreadable += 1,
                }
            }
            ReportsRecord::CloudV1 { from, at, devices } => {
                self.cloud((sequence, *from, *at), devices, scene, effects);
            }
            ReportsRecord::StartedV1 { at } => self.start((sequence, *at), scene, effects),
        }
        self.next = sequence + 1;
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

    fn report(
        &mut self,
        (sequence, at): (u64, Timestamp),
        thing: &str,
        report: &Report,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        if !self.has_room_for(thing, scene) {
            effects.strangers.push(sequence);
            return;
        }
        let number = self.number;
        let (thing, tracked) = self.tracked(thing, at, scene, effects);
        if tracked.state.repeats(report.report_id) {
            effects.duplicates.push(sequence);
            return;
        }
        effects.evaluated += 1;
        tracked.touch(&thing, effects);
        tracked.state.last_seen = tracked.state.last_seen.max(at);
        let list = scene.watchlist;
        let newest = report.metrics.as_ref().and_then(|it| it.network_stats).unwrap_or_default();
        if list.traffic_windows > 0 {
            let keep = scene.window * u32::from(list.traffic_windows);
            tracked.state.remember_traffic(at, newest, (scene.window, keep));
        }
        let Tracked { state, applicable, .. } = tracked;
        for profile in list.select(applicable) {
            for behavior in device_behaviors(profile) {
                let period = scene.window * u32::from(behavior.windows);
                let traffic = || state.traffic_sum(at, newest, period);
                let measured = measure(&behavior.metric, report, traffic, list);
                let Some(measured) = measured else { continue };
                let trace = (number, sequence);
                let thing = &thing;
                let percentile = None;
                let point = Datapoint { thing, profile, behavior, measured, at, trace, percentile };
                datapoint(state, &point, effects);
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
        self.applicable = list.applicable(thing, scene.directory);
        let monitored = |id: u64| {
            list.select(&self.applicable).flat_map(|it| &it.behaviors).any(|it| it.id == id)
        };
        let before = self.state.behaviors.len();
        self.state.behaviors.retain_mut(|(id, state)| {
            if monitored(*id) {
                return true;
            }
            if let Some(alarm) = state.alarm.take() {
                effects.events.push(violation::invalidated(*alarm, now));
            }
            false
        });
        if self.state.behaviors.len() != before {
            self.touch(thing, effects);
        }
    }
}

fn device_behaviors(profile: &Profile) -> impl Iterator<Item = &Behavior> {
    profile.behaviors.iter().filter(|behavior| behavior.metric.side() == Side::Device)
}

/// The value of a device-side metric in `report`.
pub(crate) fn measure(
    metric: &MetricRef,
    report: &Report,
    traffic: impl FnOnce() -> picket_wire_report::NetworkStats,
    list: &Watchlist,
) -> Option<Measured> {
    match metric {
        MetricRef::BuiltIn(_) => {
            let metrics: &DeviceMetrics = report.metrics.as_ref()?;
            let observation = Observation::Report { metrics, traffic: traffic() };
            metric.observe(&observation)
        }
        MetricRef::Custom(name) => {
            let values = report.custom_metrics.as_ref()?;
            let (_, value) = values.iter().find(|(other, _)| **other == **name)?;
            custom(value, *list.custom.get(&**name)?)
        }
    }
}

/// A custom value as a datapoint, unless it is not of the declared kind.
fn custom(value: &CustomValue, declared: Kind) -> Option<Measured> {
    match (value, declared) {
        (CustomValue::Number(number), Kind::Number) => Some(Measured::Number(*number)),
        (CustomValue::NumberList(numbers), Kind::Numbers) => {
            Some(Measured::Numbers(numbers.clone()))
        }
        (CustomValue::StringList(texts), Kind::Strings) => Some(Measured::Texts(texts.clone())),
        (CustomValue::IpList(addresses), Kind::Cidrs) => {
            Some(Measured::addresses(addresses.iter().copied()))
        }
        _ => None,
    }
}

fn datapoint(state: &mut ThingState, point: &Datapoint<'_>, effects: &mut Effects) {
    let Datapoint { behavior, measured, at, .. } = point;
    let threshold = point.percentile.map(|it| it.threshold);
    let Some(verdict) = behavior.verdict(measured, threshold) else { return };
    let state = state.behavior(behavior.id);
    state.last_datapoint = state.last_datapoint.max(*at);
    let violates = verdict == Verdict::Violates;
    match state.step(violates, (behavior.to_alarm, behavior.to_clear)) {
        Step::Quiet if violates => state.run.push(violation::evidence(point, true)),
        Step::Quiet => state.run.clear(),
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
