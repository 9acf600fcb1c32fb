//! A store in memory that can be slow, fail, and be copied as a crash would leave it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_ports::state_store::Pairs;
use picket_ports::{LogError, StateBatch, StateStore, StateStores};
use tokio::sync::Semaphore;

#[derive(Debug, Default)]
pub(crate) struct Store {
    durable: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(crate) is_broken: AtomicBool,
    /// Commits wait for a permit each if there is a gate.
    gate: Option<Semaphore>,
    pub(crate) attempts: AtomicUsize,
    /// Keys written so far.
    pub(crate) writes: Mutex<Vec<Vec<u8>>>,
}

#[derive(Debug, Clone)]
pub(crate) struct MemoryStates(pub(crate) Arc<Store>);

impl MemoryStates {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn gated() -> Self {
        Self(Arc::new(Store { gate: Some(Semaphore::new(0)), ..Store::default() }))
    }

    /// What a crash at this moment would leave.
    pub(crate) fn copy(&self) -> Self {
        let durable = Mutex::new(self.0.durable.lock().clone());
        Self(Arc::new(Store { durable, ..Store::default() }))
    }

    pub(crate) fn let_commits_pass(&self, count: usize) {
        self.0.gate.as_ref().unwrap().add_permits(count);
    }

    pub(crate) fn change_values(&self, change: impl Fn(&mut [u8])) {
        self.0.durable.lock().values_mut().for_each(|value| change(value));
    }

    /// Stored keys of one table.
    pub(crate) fn keys(&self, table: u8) -> usize {
        self.0.durable.lock().keys().filter(|key| key.first() == Some(&table)).count()
    }

    /// Keys of one table that were ever written.
    pub(crate) fn written(&self, table: u8) -> usize {
        self.0.writes.lock().iter().filter(|key| key.first() == Some(&table)).count()
    }
}

#[async_trait]
impl StateStores for MemoryStates {
    async fn open_state(&self, _name: &str) -> Result<Arc<dyn StateStore>, LogError> {
        Ok(Arc::clone(&self.0) as Arc<dyn StateStore>)
    }

    async fn state_names(&self, _prefix: &str) -> Result<Vec<String>, LogError> {
        Ok(Vec::new())
    }

    async fn drop_state(&self, _name: &str) -> Result<(), LogError> {
        self.0.durable.lock().clear();
        Ok(())
    }
}

#[async_trait]
impl StateStore for Store {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.durable.lock().get(key).cloned())
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let durable = self.durable.lock();
        let range = durable.range::<[u8], _>((from, Bound::Unbounded));
        let found = range.take_while(|(key, _)| key.starts_with(prefix)).take(pairs_max);
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    async fn scan_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let durable = self.durable.lock();
        let found = durable.iter().rev().filter(|(key, _)| {
            key.starts_with(prefix) && before.is_none_or(|before| key.as_slice() < before)
        });
        Ok(found.take(pairs_max).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn pairs_estimate(&self) -> u64 {
        self.durable.lock().len() as u64
    }

    async fn commit(&self, batch: StateBatch) -> Result<(), LogError> {
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        // Others run while the disk works.
        tokio::task::yield_now().await;
        self.attempts.fetch_add(1, Ordering::SeqCst);
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(LogError::DiskFull { log: "broker".to_owned() });
        }
        let mut durable = self.durable.lock();
        for (key, value) in batch.puts {
            self.writes.lock().push(key.clone());
            durable.insert(key, value);
        }
        for key in batch.deletes {
            durable.remove(&key);
        }
        Ok(())
    }
}
