//! A log's chunks: keyspaces `log.<name>.<number>`, oldest first. A record of chunk N has a higher
//! sequence than every record of its partition in chunk N−1.

use fjall::{Keyspace, KeyspaceCreateOptions};

/// Longest name of a log; the engine bounds keyspace names.
pub(crate) const LOG_NAME_BYTES_MAX: usize = 200;

/// One chunk.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) number: u32,
    pub(crate) keyspace: Keyspace,
    /// Per partition: the first sequence that may stand in this chunk.
    pub(crate) first: Vec<u64>,
    /// Payload bytes appended since it was opened; an estimate after a restart.
    pub(crate) bytes: u64,
}

/// The key of a record: partition and sequence, big-endian, so that keys sort as records do.
pub(crate) fn record_key(partition: u16, sequence: u64) -> [u8; 10] {
    let mut key = [0; 10];
    key[..2].copy_from_slice(&partition.to_be_bytes());
    key[2..].copy_from_slice(&sequence.to_be_bytes());
    key
}

/// The sequence in a record's key.
pub(crate) fn sequence_of(key: &[u8]) -> Option<u64> {
    let bytes: [u8; 8] = key.get(2..10)?.try_into().ok()?;
    Some(u64::from_be_bytes(bytes))
}

/// The name of the keyspace that holds chunk `number` of `log`.
pub(crate) fn keyspace_name(log: &str, number: u32) -> String {
    format!("log.{log}.{number:010}")
}

/// The numbers of the chunks of `log` that exist, ascending.
pub(crate) fn chunk_numbers(database: &fjall::Database, log: &str) -> Vec<u32> {
    let prefix = format!("log.{log}.");
    let mut numbers: Vec<u32> = database
        .list_keyspace_names()
        .iter()
        .filter_map(|name| name.strip_prefix(prefix.as_str())?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Opens or creates a chunk's keyspace.
pub(crate) fn open_keyspace(
    database: &fjall::Database,
    log: &str,
    number: u32,
) -> fjall::Result<Keyspace> {
    database.keyspace(&keyspace_name(log, number), || {
        KeyspaceCreateOptions::default().max_memtable_size(16 << 20).manual_journal_persist(true)
    })
}

/// The key, in the `meta` keyspace, under which a chunk's first sequences are stored.
pub(crate) fn first_key(log: &str, number: u32) -> String {
    format!("first/{log}/{number:010}")
}

/// The key, in the `meta` keyspace, of a partition's lowest kept sequence.
pub(crate) fn low_key(log: &str, partition: u16) -> String {
    format!("low/{log}/{partition:05}")
}

/// Sequences as stored.
pub(crate) fn encode_sequences(sequences: &[u64]) -> Vec<u8> {
    sequences.iter().flat_map(|sequence| sequence.to_be_bytes()).collect()
}

/// Sequences as read back; `None` if the value is damaged.
pub(crate) fn decode_sequences(bytes: &[u8]) -> Option<Vec<u64>> {
    let (words, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| words.iter().map(|word| u64::from_be_bytes(*word)).collect())
}
