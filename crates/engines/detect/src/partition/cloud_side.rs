//! The cloud-side metrics: taking in counts and closing windows (spec device-defender §2.4–§2.7).

use std::sync::Arc;
use std::time::Duration;

use picket_core::{MetricValue, Timestamp};
use picket_profile::{Flag, Measured, Observation, WindowCounts, WindowView};

use super::{Datapoint, DeviceDelta, Effects, OutboxEntry, Partition, Scene, Tracked, datapoint};
use crate::history::Origin;
use crate::plan::Step;
use crate::thing::{CloudState, Window};
use crate::violation;

/// Windows that are closed one by one after a pause; what lies further back is closed with the oldest
/// of them.
const CATCH_UP_WINDOWS: u32 = 12;
/// A device's offline time is exported once in this many windows: every hour.
const OFFLINE_EXPORT_WINDOWS: u32 = 12;
/// A clock that was set back by more than this many windows is believed.
const SET_BACK_WINDOWS: u32 = 2;
const DISCONNECT_DURATION: &str = "aws:disconnect-duration";

/// Which record is being evaluated, and the window it closes.
#[derive(Clone, Copy)]
struct Closing {
    sequence: u64,
    start: Timestamp,
    end: Timestamp,
    /// When the server started.
    started: Timestamp,
}

impl Partition {
    pub(super) fn cloud(
        &mut self,
        (sequence, from, at): (u64, Timestamp, Timestamp),
        devices: &[DeviceDelta],
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let start = from.min(at).floor_to(scene.window);
        let mut closed_until = *self.progress.closed_until.get_or_insert(start);
        if at.plus(scene.window * SET_BACK_WINDOWS) < closed_until {
            self.set_back(at, scene, effects);
            closed_until = at.floor_to(scene.window);
            self.progress.closed_until = Some(closed_until);
        }
        // Counts that come after their window was closed go to the one that is open.
        let start = start.max(closed_until);
        for device in devices {
            self.device((sequence, start, at), device, scene, effects);
        }
        self.close_windows(sequence, at, scene, effects);
    }

    /// The clock was set back: what lies ahead of it must not hold anything up.
    fn set_back(&mut self, at: Timestamp, scene: &Scene<'_>, effects: &mut Effects) {
        let start = at.floor_to(scene.window);
        for (thing, tracked) in &mut self.things {
            let state = &mut tracked.state;
            state.last_seen = state.last_seen.min(at);
            if let Some(cloud) = &mut state.cloud {
                cloud.set_back(at, start);
            }
            for (_, behavior) in &mut state.behaviors {
                behavior.last_datapoint = behavior.last_datapoint.min(at);
            }
            // Values of periods that begin ahead count for none: their percentiles would wait for ever.
            state.pending.clear();
            tracked.touch(thing, effects);
        }
        self.progress.started = self.progress.started.min(at);
        self.thresholds.retain(|threshold| threshold.end <= at);
        effects.thresholds_changed = true;
    }

    /// After a start: closes the window that the stop interrupted, skips those of the downtime, in which
    /// nobody could be seen, and takes everyone for offline.
    pub(super) fn start(
        &mut self,
        (sequence, at): (u64, Timestamp),
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        if let Some(start) = self.progress.closed_until {
            let end = start.plus(scene.window);
            if end <= at {
                let started = self.progress.started;
                self.close_window(Closing { sequence, start, end, started }, scene, effects);
                self.progress.closed_until = Some(end.max(at.floor_to(scene.window)));
            }
        }
        self.progress.started = at;
        self.everyone_is_offline(at, effects);
    }

    fn everyone_is_offline(&mut self, at: Timestamp, effects: &mut Effects) {
        for (thing, tracked) in &mut self.things {
            let Some(cloud) = &mut tracked.state.cloud else { continue };
            if cloud.connected.take().is_some() {
                cloud.offline_since = Some(at);
                tracked.touch(thing, effects);
            }
        }
    }

    fn device(
        &mut self,
        (sequence, start, at): (u64, Timestamp, Timestamp),
        device: &DeviceDelta,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let trace = (self.number, sequence);
        if !self.has_room_for(&device.identity, scene) {
            return;
        }
        let (thing, tracked) = self.tracked(&device.identity, at, scene, effects);
        tracked.touch(&thing, effects);
        let state = &mut tracked.state;
        state.last_seen = state.last_seen.max(at);
        state.cloud.get_or_insert_default().take((start, at), device);
        let counts = &device.counts;
        if counts.connects > 0 || counts.disconnects > 0 {
            tracked.seen((&thing, trace, at), counts.connects > 0, scene, effects);
        }
    }

