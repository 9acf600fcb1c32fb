//! Reading while others write, and reading no more than is needed.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{ident, lit};
use picket_ports::{EventIndex, SearchError};
use tempfile::TempDir;

use super::{Rig, event};
use crate::{EventRange, SiemConfig};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_sees_every_event_once_while_others_write_and_seal() {
    const EVENTS: u64 = 400;
    let directory = TempDir::new().unwrap();
    let config = SiemConfig { seal_bytes: 300, ..SiemConfig::default() };
    let rig = Rig::open(directory.path(), config).await;
    let writer = async {
        for number in 0..EVENTS {
            rig.siem.append(vec![event(&format!(r#"{{"n":{number}}}"#))]).await.unwrap();
        }
    };
    let reader = async {
        let mut seen = 0;
        while seen < EVENTS {
            let at_least = *rig.siem.searchable().borrow();
            let batches = rig.frame().await.collect().await.unwrap();
            let numbers = batches.iter().filter_map(|batch| batch.column_by_name("n"));
            let mut numbers: Vec<i64> =
                numbers.flat_map(|n| n.as_primitive::<Int64Type>().values().to_vec()).collect();
            numbers.sort_unstable();
            let expected: Vec<i64> = (0..).take(numbers.len()).collect();
            assert_eq!(numbers, expected);
            seen = numbers.len() as u64;
            assert!(seen >= at_least, "{seen} of at least {at_least}");
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writer, reader);
    assert!(rig.siem.stats().segments > 1);
    rig.close().await;
}

#[tokio::test]
async fn a_filter_reaches_the_files_and_a_projection_reads_its_columns_only() {
    let directory = TempDir::new().unwrap();
    let rig = Rig::open(directory.path(), SiemConfig::default()).await;
    rig.append(vec![event(r#"{"a":1,"b":"x"}"#)]).await;
    rig.seal().await;
    let frame = rig.frame().await.filter(ident("a").gt(lit(5_i64))).unwrap();
    let plan = frame.select(vec![ident("b")]).unwrap().create_physical_plan().await.unwrap();
    let shown = displayable(plan.as_ref()).indent(false).to_string();
    assert!(shown.contains("pruning_predicate"), "{shown}");
    assert!(!shown.contains("_raw"), "{shown}");
    rig.close().await;
}

#[tokio::test]
async fn a_search_is_held_to_its_memory_its_time_and_its_place_in_the_queue() {
    let directory = TempDir::new().unwrap();
    let config = SiemConfig {
        search_memory_bytes_max: 1000,
        search_seconds_max: 1,
        searches_max: 1,
        ..SiemConfig::default()
    };
    let rig = Rig::open(directory.path(), config).await;
    rig.append((0..100).map(|n| event(&format!(r#"{{"n":{n}}}"#))).collect()).await;

    let slot = rig.siem.search_slot().await.unwrap();
    let siem = rig.siem.clone();
    let second = siem.search_slot();
    tokio::pin!(second);
    assert!(futures::poll!(&mut second).is_pending());
    let table = rig.siem.scan(&EventRange::default()).await.unwrap().table;
    let sorted = slot.context.read_table(table).unwrap().sort_by(vec![ident("n")]).unwrap();
    let error = slot.run(sorted.collect()).await.unwrap_err();
    assert!(matches!(&error, SearchError::Limit(why) if why.contains("memory")), "{error}");

    let slot = second.await.unwrap();
    let error = slot.run(std::future::pending::<Result<(), _>>()).await.unwrap_err();
    assert!(matches!(&error, SearchError::Limit(why) if why.contains("1 seconds")), "{error}");
    rig.close().await;
}
