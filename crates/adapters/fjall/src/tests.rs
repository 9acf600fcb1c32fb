use std::sync::Arc;

use bytes::Bytes;
use picket_ports::event_log::{EventLogs, LogError, Position, conformance as log_suite};
use picket_ports::state_store::{StateBatch, StateStores, conformance as state_suite};

use crate::{FjallConfig, FjallStore, OpenError};

fn small_chunks() -> FjallConfig {
    FjallConfig { chunk_bytes: 100, free_bytes_min: 0, ..FjallConfig::default() }
}

fn at(sequence: u64) -> Position {
    Position { partition: 0, sequence }
}

fn record(n: u64) -> Bytes {
    Bytes::from(format!("record number {n:06}"))
}

async fn append_numbers(store: &FjallStore, log: &str, numbers: std::ops::Range<u64>) {
    let log = store.open(log, 1).await.unwrap();
    for n in numbers {
        log.append(0, vec![record(n)]).await.unwrap();
    }
}

async fn read_all(store: &FjallStore, log: &str) -> Vec<(u64, Bytes)> {
    let log = store.open(log, 1).await.unwrap();
    let read = log.read(at(1), usize::MAX, usize::MAX).await.unwrap();
    read.into_iter().map(|record| (record.position.sequence, record.payload)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_event_log_suite() {
    let dir = tempfile::tempdir().unwrap();
    log_suite::event_logs(&FjallStore::open(dir.path()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_event_log_suite_with_a_chunk_for_every_few_records() {
    let dir = tempfile::tempdir().unwrap();
    log_suite::event_logs(&FjallStore::open_with(dir.path(), small_chunks()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_state_store_suite() {
    let dir = tempfile::tempdir().unwrap();
    state_suite::state_stores(&FjallStore::open(dir.path()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_their_numbers_survive_reopening_and_trimming() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = FjallStore::open_with(dir.path(), small_chunks()).unwrap();
        append_numbers(&store, "numbers", 1..31).await;
        store.open("numbers", 1).await.unwrap().trim(at(20)).await.unwrap();
    }
    let store = FjallStore::open_with(dir.path(), small_chunks()).unwrap();
    let expected: Vec<_> = (20..31).map(|n| (n, record(n))).collect();
    assert_eq!(read_all(&store, "numbers").await, expected);
    store.open("numbers", 1).await.unwrap().trim(at(31)).await.unwrap();
    drop(store);
    let store = FjallStore::open_with(dir.path(), small_chunks()).unwrap();
    assert!(read_all(&store, "numbers").await.is_empty());
    append_numbers(&store, "numbers", 31..32).await;
    assert_eq!(read_all(&store, "numbers").await, [(31, record(31))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn trimmed_chunks_give_their_disk_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = FjallStore::open_with(dir.path(), small_chunks()).unwrap();
    append_numbers(&store, "numbers", 1..31).await;
    let before = store.database.keyspace_count();
    store.open("numbers", 1).await.unwrap().trim(at(31)).await.unwrap();
    assert!(store.database.keyspace_count() < before - 3, "{before} keyspaces before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_clear_error_and_nothing_is_numbered() {
    let dir = tempfile::tempdir().unwrap();
    let config = FjallConfig { free_bytes_min: u64::MAX / 2, ..FjallConfig::default() };
    let store = FjallStore::open_with(dir.path(), config).unwrap();
    let log = store.open("full", 1).await.unwrap();
    let error = log.append(0, vec![record(1)]).await.unwrap_err();
    assert!(matches!(error, LogError::DiskFull { .. }), "{error}");
    assert_eq!(log.next_sequence(0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_has_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let _first = FjallStore::open(dir.path()).unwrap();
    let error = FjallStore::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_is_refused_by_name_and_size() {
    let dir = tempfile::tempdir().unwrap();
    let config = FjallConfig { record_bytes_max: 8, free_bytes_min: 0, ..FjallConfig::default() };
    let store = FjallStore::open_with(dir.path(), config).unwrap();
    let error = store.open("small", 1).await.unwrap().append(0, vec![record(1)]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a record of 20 bytes is larger than the 8 bytes log `small` takes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn state_and_records_written_at_once_share_commits() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(FjallStore::open(dir.path()).unwrap());
    let state = store.open_state("offsets").await.unwrap();
    let log = store.open("numbers", 1).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..50u64 {
        let (state, log) = (state.clone(), log.clone());
        writers.spawn(async move {
            let mut batch = StateBatch::default();
            batch.put(n.to_be_bytes(), "x");
            let (stored, appended) =
                tokio::join!(state.commit(batch), log.append(0, vec![record(n)]));
            stored.and(appended.map(|_| ())).unwrap();
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    assert_eq!(state.scan(b"", None, 100).await.unwrap().len(), 50);
    assert_eq!(read_all(&store, "numbers").await.len(), 50);
}
