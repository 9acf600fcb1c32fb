//! A store in memory that can be slow, fail, and be copied as a crash would leave it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_ports::state_store::by_hand::{CommitHand, HandledState, MemoryState};
use picket_ports::{LogError, StateBatch, StateStore, StateStores};
use tokio::sync::Semaphore;

/// What commits go through.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) is_broken: AtomicBool,
    /// Commits wait for a permit each if there is a gate.
    gate: Option<Semaphore>,
    pub(crate) attempts: AtomicUsize,
    /// Keys written so far.
    pub(crate) writes: Mutex<Vec<Vec<u8>>>,
}

#[async_trait]
impl CommitHand for Disk {
    async fn commit(&self, store: &dyn StateStore, batch: StateBatch) -> Result<(), LogError> {
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        // Others run while the disk works.
        tokio::task::yield_now().await;
        self.attempts.fetch_add(1, Ordering::SeqCst);
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(LogError::DiskFull { log: "broker".to_owned() });
        }
        self.writes.lock().extend(batch.puts.iter().map(|(key, _)| key.clone()));
        store.commit(batch).await
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryStates {
    durable: Arc<MemoryState>,
    pub(crate) disk: Arc<Disk>,
}

impl MemoryStates {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn gated() -> Self {
        let disk = Disk { gate: Some(Semaphore::new(0)), ..Disk::default() };
        Self { disk: Arc::new(disk), ..Self::default() }
    }

    /// What a crash at this moment would leave.
    pub(crate) fn copy(&self) -> Self {
        Self { durable: Arc::new(MemoryState::with(self.durable.pairs())), ..Self::default() }
    }

    /// The same with other values.
    pub(crate) fn with_values(&self, change: impl Fn(&mut [u8])) -> Self {
        let mut pairs = self.durable.pairs();
        pairs.values_mut().for_each(|value| change(value));
        Self { durable: Arc::new(MemoryState::with(pairs)), ..Self::default() }
    }

    pub(crate) fn let_commits_pass(&self, count: usize) {
        self.disk.gate.as_ref().unwrap().add_permits(count);
    }

    /// Stored keys of one table.
    pub(crate) fn keys(&self, table: u8) -> usize {
        self.durable.pairs().keys().filter(|key| key.first() == Some(&table)).count()
    }

    /// Keys of one table that were ever written.
    pub(crate) fn written(&self, table: u8) -> usize {
        self.disk.writes.lock().iter().filter(|key| key.first() == Some(&table)).count()
    }
}

#[async_trait]
impl StateStores for MemoryStates {
    async fn open_state(&self, _name: &str) -> Result<Arc<dyn StateStore>, LogError> {
        let inner = Arc::clone(&self.durable) as Arc<dyn StateStore>;
        Ok(Arc::new(HandledState { inner, hand: Arc::clone(&self.disk) }))
    }

    async fn state_names(&self, _prefix: &str) -> Result<Vec<String>, LogError> {
        Ok(Vec::new())
    }

    async fn drop_state(&self, _name: &str) -> Result<(), LogError> {
        unreachable!("the broker keeps its store")
    }
}