    fn close_windows(
        &mut self,
        sequence: u64,
        at: Timestamp,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Some(closed_until) = self.progress.closed_until else { return };
        let (window, started) = (scene.window, self.progress.started);
        let due = back(at, scene.grace).floor_to(window);
        // Windows begin at multiples of their length, also after the length was changed.
        let aligned = closed_until.floor_to(window);
        let mut start = if aligned < closed_until { aligned.plus(window) } else { aligned };
        if due.since(start) > window * CATCH_UP_WINDOWS {
            start = back(due, window * CATCH_UP_WINDOWS);
        }
        while start < due {
            let end = start.plus(window);
            self.close_window(Closing { sequence, start, end, started }, scene, effects);
            self.progress.closed_until = Some(end);
            start = end;
        }
    }

    fn close_window(&mut self, closing: Closing, scene: &Scene<'_>, effects: &mut Effects) {
        let number = self.number;
        let mut forgotten = Vec::new();
        for (thing, tracked) in &mut self.things {
            tracked.refresh(thing, closing.end, scene, effects);
            tracked.close_window((number, thing), closing, scene, effects);
            if tracked.plan.flags.is_some()
                && tracked.state.rhythm.gap_begins(closing.end, closing.started)
            {
                let origin = ((number, closing.sequence), closing.end, Origin::Window);
                tracked.flagged(thing, origin, Flag::ReportGap, scene, effects);
            }
            tracked.invalidate_silent(thing, closing.end, scene, effects);
            let silent = closing.end.since(tracked.state.last_seen) > scene.silence;
            if silent && !tracked.state.is_connected() && !tracked.state.is_in_alarm() {
                tracked.touch(thing, effects);
                forgotten.push(thing.clone());
            }
        }
        for thing in forgotten {
            self.things.remove(&thing);
        }
    }
}

impl Tracked {
    /// A connect and a disconnect are datapoints of the offline time by themselves: none so far.
    fn seen(
        &mut self,
        (thing, trace, at): (&Arc<str>, (u16, u64), Timestamp),
        has_connected: bool,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Self { state, plan, .. } = self;
        let steps = plan.cloud.iter();
        for step in steps.filter(|step| step.watched.metric.name() == DISCONNECT_DURATION) {
            let zero = Measured::Count(0);
            if step.is_exported {
                let entry = outbox_entry(thing, step, (zero.value(), None), at);
                effects.outbox.push((trace.1, entry));
            }
            if let Some(series) = step.kept {
                let origin = if has_connected { Origin::Connection } else { Origin::Disconnection };
                effects.kept.begin(thing, at, (trace.1, origin));
                effects.kept.value(series, &zero);
            }
            if !has_connected {
                continue;
            }
            for asked in &step.behaviors {
                let Some((profile, behavior)) = asked.of(scene.watchlist.profiles()) else {
                    continue;
                };
                let measured = zero.clone();
                let point =
                    Datapoint { thing, profile, behavior, measured, at, trace, percentile: None };
                datapoint(state, &point, effects);
            }
        }
    }

    fn close_window(
        &mut self,
        (number, thing): (u16, &Arc<str>),
        closing: Closing,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Closing { sequence, start, end, .. } = closing;
        let Some(cloud) = &mut self.state.cloud else { return };
        let window = cloud.close(start, end);
        let offline_since = cloud.offline_since.filter(|since| *since < end);
        if !window.active && offline_since.is_none() && cloud.closed.is_empty() {
            return;
        }
        let windows = self.plan.cloud_windows;
        if windows > 1 {
            cloud.closed.push_back(window.clone());
        }
        let longest = scene.window * u32::from(windows);
        while cloud.closed.front().is_some_and(|oldest| end.since(oldest.start) > longest) {
            cloud.closed.pop_front();
        }
        self.touch(thing, effects);
        let ended = Ended { thing, window, offline_since, end, trace: (number, sequence) };
        effects.kept.begin(thing, end, (sequence, Origin::Window));
        let plan = self.plan.clone();
        for step in &plan.cloud {
            self.evaluate_window(&ended, step, scene, effects);
        }
    }

