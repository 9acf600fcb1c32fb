//! One log: numbering, reading, waiting and trimming.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use fjall::{Database, Keyspace, OwnedWriteBatch};
use parking_lot::{Mutex, RwLock};
use picket_ports::event_log::{EventLog, LogError, LogRecord, Position};
use tokio::sync::watch;

use crate::FjallConfig;
use crate::chunks::{
    Chunk, LOG_NAME_BYTES_MAX, chunk_numbers, decode_sequences, encode_sequences, first_key,
    low_key, open_keyspace, record_key, sequence_of,
};
use crate::committer::{Committer, Work};
use crate::failure::{log_error, storage_error};

/// One partition's numbers.
struct Partition {
    /// The next sequence to give; moved by the committer only.
    staged: AtomicU64,
    /// One past the last durable sequence.
    durable: watch::Sender<u64>,
    /// Sequences below this were trimmed.
    low: AtomicU64,
}

/// The part of a log that the committer shares.
pub(crate) struct LogCore {
    name: String,
    chunk_bytes: u64,
    meta: Keyspace,
    chunks: RwLock<Vec<Chunk>>,
    partitions: Vec<Partition>,
}

impl LogCore {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Puts records into `batch` and numbers them. Called by the committer thread alone.
    pub(crate) fn stage(
        &self,
        batch: &mut OwnedWriteBatch,
        database: &Database,
        partition: u16,
        records: Vec<Bytes>,
        bytes: u64,
    ) -> Result<Position, LogError> {
        let numbers = self.numbers(partition)?;
        let keyspace = self.chunk_for(batch, database, bytes)?;
        let first = numbers.staged.load(Ordering::Relaxed);
        let mut sequence = first;
        for record in records {
            batch.insert(&keyspace, record_key(partition, sequence).as_slice(), record);
            sequence += 1;
        }
        numbers.staged.store(sequence, Ordering::Relaxed);
        Ok(Position { partition, sequence: first })
    }

    /// The chunk that takes the next `bytes`; a new one when the current one is full.
    fn chunk_for(
        &self,
        batch: &mut OwnedWriteBatch,
        database: &Database,
        bytes: u64,
    ) -> Result<Keyspace, LogError> {
        let mut chunks = self.chunks.write();
        if let Some(current) = chunks.last_mut()
            && (current.bytes == 0 || current.bytes + bytes <= self.chunk_bytes)
        {
            current.bytes += bytes;
            return Ok(current.keyspace.clone());
        }
        let number = chunks.last().map_or(1, |chunk| chunk.number + 1);
        let keyspace = open_keyspace(database, &self.name, number)
            .map_err(|error| log_error(&self.name, &error))?;
        let first: Vec<u64> =
            self.partitions.iter().map(|p| p.staged.load(Ordering::Relaxed)).collect();
        batch.insert(&self.meta, first_key(&self.name, number), encode_sequences(&first));
        chunks.push(Chunk { number, keyspace: keyspace.clone(), first, bytes });
        Ok(keyspace)
    }

    /// What was staged has become durable.
    pub(crate) fn publish(&self, partition: u16) {
        if let Some(numbers) = self.partitions.get(usize::from(partition)) {
            numbers.durable.send_replace(numbers.staged.load(Ordering::Relaxed));
        }
    }

    /// What was staged did not become durable.
    pub(crate) fn forget_staged(&self, partition: u16) {
        if let Some(numbers) = self.partitions.get(usize::from(partition)) {
            numbers.staged.store(*numbers.durable.borrow(), Ordering::Relaxed);
        }
    }

    fn numbers(&self, partition: u16) -> Result<&Partition, LogError> {
        self.partitions.get(usize::from(partition)).ok_or_else(|| {
            storage_error(
                &self.name,
                &format!("there is no partition {partition}; there are {}", self.partitions.len()),
            )
        })
    }

