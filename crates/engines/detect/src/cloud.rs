//! Counting what the front door sees (spec device-defender §2.7).

use std::net::IpAddr;
use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::{Mutex, RwLock};
use picket_ports::{CloudMetrics, DeviceCounters};
use picket_profile::{MetricDimension, WindowCounts};

use crate::engine::DetectEngine;
use crate::lens::Lenses;
use crate::record::DeviceDelta;

/// Identities are spread over this many locks.
const SHARDS: usize = 16;
/// Identities of one lock beyond which forgotten ones are not taken back.
const SHARD_MAX: usize = 65_536;
/// Longer identities are cut: MQTT client ids may have 64 KiB, names of ours have 128 bytes.
const IDENTITY_BYTES_MAX: usize = 128;

type Shard = RwLock<AHashMap<Box<str>, Arc<DeviceCell>>>;

/// The counters of all identities that are connected or did something since the last flush.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    shards: [Shard; SHARDS],
    hasher: ahash::RandomState,
    lenses: Arc<Lenses>,
}

/// Counts since the last flush. The lock is held for a few instructions and hardly ever contended: a
/// device has one session.
#[derive(Debug)]
struct DeviceCell {
    identity: Box<str>,
    lenses: Arc<Lenses>,
    cell: Mutex<Cell>,
}

#[derive(Debug, Default)]
struct Cell {
    counts: WindowCounts,
    /// Counts through lenses that saw something.
    scoped: Vec<(u64, WindowCounts)>,
    /// Sessions that are up; more than one for a moment during a take-over.
    sessions: u32,
    address: Option<IpAddr>,
    changed: bool,
}

impl Cell {
    fn through(&mut self, lens: u64) -> &mut WindowCounts {
        let place = match self.scoped.iter().position(|(id, _)| *id == lens) {
            Some(place) => place,
            None => {
                self.scoped.push((lens, WindowCounts::default()));
                self.scoped.len() - 1
            }
        };
        &mut self.scoped[place].1
    }
}

impl DeviceCell {
    fn count(&self, add: impl FnOnce(&mut Cell)) {
        let mut cell = self.cell.lock();
        cell.changed = true;
        add(&mut cell);
    }

    /// Counts something that has a topic, or may have one, as a whole and through each lens that sees it.
    fn count_on(&self, topic: Option<&str>, add: impl Fn(&mut WindowCounts)) {
        let Some(lenses) = self.lenses.get() else {
            return self.count(|cell| add(&mut cell.counts));
        };
        self.count(|cell| {
            add(&mut cell.counts);
            let address = cell.address;
            for lens in lenses.iter().filter(|lens| lens.sees(topic, &self.identity)) {
                let counts = cell.through(lens.id);
                add(counts);
                // Who used such a topic did so from here.
                if let Some(address) = address {
                    counts.source(address);
                }
            }
        });
    }
}

impl DeviceCounters for DeviceCell {
    fn connection_attempt(&self, from: IpAddr) {
        self.count(|cell| {
            cell.counts.connection_attempts += 1;
            cell.counts.source(from);
        });
    }

    fn connected(&self, from: IpAddr) {
        self.count(|cell| {
            cell.counts.connects += 1;
            cell.sessions += 1;
            cell.address = Some(from.to_canonical());
            cell.counts.source(from);
        });
    }

    fn disconnected(&self) {
        self.count(|cell| {
            cell.counts.disconnects += 1;
            cell.sessions = cell.sessions.saturating_sub(1);
        });
    }

    fn authorization_failure(&self, topic: Option<&str>) {
        self.count_on(topic, |counts| counts.authorization_failures += 1);
    }

    fn message_in(&self, topic: &str, payload_bytes: usize) {
        self.count_on(Some(topic), |counts| counts.message_in(payload_bytes as u64));
    }

    fn message_out(&self, topic: &str, _payload_bytes: usize) {
        self.count_on(Some(topic), |counts| counts.messages_out += 1);
    }
}

