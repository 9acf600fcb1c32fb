//! State stores for tests: in memory, and with a hand on their commits.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{Pairs, StateBatch, StateStore, StateStores};
use crate::event_log::LogError;

/// Stores that are gone when they are dropped.
#[derive(Debug, Default)]
pub struct MemoryStates(Mutex<BTreeMap<String, Arc<MemoryState>>>);

/// One store of [`MemoryStates`].
#[derive(Debug, Default)]
pub struct MemoryState(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl MemoryState {
    /// A store that holds these pairs.
    pub fn with(pairs: BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        Self(Mutex::new(pairs))
    }

    /// What it holds now.
    pub fn pairs(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl StateStores for MemoryStates {
    async fn open_state(&self, name: &str) -> Result<Arc<dyn StateStore>, LogError> {
        Ok(Arc::clone(self.0.lock().unwrap().entry(name.to_owned()).or_default()) as _)
    }

    async fn state_names(&self, prefix: &str) -> Result<Vec<String>, LogError> {
        let states = self.0.lock().unwrap();
        Ok(states.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
    }

    async fn drop_state(&self, name: &str) -> Result<(), LogError> {
        self.0.lock().unwrap().remove(name);
        Ok(())
    }
}

fn page<'a>(
    pairs: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>,
    prefix: &[u8],
    pairs_max: usize,
) -> Pairs {
    let fits = pairs.take_while(|(key, _)| key.starts_with(prefix)).take(pairs_max);
    fits.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[async_trait]
impl StateStore for MemoryState {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let pairs = self.0.lock().unwrap();
        Ok(page(pairs.range::<[u8], _>((from, Bound::Unbounded)), prefix, pairs_max))
    }

    async fn scan_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let pairs = self.0.lock().unwrap();
        let is_later = |key: &[u8]| {
            before.is_some_and(|before| key >= before) || (key > prefix && !key.starts_with(prefix))
        };
        let earlier = pairs.iter().rev().skip_while(|(key, _)| is_later(key));
        Ok(page(earlier, prefix, pairs_max))
    }

    fn pairs_estimate(&self) -> u64 {
        self.0.lock().unwrap().len() as u64
    }

    async fn commit(&self, batch: StateBatch) -> Result<(), LogError> {
        let mut pairs = self.0.lock().unwrap();
        pairs.extend(batch.puts);
        for key in batch.deletes {
            pairs.remove(&key);
        }
        Ok(())
    }
}

/// Has a hand on commits: may hold them up, refuse them, or look at them.
#[async_trait]
pub trait CommitHand: Debug + Send + Sync {
    /// Commits `batch` to `store`, or does not.
    async fn commit(&self, store: &dyn StateStore, batch: StateBatch) -> Result<(), LogError>;
}

/// Stores whose commits go through somebody's hand. Reads do not.
#[derive(Debug)]
pub struct HandledStates<S, H> {
    /// The stores themselves.
    pub inner: S,
    /// Who has a hand on the commits of all of them.
    pub hand: Arc<H>,
}

/// One store whose commits go through somebody's hand.
#[derive(Debug)]
pub struct HandledState<H> {
    /// The store itself.
    pub inner: Arc<dyn StateStore>,
    /// Who has a hand on its commits.
    pub hand: Arc<H>,
}

#[async_trait]
impl<S: StateStores, H: CommitHand + 'static> StateStores for HandledStates<S, H> {
    async fn open_state(&self, name: &str) -> Result<Arc<dyn StateStore>, LogError> {
        let inner = self.inner.open_state(name).await?;
        Ok(Arc::new(HandledState { inner, hand: Arc::clone(&self.hand) }))
    }

    async fn state_names(&self, prefix: &str) -> Result<Vec<String>, LogError> {
        self.inner.state_names(prefix).await
    }

    async fn drop_state(&self, name: &str) -> Result<(), LogError> {
        self.inner.drop_state(name).await
    }
}

#[async_trait]
impl<H: CommitHand> StateStore for HandledState<H> {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        self.inner.get(key).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        self.inner.scan(prefix, after, pairs_max).await
    }

    async fn scan_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        self.inner.scan_back(prefix, before, pairs_max).await
    }

    fn pairs_estimate(&self) -> u64 {
        self.inner.pairs_estimate()
    }

    async fn commit(&self, batch: StateBatch) -> Result<(), LogError> {
        self.hand.commit(&*self.inner, batch).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance;
    use super::*;

    #[tokio::test]
    async fn the_stores_in_memory_do_what_those_on_disk_do() {
        conformance::state_stores(&MemoryStates::default()).await;
    }
}
