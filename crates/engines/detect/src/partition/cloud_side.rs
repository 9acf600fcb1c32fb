//! The cloud-side metrics: taking in counts and closing windows (spec device-defender §2.4–§2.7).

use std::sync::Arc;

use picket_core::{MetricValue, Timestamp};

use super::{Datapoint, DeviceDelta, Effects, OutboxEntry, Partition, Scene, Tracked, datapoint};
use crate::thing::ThingState;
use crate::violation;
use picket_profile::{Measured, Observation, Side, WindowCounts, WindowView};

/// Windows that are closed one by one after a pause; what lies further back is closed with the oldest
/// of them.
const CATCH_UP_WINDOWS: u32 = 12;
/// A device's offline time is exported once in this many windows: every hour.
const OFFLINE_EXPORT_WINDOWS: u32 = 12;
const DISCONNECT_DURATION: &str = "aws:disconnect-duration";

/// Which record is being evaluated, and the window it closes.
#[derive(Clone, Copy)]
struct Closing {
    sequence: u64,
    start: Timestamp,
    end: Timestamp,
}

impl Partition {
    pub(super) fn cloud(
        &mut self,
        (sequence, from, at): (u64, Timestamp, Timestamp),
        devices: &[DeviceDelta],
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let start = from.floor_to(scene.window);
        let closed_until = *self.closed_until.get_or_insert(start);
        // Counts that come after their window was closed go to the one that is open.
        let start = start.max(closed_until);
        for device in devices {
            self.device((sequence, start, at), device, scene, effects);
        }
        self.close_windows(sequence, at, scene, effects);
    }

    /// After a start: closes the window that the stop interrupted, skips those of the downtime, in which
    /// nobody could be seen, and takes everyone for offline.
    pub(super) fn start(
        &mut self,
        (sequence, at): (u64, Timestamp),
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        if let Some(start) = self.closed_until {
            let end = start.plus(scene.window);
            if end <= at {
                self.close_window(Closing { sequence, start, end }, scene, effects);
                self.closed_until = Some(end.max(at.floor_to(scene.window)));
            }
        }
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
        let number = self.number;
        let DeviceDelta { identity, counts, connected } = device;
        if !self.has_room_for(identity, scene) {
            return;
        }
        let (thing, tracked) = self.tracked(identity, at, scene, effects);
        tracked.touch(&thing, effects);
        let state = &mut tracked.state;
        state.last_seen = state.last_seen.max(at);
        state.cloud.get_or_insert_default().take((start, at), counts, *connected);
        if counts.connects == 0 && counts.disconnects == 0 {
            return;
        }
        // A connect and a disconnect are datapoints of the offline time by themselves: none so far.
        let zero = Measured::Count(0);
        let list = scene.watchlist;
        if list.cloud_exports.iter().any(|metric| metric.name() == DISCONNECT_DURATION) {
            let entry = outbox_entry(&thing, DISCONNECT_DURATION, (zero.value(), None), at);
            effects.outbox.push((sequence, entry));
        }
        if counts.connects == 0 {
            return;
        }
        let Tracked { state, applicable, .. } = tracked;
        for profile in list.select(applicable) {
            let behaviors = profile.behaviors.iter();
            for behavior in behaviors.filter(|it| it.metric.name() == DISCONNECT_DURATION) {
                let (measured, trace) = (zero.clone(), (number, sequence));
                let (thing, percentile) = (&*thing, None);
                let point = Datapoint { thing, profile, behavior, measured, at, trace, percentile };
                datapoint(state, &point, effects);
            }
        }
    }

    fn close_windows(
        &mut self,
        sequence: u64,
        at: Timestamp,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Some(closed_until) = self.closed_until else { return };
        let window = scene.window;
        let grace = i64::try_from(scene.grace.as_millis()).unwrap_or(i64::MAX);
        let due = Timestamp::from_millis(at.as_millis().saturating_sub(grace)).floor_to(window);
        // Windows begin at multiples of their length, also after the length was changed.
        let aligned = closed_until.floor_to(window);
        let mut start = if aligned < closed_until { aligned.plus(window) } else { aligned };
        if due.since(start) > window * CATCH_UP_WINDOWS {
            let back = window * CATCH_UP_WINDOWS;
            let back = i64::try_from(back.as_millis()).unwrap_or(i64::MAX);
            start = Timestamp::from_millis(due.as_millis().saturating_sub(back));
        }
        while start < due {
            let end = start.plus(window);
            self.close_window(Closing { sequence, start, end }, scene, effects);
            self.closed_until = Some(end);
            start = end;
        }
    }

