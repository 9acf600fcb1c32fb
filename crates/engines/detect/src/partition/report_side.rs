//! The device-side metrics: what a report says (spec device-defender §2.3, §2.4).

use picket_core::Timestamp;
use picket_profile::{Flag, Kind, Measured, MetricRef, Observation};
use picket_wire_report::{CustomValue, DeviceMetrics, NetworkStats, Report};

use super::cloud_side::outbox_entry;
use super::{Datapoint, Effects, Partition, Scene, Tracked, datapoint};
use crate::history::Origin;
use crate::plan::Step;
use crate::thing::{Arrival, ThingState};
use crate::watchlist::Watchlist;

/// The metric that tells what is impossible about a report. It is known only where the report is
/// evaluated, so that its exports come from there.
pub(crate) const FLAGS: &str = "picket:report-flags";
/// What a report without the block of built-in metrics says.
const NO_METRICS: DeviceMetrics = DeviceMetrics {
    listening_tcp_ports: None,
    listening_udp_ports: None,
    network_stats: None,
    established_connections: None,
};

/// A report on its way through the plan.
struct Incoming<'a> {
    report: &'a Report,
    flags: &'a [Flag],
    traffic: NetworkStats,
    at: Timestamp,
    trace: (u16, u64),
    /// Periods that end up to here are over.
    closed_until: Timestamp,
}

impl Partition {
    /// Evaluates a report: the record's sequence, its arrival, and whether somebody else published it.
    pub(super) fn report(
        &mut self,
        (sequence, at, is_foreign): (u64, Timestamp, bool),
        thing: &str,
        report: &Report,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        if !self.has_room_for(thing, scene) {
            effects.strangers.push(sequence);
            return;
        }
        let (trace, started) = ((self.number, sequence), self.progress.started);
        let closed_until = self.progress.closed_until.unwrap_or_default();
        let (thing, tracked) = self.tracked(thing, at, scene, effects);
        let Tracked { state, .. } = tracked;
        let previous_id = state.report_ids.newest();
        if state.report_ids.repeats(report.report_id, at) {
            effects.duplicates.push(sequence);
            return;
        }
        effects.evaluated += 1;
        let id = report.report_id;
        let flags = state.rhythm.judge(Arrival { at, id, previous_id, is_foreign, started });
        state.last_seen = state.last_seen.max(at);
        let traffic = report.metrics.as_ref().and_then(|it| it.network_stats).unwrap_or_default();
        tracked.touch(&thing, effects);
        let Tracked { state, plan, .. } = tracked;
        if plan.traffic_windows > 0 {
            let keep = scene.window * u32::from(plan.traffic_windows);
            state.traffic.remember(at, traffic, (scene.window, keep));
        }
        let incoming = Incoming { report, flags: &flags, traffic, at, trace, closed_until };
        effects.kept.begin(&thing, at, (sequence, Origin::Report));
        for step in &plan.device {
            let own = observe(&step.watched.metric, &incoming, traffic, scene.watchlist);
            let Some(own) = own else { continue };
            if let Some(series) = step.kept {
                effects.kept.value(series, &own);
            }
            if step.is_exported && step.watched.metric.name() == FLAGS {
                let entry = outbox_entry(&thing, step, (own.value(), None), at);
                effects.outbox.push((sequence, entry));
            }
            evaluate(state, (&thing, step, own), &incoming, scene, effects);
        }
    }

    /// Notes that a report was refused for something impossible.
    pub(super) fn impossible(
        &mut self,
        (sequence, at): (u64, Timestamp),
        thing: &str,
        flag: Flag,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        if self.has_room_for(thing, scene) {
            let number = self.number;
            let (thing, tracked) = self.tracked(thing, at, scene, effects);
            tracked.flagged(&thing, ((number, sequence), at, Origin::Report), flag, scene, effects);
        }
    }
}

impl Tracked {
    /// Evaluates a flag that comes without a report.
    pub(super) fn flagged(
        &mut self,
        thing: &std::sync::Arc<str>,
        (trace, at, origin): ((u16, u64), Timestamp, Origin),
        flag: Flag,
        scene: &Scene<'_>,
        effects: &mut Effects,
    ) {
        self.touch(thing, effects);
        let Self { state, plan, .. } = self;
        let Some(step) = plan.flags.and_then(|place| plan.device.get(place)) else { return };
        let measured = Measured::Texts(vec![flag.as_str().to_owned()]);
        if let Some(series) = step.kept {
            effects.kept.begin(thing, at, (trace.1, origin));
            effects.kept.value(series, &measured);
        }
        if step.is_exported {
            let entry = outbox_entry(thing, step, (measured.value(), None), at);
            effects.outbox.push((trace.1, entry));
        }
        for asked in &step.behaviors {
            let Some((profile, behavior)) = asked.of(scene.watchlist.profiles()) else { continue };
            let measured = measured.clone();
            let point =
                Datapoint { thing, profile, behavior, measured, at, trace, percentile: None };
            datapoint(state, &point, effects);
        }
    }
}

/// Puts the value of a metric, as the report has it, through all behaviours that look at it.
fn evaluate(
    state: &mut ThingState,
    (thing, step, own): (&str, &Step, Measured),
    incoming: &Incoming<'_>,
    scene: &Scene<'_>,
    effects: &mut Effects,
) {
    let Incoming { at, trace, .. } = *incoming;
    let list = scene.watchlist;
    let mut own = Some(own);
    let last = step.behaviors.len().saturating_sub(1);
    for (place, asked) in step.behaviors.iter().enumerate() {
        let Some((profile, behavior)) = asked.of(list.profiles()) else { continue };
        let period = scene.window * u32::from(behavior.windows);
        if behavior.is_statistical() {
            // What comes late counts in the period that is open.
            let end = at.max(incoming.closed_until).floor_to(period).plus(period);
            if let Some(own) = &own {
                state.accumulate((behavior.id, end), own, step.is_sum);
            }
            continue;
        }
        let measured = if step.is_sum {
            let sum = state.traffic.sum(at, incoming.traffic, period);
            observe(&step.watched.metric, incoming, sum, list)
        } else if place == last {
            own.take()
        } else {
            own.clone()
        };
        let Some(measured) = measured else { continue };
        let point = Datapoint { thing, profile, behavior, measured, at, trace, percentile: None };
        datapoint(state, &point, effects);
    }
}

fn observe(
    metric: &MetricRef,
    incoming: &Incoming<'_>,
    traffic: NetworkStats,
    list: &Watchlist,
) -> Option<Measured> {
    value(metric, (incoming.report, incoming.flags), traffic, list)
}

/// The value of a device-side metric as `report` has it. What is impossible about a report is known only
/// where it is evaluated.
pub(crate) fn measure(metric: &MetricRef, report: &Report, list: &Watchlist) -> Option<Measured> {
    let traffic = report.metrics.as_ref().and_then(|it| it.network_stats).unwrap_or_default();
    value(metric, (report, &[]), traffic, list)
}

fn value(
    metric: &MetricRef,
    (report, flags): (&Report, &[Flag]),
    traffic: NetworkStats,
    list: &Watchlist,
) -> Option<Measured> {
    match metric {
        MetricRef::BuiltIn(_) => {
            let metrics = report.metrics.as_ref().unwrap_or(&NO_METRICS);
            metric.observe(&Observation::Report { metrics, traffic, flags })
        }
        MetricRef::Custom(name) => {
            let values = report.custom_metrics.as_ref()?;
            let (_, value) = values.iter().find(|(other, _)| **other == **name)?;
            custom(value, list.custom(name)?)
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
