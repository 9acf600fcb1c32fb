//! An engine over memory, for the tests of those who hold one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_core::{Account, Clock, Tasks};
use picket_ports::state_store::Pairs;
use picket_ports::{
    Delivery, DeliveryError, LogError, Message, Publish, PublishError, Receipt, Record, Registry,
    StateBatch, StateStore, StateStores,
};

use crate::{Dependencies, NotifyConfig, NotifyEngine, OpenError};

/// State that is gone when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStates(Mutex<HashMap<String, Arc<MemoryState>>>);

/// One store of [`MemoryStates`].
#[derive(Debug, Default)]
pub struct MemoryState(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

#[async_trait]
impl StateStores for MemoryStates {
    async fn open_state(&self, name: &str) -> Result<Arc<dyn StateStore>, LogError> {
        Ok(self.0.lock().entry(name.to_owned()).or_default().clone())
    }

    async fn state_names(&self, prefix: &str) -> Result<Vec<String>, LogError> {
        let states = self.0.lock();
        let mut names: Vec<String> =
            states.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        names.sort();
        Ok(names)
    }

    async fn drop_state(&self, name: &str) -> Result<(), LogError> {
        self.0.lock().remove(name);
        Ok(())
    }
}

#[async_trait]
impl StateStore for MemoryState {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.0.lock().get(key).cloned())
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let state = self.0.lock();
        let from = state.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix));
        let later = from.filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after));
        Ok(later.take(pairs_max).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    async fn scan_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let mut pairs = self.scan(prefix, None, usize::MAX).await?;
        pairs.retain(|(key, _)| before.is_none_or(|before| key.as_slice() < before));
        pairs.reverse();
        pairs.truncate(pairs_max);
        Ok(pairs)
    }

    fn pairs_estimate(&self) -> u64 {
        self.0.lock().len() as u64
    }

    async fn commit(&self, batch: StateBatch) -> Result<(), LogError> {
        let mut state = self.0.lock();
        state.extend(batch.puts);
        for key in batch.deletes {
            state.remove(&key);
        }
        Ok(())
    }
}

/// Remembers what was published and put.
#[derive(Debug, Default)]
pub struct Outlet {
    /// Publishes, in order.
    pub published: Mutex<Vec<Message>>,
    /// Records with their stream's name, in order.
    pub records: Mutex<Vec<(String, Record)>>,
}

#[async_trait]
impl Publish for Outlet {
    async fn publish(&self, message: Message) -> Result<(), PublishError> {
        self.published.lock().push(message);
        Ok(())
    }
}

#[async_trait]
impl Delivery for Outlet {
    async fn put(&self, stream: &str, records: Vec<Record>) -> Result<Vec<Receipt>, DeliveryError> {
        let receipts = records.iter().map(|_| Receipt { record_id: "0".to_owned() }).collect();
        let named = records.into_iter().map(|record| (stream.to_owned(), record));
        self.records.lock().extend(named);
        Ok(receipts)
    }
}

/// An engine with the default settings that has been started.
///
/// # Errors
/// When the registry cannot be read.
pub async fn engine(
    registry: Arc<dyn Registry>,
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> Result<Arc<NotifyEngine>, OpenError> {
    let outlet = Arc::new(Outlet::default());
    let deps = Dependencies {
        registry,
        states: Arc::new(MemoryStates::default()),
        publish: outlet.clone(),
        delivery: outlet,
        extra_roots: Vec::new(),
        account: Account::default(),
        clock,
        tasks: tasks.clone(),
    };
    let engine = NotifyEngine::open(NotifyConfig::default(), deps).await?;
    engine.start("http://127.0.0.1:4566");
    Ok(engine)
}
