//! Putting stored datapoints through the state machine of live evaluation (spec device-defender §4.1).

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::alarms::Violation;
use picket_ports::event_log::partition_of;
use picket_ports::metric_history::BehaviorOutcome;
use picket_profile::{Profile, Verdict};

use super::fleet::{Entry, Halt, Visitor};
use super::kept::Origin;
use super::measure::{Found, Measure, Watches};
use crate::behavior::{BehaviorState, Step};
use crate::violation::{self, Datapoint, Percentile};

const HOUR: Duration = Duration::from_secs(3600);

/// What is tried, the same for all devices.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) profile: Profile,
    /// One for each behaviour, in their order.
    pub(super) watches: Arc<Watches>,
    /// By behaviour and end of the period.
    pub(super) percentiles: HashMap<(usize, Timestamp), Percentile>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// How long after its end a window is closed.
    pub(super) grace: Duration,
    /// A behaviour in alarm without a datapoint for this long is invalidated.
    pub(super) silence: Duration,
    pub(super) partitions: u16,
    pub(super) alarms_max: usize,
}

/// What came of it, for some devices.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) behaviors: Vec<BehaviorOutcome>,
    /// The oldest alarms, as many as are asked for.
    alarms: BinaryHeap<ByStart>,
    pub(super) by_hour: BTreeMap<Timestamp, u64>,
    pub(super) devices: u64,
    pub(super) datapoints: u64,
}

/// Alarms by when they began, then by device and behaviour, so that the list does not depend on which
/// thread was faster.
#[derive(Debug)]
struct ByStart(Violation);

impl ByStart {
    fn key(&self) -> (Timestamp, &str, &str) {
        (self.0.started, &self.0.thing, &self.0.behavior)
    }
}

impl PartialEq for ByStart {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ByStart {}

impl PartialOrd for ByStart {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByStart {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Tally {
    fn of(plan: &Plan) -> Self {
        let named =
            |name: &str| BehaviorOutcome { behavior: name.to_owned(), ..Default::default() };
        let behaviors = plan.profile.behaviors.iter().map(|it| named(&it.name)).collect();
        Self { behaviors, ..Self::default() }
    }

    /// Adds what came of other devices.
    pub(super) fn add(&mut self, other: Self, alarms_max: usize) {
        let Self { behaviors, alarms, by_hour, devices, datapoints } = other;
        for (sum, more) in self.behaviors.iter_mut().zip(behaviors) {
            sum.datapoints += more.datapoints;
            sum.violating += more.violating;
            sum.alarms += more.alarms;
            sum.devices += more.devices;
        }
        for ByStart(alarm) in alarms {
            self.keep(alarm, alarms_max);
        }
        for (hour, count) in by_hour {
            *self.by_hour.entry(hour).or_default() += count;
        }
        self.devices += devices;
        self.datapoints += datapoints;
    }

    /// The alarms that were kept, oldest first.
    pub(super) fn alarms(&mut self) -> Vec<Violation> {
        let alarms = std::mem::take(&mut self.alarms);
        alarms.into_sorted_vec().into_iter().map(|it| it.0).collect()
    }

    fn keep(&mut self, alarm: Violation, alarms_max: usize) {
        self.alarms.push(ByStart(alarm));
        if self.alarms.len() > alarms_max {
            self.alarms.pop();
        }
    }
}

/// Tries a profile on one device after the other.
#[derive(Debug)]
pub(super) struct Replay {
    plan: Arc<Plan>,
    measure: Measure,
    machine: Machine,
}

/// The state machines of one device's behaviours.
#[derive(Debug)]
struct Machine {
    thing: Arc<str>,
    partition: u16,
    states: Vec<BehaviorState>,
    /// Behaviours that have had an alarm.
    alarmed: Vec<bool>,
    newest: Option<Timestamp>,
    is_counted: bool,
    tally: Tally,
}

impl Replay {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let count = plan.profile.behaviors.len();
        let machine = Machine {
            thing: Arc::from(""),
            partition: 0,
            states: vec![BehaviorState::default(); count],
            alarmed: vec![false; count],
            newest: None,
            is_counted: false,
            tally: Tally::of(&plan),
        };
        Self { measure: Measure::new(plan.watches.clone()), plan, machine }
    }

    /// What came of all devices.
    pub(super) fn into_tally(self) -> Tally {
        self.machine.tally
    }
}

impl Visitor for Replay {
    fn begin(&mut self, thing: &Arc<str>) {
        self.measure.reset();
        let machine = &mut self.machine;
        machine.thing = thing.clone();
        machine.partition = partition_of(thing, self.plan.partitions);
        machine.states.fill(BehaviorState::default());
        machine.alarmed.fill(false);
        machine.newest = None;
        machine.is_counted = false;
    }

