//! Counting what the front door sees (spec device-defender §2.7).

use std::net::IpAddr;
use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::{Mutex, RwLock};
use picket_ports::{CloudMetrics, DeviceCounters};

use crate::engine::DetectEngine;
use crate::record::DeviceDelta;
use picket_profile::WindowCounts;

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
}

/// Counts since the last flush. The lock is held for a few instructions and hardly ever contended: a
/// device has one session.
#[derive(Debug, Default)]
struct DeviceCell(Mutex<Cell>);

#[derive(Debug, Default)]
struct Cell {
    counts: WindowCounts,
    /// Sessions that are up; more than one for a moment during a take-over.
    sessions: u32,
    address: Option<IpAddr>,
    changed: bool,
}

impl DeviceCell {
    fn count(&self, add: impl FnOnce(&mut Cell)) {
        let mut cell = self.0.lock();
        cell.changed = true;
        add(&mut cell);
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

    fn authorization_failure(&self, _topic: Option<&str>) {
        self.count(|cell| cell.counts.authorization_failures += 1);
    }

    fn message_in(&self, _topic: &str, payload_bytes: usize) {
        self.count(|cell| cell.counts.message_in(payload_bytes as u64));
    }

    fn message_out(&self, _topic: &str, _payload_bytes: usize) {
        self.count(|cell| cell.counts.messages_out += 1);
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
        shard.write().entry(identity.into()).or_default().clone()
    }

    /// Takes what was counted since the last call. Identities that are neither connected nor held by
    /// anyone are forgotten.
    pub(crate) fn take(&self) -> Vec<DeviceDelta> {
        let mut deltas = Vec::new();
        for shard in &self.shards {
            let mut idle = false;
            for (identity, device) in &*shard.read() {
                let mut cell = device.0.lock();
                idle |= cell.sessions == 0 && Arc::strong_count(device) == 1;
                if !std::mem::take(&mut cell.changed) {
                    continue;
                }
                let connected = cell.address.filter(|_| cell.sessions > 0);
                let counts = std::mem::take(&mut cell.counts);
                deltas.push(DeviceDelta {
                    identity: identity.as_ref().to_owned(),
                    counts,
                    connected,
                });
            }
            if idle {
                shard.write().retain(|_, device| {
                    let cell = device.0.lock();
                    cell.changed || cell.sessions > 0 || Arc::strong_count(device) > 1
                });
            }
        }
        deltas
    }

    /// Puts back what could not be stored. What is gone meanwhile is left out once there are very many:
    /// while nothing can be stored, whoever can make up identities must not be able to fill the memory.
    pub(crate) fn put_back(&self, deltas: Vec<DeviceDelta>) {
        for DeviceDelta { identity, counts, connected: _ } in deltas {
            let shard = self.shard(&identity).read();
            let is_left_out = shard.len() >= SHARD_MAX && !shard.contains_key(identity.as_str());
            drop(shard);
            if is_left_out {
                continue;
            }
            self.cell(&identity).count(|cell| {
                let newer = std::mem::replace(&mut cell.counts, counts);
                cell.counts.add(&newer);
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
}
