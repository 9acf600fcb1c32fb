//! What is remembered of one device.

use picket_core::Timestamp;
use picket_profile::Measured;
use serde::{Deserialize, Serialize};

use crate::behavior::BehaviorState;
use crate::violation::Alarm;

mod cloud;
mod report_ids;
mod rhythm;
mod traffic;
pub(crate) mod v1;

pub(crate) use cloud::{CloudState, Window};
pub(crate) use report_ids::ReportIds;
pub(crate) use rhythm::{Arrival, Rhythm};
pub(crate) use traffic::TrafficBook;

/// The state of one identity. Stored whenever it has changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ThingState {
    /// Ids of the newest reports.
    pub(crate) report_ids: ReportIds,
    /// When it usually reports.
    pub(crate) rhythm: Rhythm,
    /// The newest sign of life.
    pub(crate) last_seen: Timestamp,
    /// Whether there was a thing of this name when that was looked up last. A device that becomes
    /// registered, or is no longer, is another identity (spec device-defender §3.3).
    pub(crate) registered: Option<bool>,
    /// Traffic of the newest reports, for sums over a period.
    pub(crate) traffic: TrafficBook,
    /// What the front door saw, if it saw anything.
    pub(crate) cloud: Option<Box<CloudState>>,
    /// By behaviour id.
    pub(crate) behaviors: Vec<(u64, BehaviorState)>,
    /// Values that wait for their percentile.
    pub(crate) pending: Vec<Pending>,
    /// Alarms of the identity that the device had before.
    pub(crate) former: Vec<Former>,
}

/// What a device had in a period, to be held against a percentile of all devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The behaviour's id.
    pub(crate) behavior: u64,
    /// The end of the period.
    pub(crate) end: Timestamp,
    /// The value so far.
    pub(crate) amount: Amount,
}

/// A value that percentiles are made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Amount {
    /// Of a count.
    Count(u64),
    /// Of a custom number.
    Number(f64),
}

impl Amount {
    /// `None` for a value that is no number, or a negative one (spec device-defender §4.2).
    pub(crate) fn of(measured: &Measured) -> Option<Self> {
        match measured {
            Measured::Count(count) | Measured::Sizes { total: count, .. } => {
                Some(Self::Count(*count))
            }
            Measured::Number(number) if *number >= 0.0 => Some(Self::Number(*number)),
            _ => None,
        }
    }

    /// The value as it is compared and shown.
    pub(crate) const fn measured(self) -> Measured {
        match self {
            Self::Count(count) => Measured::Count(count),
            Self::Number(number) => Measured::Number(number),
        }
    }

    /// The sum, or the newer one.
    pub(crate) const fn with(self, newer: Self, is_sum: bool) -> Self {
        match (self, newer) {
            (Self::Count(sum), Self::Count(more)) if is_sum => {
                Self::Count(sum.saturating_add(more))
            }
            _ => newer,
        }
    }

    /// As percentiles count it.
    pub(crate) const fn as_f64(self) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Number(number) => number,
        }
    }
}

/// An alarm of an identity that the device has no longer. It stays for as long as an alarm of a silent
/// device does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Former {
    /// The behaviour's id.
    pub(crate) behavior: u64,
    /// The newest datapoint.
    pub(crate) last_datapoint: Timestamp,
    /// The alarm.
    pub(crate) alarm: Box<Alarm>,
}

impl ThingState {
    /// The state of a behaviour, made if it is not there.
    pub(crate) fn behavior(&mut self, id: u64) -> &mut BehaviorState {
        let at = match self.behaviors.iter().position(|(other, _)| *other == id) {
            Some(at) => at,
            None => {
                // One at a time: most devices have a few behaviours and keep them.
                self.behaviors.reserve_exact(1);
                self.behaviors.push((id, BehaviorState::default()));
                self.behaviors.len() - 1
            }
        };
        &mut self.behaviors[at].1
    }

    /// Alarms that are on, those of a former identity too.
    pub(crate) fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        let now = self.behaviors.iter().filter_map(|(_, state)| state.alarm.as_deref());
        now.chain(self.former.iter().map(|former| &*former.alarm))
    }

    /// Whether any behaviour is in alarm.
    pub(crate) fn is_in_alarm(&self) -> bool {
        self.alarms().next().is_some()
    }

    /// Whether the device is connected now.
    pub(crate) fn is_connected(&self) -> bool {
        self.cloud.as_ref().is_some_and(|cloud| cloud.connected.is_some())
    }

    /// Begins anew for another identity of the same name. Alarms stay with the former one.
    pub(crate) fn become_another(&mut self) {
        for (behavior, state) in self.behaviors.drain(..) {
            if let Some(alarm) = state.alarm {
                let last_datapoint = state.last_datapoint;
                self.former.push(Former { behavior, last_datapoint, alarm });
            }
        }
        self.pending.clear();
    }

    /// Takes in a value of the period that ends at `end`.
    pub(crate) fn accumulate(
        &mut self,
        (behavior, end): (u64, Timestamp),
        measured: &Measured,
        is_sum: bool,
    ) {
        let found = self.pending.iter().position(|it| it.behavior == behavior && it.end == end);
        match (found, Amount::of(measured)) {
            (Some(place), Some(amount)) => {
                let pending = &mut self.pending[place];
                pending.amount = pending.amount.with(amount, is_sum);
            }
            (None, Some(amount)) => self.pending.push(Pending { behavior, end, amount }),
            // Without a value that percentiles can be made of, the period has no datapoint.
            (Some(place), None) => drop(self.pending.swap_remove(place)),
            (None, None) => {}
        }
    }

    /// Takes out the value that waited for a percentile.
    pub(crate) fn take_pending(&mut self, behavior: u64, end: Timestamp) -> Option<Amount> {
        let place = self.pending.iter().position(|it| it.behavior == behavior && it.end == end)?;
        Some(self.pending.swap_remove(place).amount)
    }
}

#[cfg(test)]
mod tests;
