//! What surrounds the engine, and what it takes of the machine.

use std::time::Duration;

use async_trait::async_trait;
use picket_core::CertificateId;
use picket_ports::directory::{CertificateEntry, DirectoryChange, Principal};
use picket_ports::{Directory, Message, Publish, PublishError, StateStore};
use tokio::sync::broadcast;

/// A directory without things.
#[derive(Debug)]
pub(crate) struct Nobody(broadcast::Sender<DirectoryChange>);

impl Default for Nobody {
    fn default() -> Self {
        Self(broadcast::channel(1).0)
    }
}

impl Directory for Nobody {
    fn certificate(&self, _id: &CertificateId) -> Option<CertificateEntry> {
        None
    }

    fn principal(&self, _certificate: &CertificateId, _client_id: &str) -> Principal {
        Principal::default()
    }

    fn is_registered(&self, _name: &str) -> bool {
        false
    }

    fn groups_of(&self, _thing: &str) -> Vec<String> {
        Vec::new()
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        self.0.subscribe()
    }
}

/// Takes messages and does nothing with them.
#[derive(Debug)]
pub(crate) struct Nowhere;

#[async_trait]
impl Publish for Nowhere {
    async fn publish(&self, _message: Message) -> Result<(), PublishError> {
        Ok(())
    }
}

/// Memory of this process.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    kilobytes * 1024
}

/// Processor time of this process so far.
pub(crate) fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Bytes of all devices' states as they are stored, and how many there are.
pub(crate) async fn stored_states(store: &dyn StateStore, partitions: u16) -> (u64, u64) {
    let (mut bytes, mut count) = (0, 0);
    for partition in 0..partitions {
        let mut prefix = vec![b't'];
        prefix.extend(partition.to_be_bytes());
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(&prefix, after.as_deref(), 10_000).await.unwrap();
            count += page.len() as u64;
            bytes += page.iter().map(|(_, value)| value.len() as u64).sum::<u64>();
            match page.into_iter().next_back() {
                Some((key, _)) => after = Some(key),
                None => break,
            }
        }
    }
    (bytes, count)
}