    /// Reads durable records from `from` on, chunk by chunk.
    fn read(
        &self,
        from: Position,
        records_max: usize,
        bytes_max: usize,
    ) -> fjall::Result<Vec<LogRecord>> {
        let Some(numbers) = self.partitions.get(usize::from(from.partition)) else {
            return Ok(Vec::new());
        };
        let end = *numbers.durable.borrow();
        let mut next = from.sequence.max(numbers.low.load(Ordering::Acquire));
        let chunks = self.chunks.read().clone();
        let mut records = Vec::new();
        let mut bytes = 0usize;
        for (at, chunk) in chunks.iter().enumerate() {
            let after =
                chunks.get(at + 1).and_then(|c| c.first.get(usize::from(from.partition)).copied());
            if after.is_some_and(|first| first <= next) {
                continue;
            }
            let range = record_key(from.partition, next)..record_key(from.partition, end);
            for guard in chunk.keyspace.range(range) {
                let (key, value) = guard.into_inner()?;
                let Some(sequence) = sequence_of(&key) else { continue };
                bytes = bytes.saturating_add(value.len());
                if records.len() >= records_max || (bytes > bytes_max && !records.is_empty()) {
                    return Ok(records);
                }
                let position = Position { partition: from.partition, sequence };
                records.push(LogRecord { position, payload: value.into() });
                next = sequence + 1;
            }
        }
        Ok(records)
    }

    /// Takes chunks out of the row that hold nothing above the low marks. The newest always stays.
    fn take_trimmed(&self) -> Vec<Chunk> {
        let lows: Vec<u64> =
            self.partitions.iter().map(|p| p.low.load(Ordering::Acquire)).collect();
        let mut chunks = self.chunks.write();
        let done = chunks
            .windows(2)
            .take_while(|pair| {
                pair.get(1)
                    .is_some_and(|newer| newer.first.iter().zip(&lows).all(|(f, low)| f <= low))
            })
            .count();
        chunks.drain(..done).collect()
    }
}

/// One open log.
pub(crate) struct FjallLog {
    core: Arc<LogCore>,
    committer: Arc<Committer>,
    database: Database,
    record_bytes_max: usize,
    trimming: Arc<Mutex<()>>,
}

impl std::fmt::Debug for FjallLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallLog").field("name", &self.core.name).finish_non_exhaustive()
    }
}

impl FjallLog {
    /// Opens or creates log `name` and finds where each partition ends.
    pub(crate) fn open(
        database: Database,
        committer: Arc<Committer>,
        config: &FjallConfig,
        name: String,
        partitions: u16,
    ) -> Result<Arc<Self>, LogError> {
        let valid = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if name.is_empty() || name.len() > LOG_NAME_BYTES_MAX || !name.bytes().all(valid) {
            return Err(storage_error(&name, &"a log's name is made of a-z, 0-9 and -"));
        }
        let core =
            load(&database, config, &name, partitions).map_err(|error| log_error(&name, &error))?;
        Ok(Arc::new(Self {
            core: Arc::new(core),
            committer,
            database,
            record_bytes_max: config.record_bytes_max,
            trimming: Arc::default(),
        }))
    }

    pub(crate) fn check_partitions(&self, partitions: u16) -> Result<(), LogError> {
        let has = self.core.partitions.len();
        if has == usize::from(partitions) {
            return Ok(());
        }
        Err(storage_error(
            &self.core.name,
            &format!("it has {has} partitions and cannot be opened with {partitions}"),
        ))
    }
}

fn load(
    database: &Database,
    config: &FjallConfig,
    name: &str,
    partitions: u16,
) -> fjall::Result<LogCore> {
    let meta = database.keyspace("meta", fjall::KeyspaceCreateOptions::default)?;
    let mut chunks = Vec::new();
    for number in chunk_numbers(database, name) {
        let keyspace = open_keyspace(database, name, number)?;
        let stored = meta.get(first_key(name, number))?;
        // A chunk without its first sequences was created by a write that never became durable.
        let Some(first) = stored.and_then(|value| decode_sequences(&value)) else {
            database.delete_keyspace(keyspace)?;
            continue;
        };
        let bytes = keyspace.disk_space().max(1);
        chunks.push(Chunk { number, keyspace, first, bytes });
    }
    if chunks.is_empty() {
        let keyspace = open_keyspace(database, name, 1)?;
        let first = vec![1; usize::from(partitions.max(1))];
        meta.insert(first_key(name, 1), encode_sequences(&first))?;
        database.persist(fjall::PersistMode::SyncAll)?;
        chunks.push(Chunk { number: 1, keyspace, first, bytes: 0 });
    }
    let count = chunks.last().map_or(0, |chunk| chunk.first.len());
    let mut numbers = Vec::with_capacity(count);
    for partition in 0..u16::try_from(count).unwrap_or(u16::MAX) {
        numbers.push(load_partition(&meta, &chunks, name, partition)?);
    }
    let chunk_bytes = config.chunk_bytes.max(1);
    Ok(LogCore {
        name: name.to_owned(),
        chunk_bytes,
        meta,
        chunks: RwLock::new(chunks),
        partitions: numbers,
    })
}

