//! Writing, finding, sealing, restarting.

use std::time::Duration;

use picket_core::{Classified, ErrorCode};
use picket_fjall::FjallConfig;
use picket_ports::{EventIndex, IndexError, IndexedEvent};
use tempfile::TempDir;

use super::{Rig, START, event, event_at, with_id};
use crate::{EventRange, SiemConfig};

async fn rig(directory: &TempDir) -> Rig {
    Rig::open(directory.path(), SiemConfig::default()).await
}

#[tokio::test]
async fn an_event_is_found_in_memory_after_a_restart_and_in_a_segment() {
    let directory = TempDir::new().unwrap();
    let rig1 = rig(&directory).await;
    rig1.append(vec![event(r#"{"a":1}"#), event(r#"{"a":2}"#)]).await;
    assert_eq!(rig1.raws().await, [r#"{"a":2}"#, r#"{"a":1}"#]);
    assert_eq!(rig1.count().await, 2);
    rig1.close().await;

    let rig2 = rig(&directory).await;
    assert_eq!(rig2.raws().await, [r#"{"a":2}"#, r#"{"a":1}"#]);
    rig2.seal().await;
    let stats = rig2.siem.stats();
    assert_eq!((stats.events, stats.recent_events, stats.segments), (2, 0, 1));
    assert_eq!(rig2.raws().await, [r#"{"a":2}"#, r#"{"a":1}"#]);
    assert_eq!(rig2.count().await, 2);
    rig2.close().await;

    let rig3 = rig(&directory).await;
    assert_eq!(rig3.raws().await, [r#"{"a":2}"#, r#"{"a":1}"#]);
    rig3.append(vec![event(r#"{"a":3}"#)]).await;
    assert_eq!(rig3.column("a").await, ["3", "2", "1"]);
    rig3.close().await;
}

#[tokio::test]
async fn an_id_is_stored_once_in_memory_over_a_restart_and_over_a_seal() {
    let directory = TempDir::new().unwrap();
    let rig1 = rig(&directory).await;
    rig1.append(vec![with_id("x", "1"), with_id("x", "2"), with_id("y", "3"), event("4")]).await;
    rig1.append(vec![with_id("y", "5")]).await;
    assert_eq!(rig1.raws().await, ["4", "3", "1"]);
    let ledger = rig1.siem.stats().ledger;
    assert_eq!((ledger.received, ledger.delivered, ledger.in_flight), (5, 3, 0));
    assert_eq!(ledger.dropped.get("duplicate"), Some(&2));
    rig1.close().await;

    let rig2 = rig(&directory).await;
    rig2.append(vec![with_id("x", "6")]).await;
    assert_eq!(rig2.raws().await, ["4", "3", "1"]);
    rig2.seal().await;
    rig2.append(vec![with_id("y", "7")]).await;
    rig2.close().await;

    let rig3 = rig(&directory).await;
    rig3.append(vec![with_id("x", "8"), with_id("z", "9")]).await;
    assert_eq!(rig3.raws().await, ["9", "4", "3", "1"]);
    rig3.close().await;
}

#[tokio::test]
async fn a_path_whose_type_differs_between_segments_and_memory_reads_as_sent() {
    let directory = TempDir::new().unwrap();
    let rig = rig(&directory).await;
    let values = ["1", "2.5", "100000.5", "\"x\"", "[7]", "[8,9]", "true"];
    for (at, value) in values.into_iter().enumerate() {
        rig.append(vec![event(&format!(r#"{{"v":{value}}}"#))]).await;
        if at % 2 == 0 {
            rig.seal().await;
        }
    }
    let read = rig.column("v").await;
    assert_eq!(read, ["true", "-", "-", "x", "100000.5", "2.5", "1"]);
    assert_eq!(rig.column("v{}").await, ["-", "8+9", "7", "-", "-", "-", "-"]);
    rig.append(vec![event(r#"{"v":1,"v":2}"#)]).await;
    let read = rig.column("v").await;
    assert_eq!(read, ["1+2", "true", "-", "-", "x", "100000.5", "2.5", "1"]);
    rig.close().await;
}

#[tokio::test]
async fn size_and_age_seal_without_being_asked() {
    let directory = TempDir::new().unwrap();
    let config = SiemConfig { seal_bytes: 1000, seal_age_seconds: 60, ..SiemConfig::default() };
    let rig = Rig::open(directory.path(), config).await;
    let long = "x".repeat(400);
    rig.append((0..3).map(|_| event(&long)).collect()).await;
    let mut consumed = rig.siem.shared.consumed.subscribe();
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, consumed.wait_for(|at| *at == 1)).await.unwrap().unwrap();
    rig.append(vec![event("short")]).await;
    assert_eq!(rig.siem.stats().segments, 1);
    rig.clock.advance(Duration::from_secs(61));
    tokio::time::timeout(limit, consumed.wait_for(|at| *at == 2)).await.unwrap().unwrap();
    assert_eq!(rig.siem.stats().segments, 2);
    assert_eq!(rig.count().await, 4);
    rig.close().await;
}

#[tokio::test]
async fn each_index_has_its_own_segment_and_retention() {
    let directory = TempDir::new().unwrap();
    let config = SiemConfig { retention_days: 1, ..SiemConfig::default() };
    let rig = Rig::open(directory.path(), config).await;
    let other = IndexedEvent { index: "other".to_owned(), ..event("2") };
    rig.append(vec![event("1"), other.clone()]).await;
    rig.seal().await;
    assert_eq!(rig.siem.stats().segments, 2);
    rig.clock.advance(Duration::from_secs(25 * 3600));
    rig.append(vec![event_at(START.plus(Duration::from_secs(24 * 3600)), "3")]).await;
    rig.seal().await;
    let file = directory.path().join("segments/segments/i");
    assert_eq!(std::fs::read_dir(&file).unwrap().count(), 2);
    let mut leaving = Vec::new();
    crate::keeper::retire(&rig.siem.shared, &mut leaving).await.unwrap();
    assert_eq!(rig.raws().await, ["3"]);
    assert!(leaving.is_empty());
    assert_eq!(std::fs::read_dir(&file).unwrap().count(), 1);
    rig.close().await;
}

#[tokio::test]
async fn a_file_without_a_catalogue_entry_is_removed_at_the_start() {
    let directory = TempDir::new().unwrap();
    let rig1 = rig(&directory).await;
    rig1.append(vec![event("1")]).await;
    rig1.seal().await;
    rig1.close().await;
    let folder = directory.path().join("segments/segments/i");
    let stray = folder.join("00000000000000ff.parquet");
    std::fs::write(&stray, "half a file").unwrap();
    let rig2 = rig(&directory).await;
    assert!(!stray.exists());
    assert_eq!(rig2.count().await, 1);
    rig2.close().await;
}

#[tokio::test]
async fn an_append_that_is_refused_keeps_nothing() {
    let directory = TempDir::new().unwrap();
    let config = SiemConfig { pending_bytes_max: 1, ..SiemConfig::default() };
    let rig = Rig::open(directory.path(), config).await;
    let unknown = IndexedEvent { index: "nope".to_owned(), ..event("1") };
    let error = rig.siem.append(vec![event("0"), unknown]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    assert!(error.to_string().contains("`nope`"));
    let many = futures::future::join_all((0..50).map(|_| rig.siem.append(vec![event("2")]))).await;
    let kept = many.iter().filter(|result| result.is_ok()).count();
    assert!(many.iter().all(|result| matches!(result, Ok(_) | Err(IndexError::Busy))));
    rig.seal().await;
    assert_eq!(rig.count().await, kept);
    assert_eq!(rig.siem.stats().ledger.in_flight, 0);
    rig.close().await;
}

#[tokio::test]
async fn segments_that_cannot_be_written_are_tried_again_and_nothing_is_lost() {
    let directory = TempDir::new().unwrap();
    let rig = rig(&directory).await;
    // A file where the directory of the index should be.
    let folder = directory.path().join("segments/segments");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("i"), "in the way").unwrap();
    rig.append(vec![event("1")]).await;
    let siem = rig.siem.clone();
    let sealing = siem.seal();
    tokio::pin!(sealing);
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut sealing).await.is_err());
    rig.append(vec![event("2")]).await;
    assert_eq!(rig.raws().await, ["2", "1"]);
    std::fs::remove_file(folder.join("i")).unwrap();
    tokio::time::timeout(Duration::from_secs(10), sealing).await.unwrap();
    assert_eq!(rig.raws().await, ["2", "1"]);
    rig.close().await;
}

#[tokio::test]
async fn small_segments_are_merged_and_answer_the_same() {
    let directory = TempDir::new().unwrap();
    let rig1 = rig(&directory).await;
    for number in 0..9 {
        let value = if number % 2 == 0 { "1" } else { "\"x\"" };
        rig1.append(vec![with_id(&number.to_string(), &format!(r#"{{"v":{value}}}"#))]).await;
        rig1.seal().await;
    }
    let before = (rig1.raws().await, rig1.column("v").await);
    let mut leaving = Vec::new();
    crate::keeper::merge_small(&rig1.siem.shared, &mut leaving).await.unwrap();
    assert_eq!((rig1.siem.stats().segments, leaving.len()), (1, 9));
    assert_eq!((rig1.raws().await, rig1.column("v").await), before);
    rig1.close().await;

    let rig2 = rig(&directory).await;
    rig2.append(vec![with_id("3", "a repeat")]).await;
    assert_eq!((rig2.raws().await, rig2.column("v").await), before);
    rig2.close().await;
}

#[tokio::test]
async fn a_full_disk_refuses_events_whole_and_space_brings_it_back() {
    let directory = TempDir::new().unwrap();
    let full = FjallConfig { free_bytes_min: u64::MAX, ..FjallConfig::default() };
    let rig1 = Rig::open_with(directory.path(), SiemConfig::default(), full).await;
    let error = rig1.siem.append(vec![with_id("x", "1"), event("2")]).await.unwrap_err();
    assert!(matches!(&error, IndexError::Storage(cause) if cause.contains("full")), "{error}");
    assert_eq!(rig1.count().await, 0);
    let ledger = rig1.siem.stats().ledger;
    assert_eq!((ledger.in_flight, ledger.dropped.get("not stored")), (0, Some(&2)));
    rig1.close().await;

    let rig2 = rig(&directory).await;
    rig2.append(vec![with_id("x", "1"), event("2")]).await;
    assert_eq!(rig2.raws().await, ["2", "1"]);
    rig2.close().await;
}

#[tokio::test]
async fn a_scan_leaves_out_segments_of_other_times_and_indexes() {
    let directory = TempDir::new().unwrap();
    let rig = rig(&directory).await;
    let later = START.plus(Duration::from_secs(60));
    let other = IndexedEvent { index: "other".to_owned(), ..event("o") };
    rig.append(vec![event("1"), other]).await;
    rig.seal().await;
    rig.append(vec![event_at(later, "2")]).await;
    let check = async |range: EventRange, rows: u64| {
        assert_eq!(rig.siem.scan(&range).await.unwrap().rows, rows, "{range:?}");
    };
    check(EventRange::default(), 3).await;
    check(EventRange { earliest: Some(later), ..EventRange::default() }, 1).await;
    check(EventRange { latest: Some(later), ..EventRange::default() }, 2).await;
    check(EventRange { latest: Some(START), ..EventRange::default() }, 0).await;
    let indexes = Some(vec!["other".to_owned()]);
    check(EventRange { indexes, latest: Some(later), ..EventRange::default() }, 1).await;
    rig.close().await;
}

#[tokio::test]
async fn an_empty_id_is_none() {
    let directory = TempDir::new().unwrap();
    let rig = rig(&directory).await;
    rig.append(vec![with_id("", "1"), with_id("", "2")]).await;
    assert_eq!(rig.raws().await, ["2", "1"]);
    rig.close().await;
}
