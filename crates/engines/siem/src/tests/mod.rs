//! The SIEM on real files.

mod corpus;
mod crash;
mod ingest;
mod reading;
mod search;
mod split;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::prelude::{DataFrame, SessionContext, ident};
use picket_core::{ManualClock, Tasks, Timestamp};
use picket_fjall::{FjallConfig, FjallStore};
use picket_ports::registry::{DocumentKind, Documents};
use picket_ports::{EventIndex, IndexedEvent};
use picket_sqlite::SqliteRegistry;

use crate::{EventRange, Siem, SiemConfig, SiemDeps};

/// 2024-01-09 18:46:43 UTC.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_704_826_003_000);

/// A SIEM in a directory.
pub(crate) struct Rig {
    pub(crate) siem: Siem,
    pub(crate) clock: ManualClock,
    tasks: Tasks,
}

impl Rig {
    pub(crate) async fn open(directory: &Path, config: SiemConfig) -> Self {
        Self::open_with(directory, config, FjallConfig::default()).await
    }

    pub(crate) async fn open_with(directory: &Path, config: SiemConfig, disk: FjallConfig) -> Self {
        let store = Arc::new(FjallStore::open_with(directory.join("log"), disk).unwrap());
        let registry = SqliteRegistry::open(directory.join("registry.db")).await.unwrap();
        for index in ["i", "other"] {
            // It is there already after a restart.
            drop(registry.create_document(DocumentKind::Index, index, "{}", START).await);
        }
        let clock = ManualClock::at(START);
        let tasks = Tasks::new();
        let deps = SiemDeps {
            logs: store.clone(),
            states: store,
            registry: Arc::new(registry),
            root: directory.join("segments"),
            clock: Arc::new(clock.clone()),
            tasks: tasks.clone(),
        };
        let siem = Siem::open(config, deps).await.unwrap();
        Self { siem, clock, tasks }
    }

    /// Ends without sealing, as a crash would leave it.
    pub(crate) async fn close(self) {
        assert!(self.tasks.shut_down(Duration::from_secs(10)).await);
    }

    /// Appends and waits until the events can be found.
    pub(crate) async fn append(&self, events: Vec<IndexedEvent>) {
        let sequence = self.siem.append(events).await.unwrap();
        self.found(sequence).await;
    }

    pub(crate) async fn found(&self, sequence: u64) {
        let mut searchable = self.siem.searchable();
        let reached = searchable.wait_for(|reached| *reached >= sequence);
        tokio::time::timeout(Duration::from_secs(10), reached).await.unwrap().unwrap();
    }

    pub(crate) async fn seal(&self) {
        tokio::time::timeout(Duration::from_secs(10), self.siem.seal()).await.unwrap();
    }

    /// The present snapshot.
    pub(crate) async fn frame(&self) -> DataFrame {
        let scan = self.siem.scan(&EventRange::default()).await.unwrap();
        SessionContext::new().read_table(scan.table).unwrap()
    }

    /// All events' text, newest first.
    pub(crate) async fn raws(&self) -> Vec<String> {
        self.column("_raw").await
    }

    /// The cells of one column, newest event first; several values joined by `+`, none as `-`.
    pub(crate) async fn column(&self, name: &str) -> Vec<String> {
        let newest_first = ["_time", "_seq"].map(|key| ident(key).sort(false, false));
        let frame = self.frame().await.sort(newest_first.to_vec()).unwrap();
        let batches = frame.select(vec![ident(name)]).unwrap().collect().await.unwrap();
        batches.iter().flat_map(|batch| cells(batch.column(0))).collect()
    }

    pub(crate) async fn count(&self) -> usize {
        self.frame().await.count().await.unwrap()
    }
}

fn cells(column: &ArrayRef) -> Vec<String> {
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let lists = picket_shred::cast_to(column, &DataType::List(item)).unwrap();
    let text = |list: Option<ArrayRef>| match list {
        Some(list) => list.as_string::<i32>().iter().flatten().collect::<Vec<_>>().join("+"),
        None => "-".to_owned(),
    };
    lists.as_list::<i32>().iter().map(text).collect()
}

pub(crate) fn event(raw: &str) -> IndexedEvent {
    event_at(START, raw)
}

pub(crate) fn event_at(time: Timestamp, raw: &str) -> IndexedEvent {
    IndexedEvent {
        time,
        index: "i".to_owned(),
        host: "h".to_owned(),
        source: "src".to_owned(),
        sourcetype: "s".to_owned(),
        raw: Bytes::copy_from_slice(raw.as_bytes()),
        fields: Vec::new(),
    }
}

pub(crate) fn with_id(id: &str, raw: &str) -> IndexedEvent {
    let fields = vec![("picket_id".to_owned(), vec![id.to_owned()])];
    IndexedEvent { fields, ..event(raw) }
}