fn load_partition(
    meta: &Keyspace,
    chunks: &[Chunk],
    log: &str,
    partition: u16,
) -> fjall::Result<Partition> {
    let mut next = 1;
    for chunk in chunks {
        next = next.max(chunk.first.get(usize::from(partition)).copied().unwrap_or(1));
        let range = record_key(partition, 0)..=record_key(partition, u64::MAX);
        if let Some(last) = chunk.keyspace.range(range).next_back() {
            next = next.max(sequence_of(&last.key()?).map_or(1, |sequence| sequence + 1));
        }
    }
    let stored = meta.get(low_key(log, partition))?.and_then(|value| decode_sequences(&value));
    let low = stored.and_then(|low| low.first().copied()).unwrap_or(1);
    Ok(Partition {
        staged: AtomicU64::new(next),
        durable: watch::Sender::new(next),
        low: AtomicU64::new(low),
    })
}

#[async_trait]
impl EventLog for FjallLog {
    fn name(&self) -> &str {
        &self.core.name
    }

    fn partitions(&self) -> u16 {
        u16::try_from(self.core.partitions.len()).unwrap_or(u16::MAX)
    }

    async fn append(&self, partition: u16, records: Vec<Bytes>) -> Result<Position, LogError> {
        self.core.numbers(partition)?;
        let largest = records.iter().map(Bytes::len).max().unwrap_or(0);
        if largest > self.record_bytes_max {
            let (bytes, bytes_max) = (largest, self.record_bytes_max);
            return Err(LogError::TooLarge { log: self.core.name.clone(), bytes, bytes_max });
        }
        let bytes = records.iter().map(|record| record.len() as u64 + 10).sum();
        self.committer
            .commit(Work::Append { log: self.core.clone(), partition, records, bytes })
            .await
    }

    async fn read(
        &self,
        from: Position,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<LogRecord>, LogError> {
        if from.sequence >= self.next_sequence(from.partition) {
            return Ok(Vec::new());
        }
        let core = self.core.clone();
        let ended =
            tokio::task::spawn_blocking(move || core.read(from, records_max, bytes_max)).await;
        ended
            .map_err(|error| storage_error(&self.core.name, &error))?
            .map_err(|error| log_error(&self.core.name, &error))
    }

    async fn wait_for(&self, position: Position) {
        let Some(numbers) = self.core.partitions.get(usize::from(position.partition)) else {
            return std::future::pending().await;
        };
        let mut durable = numbers.durable.subscribe();
        if durable.wait_for(|next| *next > position.sequence).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn next_sequence(&self, partition: u16) -> u64 {
        self.core
            .partitions
            .get(usize::from(partition))
            .map_or(1, |numbers| *numbers.durable.borrow())
    }

    async fn trim(&self, before: Position) -> Result<(), LogError> {
        let numbers = self.core.numbers(before.partition)?;
        let low = before.sequence.min(*numbers.durable.borrow());
        if numbers.low.fetch_max(low, Ordering::AcqRel) >= low {
            return Ok(());
        }
        let (core, database, trimming) =
            (self.core.clone(), self.database.clone(), self.trimming.clone());
        let ended = tokio::task::spawn_blocking(move || {
            let _one_at_a_time = trimming.lock();
            core.meta.insert(low_key(&core.name, before.partition), encode_sequences(&[low]))?;
            for chunk in core.take_trimmed() {
                core.meta.remove(first_key(&core.name, chunk.number))?;
                database.delete_keyspace(chunk.keyspace)?;
            }
            Ok(())
        })
        .await;
        ended
            .map_err(|error| storage_error(&self.core.name, &error))?
            .map_err(|error: fjall::Error| log_error(&self.core.name, &error))
    }
}