impl Cells {
    fn shard(&self, identity: &str) -> &Shard {
        let hash = self.hasher.hash_one(identity);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)]
    }

    fn cell(&self, identity: &str) -> Arc<DeviceCell> {
        let shard = self.shard(identity);
        if let Some(cell) = shard.read().get(identity) {
            return cell.clone();
        }
        let made = || {
            let (lenses, cell) = (self.lenses.clone(), Mutex::default());
            Arc::new(DeviceCell { identity: identity.into(), lenses, cell })
        };
        shard.write().entry(identity.into()).or_insert_with(made).clone()
    }

    /// Counts through these dimensions from now on.
    pub(crate) fn look_through(&self, dimensions: &[MetricDimension]) {
        self.lenses.set(dimensions);
    }

    /// Takes what was counted since the last call. Identities that are neither connected nor held by
    /// anyone are forgotten.
    pub(crate) fn take(&self) -> Vec<DeviceDelta> {
        let mut deltas = Vec::new();
        for shard in &self.shards {
            let mut idle = false;
            for (identity, device) in &*shard.read() {
                let mut cell = device.cell.lock();
                idle |= cell.sessions == 0 && Arc::strong_count(device) == 1;
                if !std::mem::take(&mut cell.changed) {
                    continue;
                }
                let connected = cell.address.filter(|_| cell.sessions > 0);
                let counts = std::mem::take(&mut cell.counts);
                let scoped = std::mem::take(&mut cell.scoped);
                let identity = identity.as_ref().to_owned();
                deltas.push(DeviceDelta { identity, counts, connected, scoped });
            }
            if idle {
                shard.write().retain(|_, device| {
                    let cell = device.cell.lock();
                    cell.changed || cell.sessions > 0 || Arc::strong_count(device) > 1
                });
            }
        }
        deltas
    }

    /// Puts back what could not be stored. What is gone meanwhile is left out once there are very many:
    /// while nothing can be stored, whoever can make up identities must not be able to fill the memory.
    pub(crate) fn put_back(&self, deltas: Vec<DeviceDelta>) {
        for DeviceDelta { identity, counts, connected: _, scoped } in deltas {
            let shard = self.shard(&identity).read();
            let is_left_out = shard.len() >= SHARD_MAX && !shard.contains_key(identity.as_str());
            drop(shard);
            if is_left_out {
                continue;
            }
            self.cell(&identity).count(|cell| {
                let newer = std::mem::replace(&mut cell.counts, counts);
                cell.counts.add(&newer);
                for (lens, counts) in scoped {
                    cell.through(lens).add(&counts);
                }
            });
        }
    }
}

impl CloudMetrics for DetectEngine {
    fn device(&self, identity: &str) -> Arc<dyn DeviceCounters> {
        let mut end = identity.len().min(IDENTITY_BYTES_MAX);
        while !identity.is_char_boundary(end) {
            end -= 1;
        }
        let identity = identity.get(..end).unwrap_or_default();
        self.shared.cells.cell(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    #[test]
    fn a_take_over_is_a_disconnect_that_leaves_the_device_connected() {
        let cells = Cells::default();
        let cell = cells.cell("a");
        cell.connected(HERE);
        cell.connected(HERE);
        cell.disconnected();
        let delta = cells.take().remove(0);
        assert_eq!((delta.counts.connects, delta.counts.disconnects), (2, 1));
        assert_eq!(delta.connected, Some(HERE));
        assert!(cells.take().is_empty());
    }

    #[test]
    fn an_idle_identity_is_forgotten_once_nobody_holds_it() {
        let cells = Cells::default();
        let cell = cells.cell("a");
        cell.connection_attempt(HERE);
        assert_eq!(cells.take().len(), 1);
        assert!(Arc::ptr_eq(&cell, &cells.cell("a")));
        drop(cell);
        cells.take();
        assert!(cells.shards.iter().all(|shard| shard.read().is_empty()));
    }

    #[test]
    fn what_was_put_back_is_taken_again_with_what_came_in_between() {
        let cells = Cells::default();
        let cell = cells.cell("a");
        cell.message_in("t", 5);
        let taken = cells.take();
        cell.message_in("t", 9);
        cells.put_back(taken);
        let counts = cells.take().remove(0).counts;
        assert_eq!((counts.messages_in, counts.bytes_min, counts.bytes_max), (2, 5, 9));
    }

    #[test]
    fn a_lens_counts_what_it_sees_and_the_whole_counts_everything() {
        use picket_profile::{Dimension, DimensionOperator, MetricDimension};
        let dimension = Arc::new(Dimension {
            name: "own".to_owned(),
            filters: vec!["dt/${iot:ClientId}/#".into()],
        });
        let inside = MetricDimension::new(dimension.clone(), DimensionOperator::In);
        let outside = MetricDimension::new(dimension, DimensionOperator::NotIn);
        let cells = Cells::default();
        let cell = cells.cell("cam");
        cell.message_in("dt/cam/before", 1);
        cells.look_through(&[inside.clone(), outside.clone()]);
        cell.connected(HERE);
        cell.message_in("dt/cam/x", 5);
        cell.message_in("dt/other/x", 7);
        cell.message_out("dt/cam", 9);
        cell.authorization_failure(None);
        cell.authorization_failure(Some("dt/cam/y"));
        let delta = cells.take().remove(0);
        let through = |lens: u64| &delta.scoped.iter().find(|(id, _)| *id == lens).unwrap().1;
        assert_eq!((delta.counts.messages_in, delta.counts.authorization_failures), (3, 2));
        let counts = through(inside.lens);
        assert_eq!((counts.messages_in, counts.bytes_total, counts.messages_out), (1, 5, 1));
        assert_eq!((counts.authorization_failures, counts.sources.len()), (1, 1));
        let counts = through(outside.lens);
        assert_eq!((counts.messages_in, counts.bytes_total, counts.messages_out), (1, 7, 0));
        assert_eq!(counts.authorization_failures, 1);
        cells.put_back(vec![delta]);
        assert_eq!(cells.take().remove(0).scoped.len(), 2);
    }
}