    fn evaluate_window(
        &mut self,
        ended: &Ended<'_>,
        step: &Step,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Ended { thing, window, end, trace, .. } = ended;
        let Some(metric) = step.built_in else { return };
        let nothing = WindowCounts::default();
        let counts = window.seen_through(step.lens).unwrap_or(&nothing);
        let own = metric.observe(&Observation::Window(ended.view(counts, window.active)));
        if let Some(own) = &own {
            if let Some(series) = step.kept {
                effects.kept.value(series, own);
            }
            if step.is_exported {
                export(thing, step, own, (trace.1, *end), scene, effects);
            }
        }
        for asked in &step.behaviors {
            let Some((profile, behavior)) = asked.of(scene.watchlist.profiles()) else { continue };
            let cloud = self.state.cloud.as_deref();
            let measured = match behavior.windows {
                1 => own.clone(),
                windows => sum_period(cloud, (step.lens, windows, *end), scene).and_then(
                    |(counts, active)| {
                        metric.observe(&Observation::Window(ended.view(&counts, active)))
                    },
                ),
            };
            let Some(measured) = measured else { continue };
            if behavior.is_statistical() {
                self.state.accumulate((behavior.id, *end), &measured, false);
                continue;
            }
            let (at, trace) = (*end, *trace);
            let point =
                Datapoint { thing, profile, behavior, measured, at, trace, percentile: None };
            datapoint(&mut self.state, &point, effects);
        }
    }

    fn invalidate_silent(
        &mut self,
        thing: &Arc<str>,
        now: Timestamp,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let mut any = false;
        for (_, state) in &mut self.state.behaviors {
            if now.since(state.last_datapoint) <= scene.silence {
                continue;
            }
            if let Some(alarm) = state.alarm.take() {
                effects.events.push(violation::invalidated(*alarm, now));
                *state = crate::behavior::BehaviorState::default();
                any = true;
            }
        }
        let is_over = |last: Timestamp| now.since(last) > scene.silence;
        for former in self.state.former.extract_if(.., |it| is_over(it.last_datapoint)) {
            effects.events.push(violation::invalidated(*former.alarm, now));
            any = true;
        }
        if any {
            self.touch(thing, effects);
        }
    }
}

/// A window of one device that has just been closed.
struct Ended<'a> {
    thing: &'a Arc<str>,
    window: Window,
    offline_since: Option<Timestamp>,
    end: Timestamp,
    trace: (u16, u64),
}

impl Ended<'_> {
    const fn view<'c>(&self, counts: &'c WindowCounts, active: bool) -> WindowView<'c> {
        WindowView { counts, active, offline_since: self.offline_since, end: self.end }
    }
}

/// The counts of the period of `windows` windows that ends at `end`; `None` if none ends there.
fn sum_period(
    cloud: Option<&CloudState>,
    (lens, windows, end): (Option<u64>, u16, Timestamp),
    scene: &Scene<'_>,
) -> Option<(WindowCounts, bool)> {
    let period = scene.window * u32::from(windows);
    if end.floor_to(period) != end {
        return None;
    }
    let mut counts = WindowCounts::default();
    let mut any_active = false;
    for window in cloud?.closed.iter().filter(|it| end.since(it.start) <= period) {
        if let Some(part) = window.seen_through(lens) {
            counts.add(part);
        }
        any_active |= window.active;
    }
    Some((counts, any_active))
}

fn export(
    thing: &str,
    step: &Step,
    measured: &Measured,
    (sequence, end): (u64, Timestamp),
    scene: &Scene<'_>,
    effects: &mut Effects,
) {
    let hour = scene.window * OFFLINE_EXPORT_WINDOWS;
    if step.watched.metric.name() == DISCONNECT_DURATION && end.floor_to(hour) != end {
        return;
    }
    let mut push = |value, statistic| {
        let entry = outbox_entry(thing, step, (value, statistic), end);
        effects.outbox.push((sequence, entry));
    };
    match measured {
        Measured::Sizes { min, max, total } => {
            push(MetricValue::Count(*min), Some("min"));
            push(MetricValue::Count(*max), Some("max"));
            push(MetricValue::Count(*total), Some("total"));
        }
        other => push(other.value(), None),
    }
}

pub(super) fn outbox_entry(
    thing: &str,
    step: &Step,
    (value, statistic): (MetricValue, Option<&str>),
    time: Timestamp,
) -> OutboxEntry {
    let dimension = step.watched.dimension.as_ref();
    let dimension =
        dimension.map(|it| (it.dimension.name.clone(), it.operator.as_str().to_owned()));
    OutboxEntry {
        thing: thing.to_owned(),
        metric: step.watched.metric.name().to_owned(),
        dimension,
        value,
        statistic: statistic.map(str::to_owned),
        time,
    }
}

fn back(at: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_sub(by))
}