    fn entry(&mut self, entry: Entry) -> Result<(), Halt> {
        let Self { plan, measure, machine } = self;
        measure.entry(entry, &mut |found| machine.datapoint(plan, found))?;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Halt> {
        let Self { plan, measure, machine } = self;
        measure.end(plan.to, &mut |found| machine.datapoint(plan, found))?;
        machine.finish(plan);
        Ok(())
    }
}

impl Machine {
    fn datapoint(&mut self, plan: &Plan, found: &Found<'_>) {
        let Found { place, measured, at, sequence, origin } = *found;
        if at < plan.from || at >= plan.to {
            return;
        }
        let Some(behavior) = plan.profile.behaviors.get(place) else { return };
        let percentile = match behavior.is_statistical() {
            true => match plan.percentiles.get(&(place, at)) {
                Some(percentile) => Some(*percentile),
                None => return,
            },
            false => None,
        };
        let verdict = behavior.verdict(measured, percentile.map(|it| it.threshold));
        let Some(verdict) = verdict else { return };
        self.notice_silence(plan, (at, origin));
        if !std::mem::replace(&mut self.is_counted, true) {
            self.tally.devices += 1;
        }
        self.tally.datapoints += 1;
        let violates = verdict == Verdict::Violates;
        let point = Datapoint {
            thing: &self.thing,
            profile: &plan.profile,
            behavior,
            measured: measured.clone(),
            at,
            trace: (self.partition, sequence),
            percentile,
        };
        let (Some(state), Some(outcome)) =
            (self.states.get_mut(place), self.tally.behaviors.get_mut(place))
        else {
            return;
        };
        state.last_datapoint = state.last_datapoint.max(at);
        outcome.datapoints += 1;
        outcome.violating += u64::from(violates);
        match state.step(violates, (behavior.to_alarm, behavior.to_clear)) {
            Step::Quiet if violates => state.run.push(violation::evidence(&point, true)),
            Step::Quiet => state.run.clear(),
            Step::Raise => {
                let (alarm, _) = violation::raised(&point, std::mem::take(&mut state.run));
                state.alarm = Some(Box::new(alarm));
                outcome.alarms += 1;
                *self.tally.by_hour.entry(at.floor_to(HOUR)).or_default() += 1;
                if let Some(alarmed) = self.alarmed.get_mut(place)
                    && !std::mem::replace(alarmed, true)
                {
                    outcome.devices += 1;
                }
            }
            Step::StillBad => {
                if let Some(alarm) = &mut state.alarm {
                    violation::renew(alarm, &point);
                }
            }
            Step::Clear => {
                if let Some(alarm) = state.alarm.take() {
                    let ended = violation::cleared(*alarm, &point).event.violation;
                    self.tally.keep(ended, plan.alarms_max);
                }
            }
        }
    }

    /// Before a datapoint at `at`: alarms that were without one for too long were invalidated by the first
    /// window that was closed after that, and a device that was silent altogether was forgotten.
    fn notice_silence(&mut self, plan: &Plan, (at, origin): (Timestamp, Origin)) {
        let is_over = |end: Timestamp| match origin {
            Origin::Window => end < at,
            _ => end.plus(plan.grace) < at,
        };
        self.invalidate(plan, &is_over);
        let forgotten = self.newest.map(|newest| plan.end_of_silence(newest));
        if forgotten.is_some_and(is_over) {
            self.states.fill(BehaviorState::default());
        }
        self.newest = self.newest.max(Some(at));
    }

    fn invalidate(&mut self, plan: &Plan, is_over: &dyn Fn(Timestamp) -> bool) {
        for state in &mut self.states {
            let end = plan.end_of_silence(state.last_datapoint);
            if state.alarm.is_none() || !is_over(end) {
                continue;
            }
            if let Some(alarm) = state.alarm.take() {
                let ended = violation::invalidated(*alarm, end).event.violation;
                self.tally.keep(ended, plan.alarms_max);
            }
            *state = BehaviorState::default();
        }
    }

    /// At the end of the time: alarms that are on stay on.
    fn finish(&mut self, plan: &Plan) {
        self.invalidate(plan, &|end| end.plus(plan.grace) < plan.to);
        for state in &mut self.states {
            if let Some(alarm) = state.alarm.take() {
                self.tally.keep(alarm.violation, plan.alarms_max);
            }
        }
    }
}

impl Plan {
    /// The end of the first window that is closed when nothing has come since `newest` for too long.
    fn end_of_silence(&self, newest: Timestamp) -> Timestamp {
        let window = self.watches.window;
        newest.plus(self.silence).floor_to(window).plus(window)
    }
}
