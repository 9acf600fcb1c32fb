//! What every [`EventLogs`] adapter must do. Adapters call [`event_logs`] from their tests with a
//! fresh store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{EventLog, EventLogs, Position};

/// Runs the whole suite against an empty store.
pub async fn event_logs(logs: &dyn EventLogs) {
    reads_back_in_append_order(logs.open("order", 2).await.unwrap()).await;
    partitions_number_their_records_apart(logs.open("apart", 2).await.unwrap()).await;
    reading_stops_at_either_limit_but_never_before_the_first_record(
        logs.open("limits", 1).await.unwrap(),
    )
    .await;
    trimmed_records_are_skipped_and_numbers_go_on(logs.open("trim", 1).await.unwrap()).await;
    a_waiter_wakes_when_its_record_is_durable(logs.open("wait", 1).await.unwrap()).await;
    concurrent_appends_all_arrive_once(logs.open("many", 1).await.unwrap()).await;
    opening_twice_gives_the_same_log(logs).await;
}

fn at(partition: u16, sequence: u64) -> Position {
    Position { partition, sequence }
}

fn records(texts: &[&'static str]) -> Vec<Bytes> {
    texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect()
}

async fn payloads(log: &dyn EventLog, from: Position) -> Vec<String> {
    let read = log.read(from, 1000, usize::MAX).await.unwrap();
    read.into_iter().map(|record| String::from_utf8(record.payload.to_vec()).unwrap()).collect()
}

async fn reads_back_in_append_order(log: Arc<dyn EventLog>) {
    assert_eq!(log.append(1, records(&["a", "b"])).await.unwrap(), at(1, 1));
    assert_eq!(log.append(1, records(&["c"])).await.unwrap(), at(1, 3));
    assert_eq!(payloads(&*log, at(1, 1)).await, ["a", "b", "c"]);
    assert_eq!(payloads(&*log, at(1, 3)).await, ["c"]);
    assert!(payloads(&*log, at(1, 4)).await.is_empty());
    assert_eq!(log.next_sequence(1), 4);
}

async fn partitions_number_their_records_apart(log: Arc<dyn EventLog>) {
    log.append(0, records(&["zero"])).await.unwrap();
    assert_eq!(log.append(1, records(&["one"])).await.unwrap(), at(1, 1));
    assert_eq!(payloads(&*log, at(0, 1)).await, ["zero"]);
    assert_eq!(log.next_sequence(0), 2);
}

async fn reading_stops_at_either_limit_but_never_before_the_first_record(log: Arc<dyn EventLog>) {
    log.append(0, records(&["aaaa", "bbbb", "cccc"])).await.unwrap();
    assert_eq!(log.read(at(0, 1), 2, usize::MAX).await.unwrap().len(), 2);
    assert_eq!(log.read(at(0, 1), 10, 9).await.unwrap().len(), 2);
    assert_eq!(log.read(at(0, 1), 10, 1).await.unwrap().len(), 1);
}

async fn trimmed_records_are_skipped_and_numbers_go_on(log: Arc<dyn EventLog>) {
    log.append(0, records(&["a", "b", "c"])).await.unwrap();
    log.trim(at(0, 3)).await.unwrap();
    assert_eq!(payloads(&*log, at(0, 1)).await, ["c"]);
    log.trim(at(0, 4)).await.unwrap();
    assert_eq!(log.append(0, records(&["d"])).await.unwrap(), at(0, 4));
    assert_eq!(payloads(&*log, at(0, 1)).await, ["d"]);
}

async fn a_waiter_wakes_when_its_record_is_durable(log: Arc<dyn EventLog>) {
    let waiting = log.clone();
    let waiter = async move { waiting.wait_for(at(0, 2)).await };
    let writer = async {
        log.append(0, records(&["a"])).await.unwrap();
        log.append(0, records(&["b"])).await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(waiter, writer) })
        .await
        .unwrap();
    assert_eq!(payloads(&*log, at(0, 2)).await, ["b"]);
}

async fn concurrent_appends_all_arrive_once(log: Arc<dyn EventLog>) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let log = log.clone();
        writers.spawn(async move {
            for n in 0..20 {
                log.append(0, vec![Bytes::from(format!("{writer}-{n}"))]).await.unwrap();
            }
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let mut read = payloads(&*log, at(0, 1)).await;
    assert_eq!(read.len(), 160);
    read.sort();
    read.dedup();
    assert_eq!(read.len(), 160);
}

async fn opening_twice_gives_the_same_log(logs: &dyn EventLogs) {
    let first = logs.open("twice", 1).await.unwrap();
    first.append(0, records(&["a"])).await.unwrap();
    let second = logs.open("twice", 1).await.unwrap();
    assert_eq!(payloads(&*second, at(0, 1)).await, ["a"]);
    assert!(logs.open("twice", 2).await.is_err());
}
