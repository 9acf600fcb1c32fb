//! A state store: one keyspace, written by the committer, read directly.

use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use fjall::{Keyspace, KeyspaceCreateOptions};
use picket_ports::LogError;
use picket_ports::state_store::{Pairs, StateBatch, StateStore};

use crate::committer::{Committer, Work};
use crate::failure::{log_error, storage_error};

/// What the keyspaces of state stores begin with.
const PREFIX: &str = "state.";

fn keyspace_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

pub(crate) struct FjallState {
    name: Arc<str>,
    keyspace: Keyspace,
    committer: Arc<Committer>,
}

impl std::fmt::Debug for FjallState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallState").field("name", &self.name).finish_non_exhaustive()
    }
}

impl FjallState {
    pub(crate) fn open(
        database: &fjall::Database,
        committer: Arc<Committer>,
        name: String,
    ) -> Result<Self, LogError> {
        let options = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(16 << 20)
                .manual_journal_persist(true)
        };
        let keyspace = database
            .keyspace(&keyspace_name(&name), options)
            .map_err(|error| log_error(&name, &error))?;
        Ok(Self { name: name.into(), keyspace, committer })
    }

    /// The names of the stores that there are, those that begin with `prefix`, in order.
    pub(crate) fn names(database: &fjall::Database, prefix: &str) -> Vec<String> {
        let wanted = keyspace_name(prefix);
        let names = database.list_keyspace_names();
        let mut names: Vec<String> = names
            .iter()
            .filter(|name| name.starts_with(wanted.as_str()))
            .filter_map(|name| name.strip_prefix(PREFIX).map(str::to_owned))
            .collect();
        names.sort_unstable();
        names
    }

    /// Removes the store `name`, if it is there.
    pub(crate) fn remove(database: &fjall::Database, name: &str) -> Result<(), LogError> {
        let full = keyspace_name(name);
        if !database.keyspace_exists(&full) {
            return Ok(());
        }
        let removed = database
            .keyspace(&full, KeyspaceCreateOptions::default)
            .and_then(|keyspace| database.delete_keyspace(keyspace));
        removed.map_err(|error| log_error(name, &error))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Keyspace) -> fjall::Result<T> + Send + 'static,
    ) -> Result<T, LogError> {
        let keyspace = self.keyspace.clone();
        let ended = tokio::task::spawn_blocking(move || read(&keyspace)).await;
        ended
            .map_err(|error| storage_error(&self.name, &error))?
            .map_err(|error| log_error(&self.name, &error))
    }
}

#[async_trait]
impl StateStore for FjallState {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        let key = key.to_vec();
        self.blocking(move |keyspace| Ok(keyspace.get(key)?.map(|value| value.to_vec()))).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let prefix = prefix.to_vec();
        let from = match after {
            Some(after) if after >= prefix.as_slice() => Bound::Excluded(after.to_vec()),
            _ => Bound::Included(prefix.clone()),
        };
        self.blocking(move |keyspace| {
            let mut pairs = Pairs::new();
            for guard in keyspace.range::<Vec<u8>, _>((from, Bound::Unbounded)).take(pairs_max) {
                let (key, value) = guard.into_inner()?;
                if !key.starts_with(&prefix) {
                    break;
                }
                pairs.push((key.to_vec(), value.to_vec()));
            }
            Ok(pairs)
        })
        .await
    }

    async fn scan_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        pairs_max: usize,
    ) -> Result<Pairs, LogError> {
        let prefix = prefix.to_vec();
        let before = before.map(<[u8]>::to_vec);
        self.blocking(move |keyspace| {
            let guards: Box<dyn Iterator<Item = fjall::Guard>> = match before {
                Some(before) if before <= prefix => return Ok(Pairs::new()),
                Some(before) if before.starts_with(&prefix) => {
                    Box::new(keyspace.range(prefix..before).rev())
                }
                _ => Box::new(keyspace.prefix(prefix).rev()),
            };
            let pair = |guard: fjall::Guard| {
                let (key, value) = guard.into_inner()?;
                Ok((key.to_vec(), value.to_vec()))
            };
            guards.take(pairs_max).map(pair).collect()
        })
        .await
    }

    fn pairs_estimate(&self) -> u64 {
        u64::try_from(self.keyspace.approximate_len()).unwrap_or(u64::MAX)
    }

    async fn commit(&self, batch: StateBatch) -> Result<(), LogError> {
        if batch.is_empty() {
            return Ok(());
        }
        let puts: usize = batch.puts.iter().map(|(key, value)| key.len() + value.len()).sum();
        let deletes: usize = batch.deletes.iter().map(Vec::len).sum();
        let bytes = u64::try_from(puts + deletes).unwrap_or(u64::MAX);
        let work =
            Work::State { name: self.name.clone(), keyspace: self.keyspace.clone(), batch, bytes };
        self.committer.commit(work).await.map(|_| ())
    }
}