    fn close_window(&mut self, closing: Closing, scene: &Scene<'_>, effects: &mut Effects) {
        let number = self.number;
        let mut forgotten = Vec::new();
        for (thing, tracked) in &mut self.things {
            tracked.refresh(thing, closing.end, scene, effects);
            tracked.close_window((number, thing), closing, scene, effects);
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
    fn close_window(
        &mut self,
        (number, thing): (u16, &Arc<str>),
        closing: Closing,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        let Closing { sequence, start, end } = closing;
        let list = scene.watchlist;
        let Some(cloud) = &mut self.state.cloud else { return };
        let (counts, active) = cloud.close(start, end);
        let offline_since = cloud.offline_since.filter(|since| *since < end);
        if !active && offline_since.is_none() && cloud.closed.is_empty() {
            return;
        }
        if list.cloud_windows > 1 {
            cloud.closed.push_back((start, counts.clone(), active));
        }
        let longest = scene.window * u32::from(list.cloud_windows);
        while cloud.closed.front().is_some_and(|(oldest, ..)| end.since(*oldest) > longest) {
            cloud.closed.pop_front();
        }
        self.touch(thing, effects);
        let view = WindowView { counts: &counts, active, offline_since, end };
        let Self { state, applicable, .. } = self;
        for profile in list.select(applicable) {
            let behaviors = profile.behaviors.iter();
            for behavior in behaviors.filter(|it| it.metric.side() == Side::Cloud) {
                let summed = sum_period(state, view, (behavior.windows, scene));
                let Some((counts, active)) = summed else { continue };
                let view = WindowView { counts: &counts, active, ..view };
                let measured = behavior.metric.observe(&Observation::Window(view));
                let Some(measured) = measured else { continue };
                let trace = (number, sequence);
                let (at, percentile) = (end, None);
                let point = Datapoint { thing, profile, behavior, measured, at, trace, percentile };
                datapoint(state, &point, effects);
            }
        }
        export(thing, view, sequence, scene, effects);
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
        if any {
            self.touch(thing, effects);
        }
    }
}

/// The counts of the period of `windows` windows that ends with `newest`; `None` if none ends there.
fn sum_period(
    state: &ThingState,
    newest: WindowView<'_>,
    (windows, scene): (u16, &Scene<'_>),
) -> Option<(WindowCounts, bool)> {
    if windows == 1 {
        return Some((newest.counts.clone(), newest.active));
    }
    let period = scene.window * u32::from(windows);
    if newest.end.floor_to(period) != newest.end {
        return None;
    }
    let mut counts = WindowCounts::default();
    let mut any_active = false;
    let closed = state.cloud.as_ref().map(|cloud| &cloud.closed)?;
    for (_, part, active) in closed.iter().filter(|(start, ..)| newest.end.since(*start) <= period)
    {
        counts.add(part);
        any_active |= *active;
    }
    Some((counts, any_active))
}

fn export(
    thing: &str,
    view: WindowView<'_>,
    sequence: u64,
    scene: &Scene<'_>,
    effects: &mut Effects,
) {
    let hour = scene.window * OFFLINE_EXPORT_WINDOWS;
    for metric in &scene.watchlist.cloud_exports {
        let name = metric.name();
        if name == DISCONNECT_DURATION && view.end.floor_to(hour) != view.end {
            continue;
        }
        let Some(measured) = metric.observe(&Observation::Window(view)) else { continue };
        let mut push = |value, statistic| {
            let entry = outbox_entry(thing, name, (value, statistic), view.end);
            effects.outbox.push((sequence, entry));
        };
        match measured {
            Measured::Sizes { min, max, total } => {
                push(MetricValue::Count(min), Some("min"));
                push(MetricValue::Count(max), Some("max"));
                push(MetricValue::Count(total), Some("total"));
            }
            other => push(other.value(), None),
        }
    }
}

fn outbox_entry(
    thing: &str,
    metric: &str,
    (value, statistic): (MetricValue, Option<&str>),
    time: Timestamp,
) -> OutboxEntry {
    OutboxEntry {
        thing: thing.to_owned(),
        metric: metric.to_owned(),
        value,
        statistic: statistic.map(str::to_owned),
        time,
    }
}
