//! What a search reads of the table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array,
};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use picket_core::Timestamp;

use crate::{Answer, Query, RunOptions};

/// A table that remembers which columns were read.
#[derive(Debug)]
struct Watched {
    table: MemTable,
    read: Mutex<Vec<Vec<String>>>,
}

#[async_trait]
impl TableProvider for Watched {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema().project(columns)?),
            None => self.schema(),
        };
        let mut names: Vec<_> = schema.fields().iter().map(|field| field.name().clone()).collect();
        names.sort();
        self.read.lock().push(names);
        self.table.scan(state, projection, filters, limit).await
    }
}

async fn run(search: &str) -> (Answer, Vec<Vec<String>>) {
    let texts = |values: [&str; 3]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("_time", Arc::new(TimestampMillisecondArray::from(vec![1000, 2000, 3000])) as ArrayRef),
        ("_raw", texts(["{}", "{}", "{}"])),
        ("index", texts(["i", "i", "_internal"])),
        ("_seq", Arc::new(UInt64Array::from(vec![1, 2, 3])) as ArrayRef),
        ("thing", texts(["a", "b", "a"])),
        ("port", Arc::new(Int64Array::from(vec![22, 80, 22])) as ArrayRef),
        ("wide", texts(["x", "y", "z"])),
        ("\0seq", texts(["x", "y", "z"])),
    ]);
    let batch = batch.unwrap();
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    let watched = Arc::new(Watched { table, read: Mutex::default() });
    let options = RunOptions {
        now: Timestamp::from_millis(10_000),
        zone: TimeZone::UTC,
        earliest: None,
        latest: None,
        latest_default: None,
        rows_max: 100,
    };
    let query = Query::parse(search).unwrap();
    let answer = query.run(&SessionContext::new(), watched.clone(), &options).await.unwrap();
    let read = watched.read.lock().clone();
    (answer, read)
}

async fn check_reads(search: &str, columns: &[&str]) {
    let (_, read) = run(search).await;
    assert_eq!(read, [columns], "{search}");
}

#[tokio::test]
async fn only_the_columns_that_a_search_needs_are_read() {
    check_reads("index=i port=22 | stats count by thing", &["index", "port", "thing"]).await;
    check_reads("index=i | stats count", &["index"]).await;
    check_reads(
        "index=i | chart max(port) over _time by thing",
        &["_time", "index", "port", "thing"],
    )
    .await;
    check_reads(
        "index=i | eval n=port+1 | spath thing output=t | table t n",
        &["_seq", "_time", "index", "port", "thing"],
    )
    .await;
    check_reads("index=i earliest=1 | top 1 port", &["_seq", "_time", "index", "port"]).await;
}

#[tokio::test]
async fn a_second_pass_reads_again_but_counts_no_event_twice() {
    let (answer, read) = run("index=i | chart limit=1 avg(port) over _time by thing").await;
    assert_eq!(read.len(), 2);
    assert_eq!(answer.event_count, 2);
    let (answer, _) = run("index=i | bin port bins=2 | timechart count by port").await;
    assert_eq!(answer.event_count, 2);
}

#[tokio::test]
async fn internal_indexes_are_read_only_when_named() {
    assert_eq!(run("thing=a").await.0.rows.len(), 1);
    assert_eq!(run("index=* thing=a").await.0.rows.len(), 1);
    assert_eq!(run("index=_internal thing=a").await.0.rows.len(), 1);
    assert_eq!(run("index=_* OR index=i thing=a").await.0.rows.len(), 2);
}
