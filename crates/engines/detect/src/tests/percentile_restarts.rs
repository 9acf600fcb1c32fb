//! Percentiles come to the same alarms however evaluation is cut off, batched and interleaved.

use std::sync::Arc;

use picket_core::Timestamp;
use picket_fjall::FjallStore;
use picket_ports::event_log::partition_of;
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{StateBatch, StateStore, StateStores};
use proptest::prelude::*;

use super::restarts::scene;
use crate::partition::{Effects, Partition};
use crate::percentiles::Percentiles;
use crate::record::ReportsRecord;
use crate::storage;
use crate::watchlist::{Sources, Watchlist};

const PARTITIONS: u16 = 3;
const PROFILE: &str = r#"{"targets":["arn:aws:iot:r:a:all/things"],"behaviors":[
  {"name":"Sent","metric":"aws:all-bytes-out","criteria":{"comparisonOperator":"less-than-equals",
   "statisticalThreshold":{"statistic":"p50"},"durationSeconds":600,"consecutiveDatapointsToAlarm":2}},
  {"name":"Ports","metric":"aws:num-listening-tcp-ports","criteria":{"comparisonOperator":"less-than",
   "statisticalThreshold":{"statistic":"p90"},"durationSeconds":300}}]}"#;

/// What happens to the evaluating side between two reports.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// A partition evaluates so many records at most and commits.
    Evaluate { partition: u16, records: usize },
    /// Of the percentiles that are due, so many get into the log.
    Append { count: usize },
    /// A partition evaluates and does not come to commit; the server starts again.
    Crash { partition: u16, records: usize },
}

#[derive(Debug, Clone)]
struct Report {
    gap: u16,
    thing: u8,
    bytes: u16,
    ports: u8,
}

fn turn() -> impl Strategy<Value = Turn> {
    let evaluate = (0..PARTITIONS, 1..6_usize)
        .prop_map(|(partition, records)| Turn::Evaluate { partition, records });
    let append = (0..4_usize).prop_map(|count| Turn::Append { count });
    let crash = (0..PARTITIONS, 0..4_usize)
        .prop_map(|(partition, records)| Turn::Crash { partition, records });
    prop_oneof![4 => evaluate, 2 => append, 1 => crash]
}

fn report() -> impl Strategy<Value = Report> {
    (1..250_u16, 0..8_u8, 0..500_u16, 0..9_u8).prop_map(|(gap, thing, bytes, ports)| Report {
        gap,
        thing,
        bytes,
        ports,
    })
}

struct World {
    store: Arc<dyn StateStore>,
    list: Watchlist,
    logs: Vec<Vec<Vec<u8>>>,
    partitions: Vec<Partition>,
    percentiles: Percentiles,
    /// Ends of the logs at the start, until they are reached.
    ends: Vec<Option<u64>>,
    events: Vec<String>,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stores = FjallStore::open(dir.path()).unwrap();
        let store = stores.open_state("detect").await.unwrap();
        let document = Document {
            kind: DocumentKind::SecurityProfile,
            name: "p".to_owned(),
            body: PROFILE.to_owned(),
            version: 1,
            created: Timestamp::default(),
            modified: Timestamp::default(),
        };
        let sources = Sources { profiles: vec![document], ..Sources::default() };
        let (list, broken) = Watchlist::load(1, &sources, 1000);
        assert!(broken.is_empty(), "{broken:?}");
        let logs = vec![Vec::new(); usize::from(PARTITIONS)];
        let (partitions, events, ends) = (Vec::new(), Vec::new(), Vec::new());
        let percentiles = Percentiles::new(PARTITIONS);
        let mut world =
            Self { store, list, logs, partitions, percentiles, ends, events, _dir: dir };
        world.start().await;
        world
    }

    async fn start(&mut self) {
        self.percentiles = Percentiles::new(PARTITIONS);
        self.partitions.clear();
        for number in 0..PARTITIONS {
            self.partitions.push(storage::load(&*self.store, number).await.unwrap());
        }
        self.ends = self.logs.iter().map(|log| Some(log.len() as u64 + 1)).collect();
        self.gather();
    }

    fn gather(&mut self) {
        for (partition, end) in self.partitions.iter().zip(&mut self.ends) {
            if end.is_none_or(|end| partition.progress.next >= end) {
                *end = None;
                self.percentiles.gather(partition, &self.list);
            }
        }
    }

    fn apply(&mut self, number: u16, records: usize) -> Effects {
        let directory = super::rig::directory();
        let scene = scene(&self.list, &directory);
        let place = usize::from(number);
        let partition = &mut self.partitions[place];
        let mut effects = Effects::default();
        let from = usize::try_from(partition.progress.next - 1).unwrap();
        for bytes in self.logs[place].iter().skip(from).take(records) {
            let record = ReportsRecord::read(bytes).unwrap();
            partition.apply(partition.progress.next, &record, &scene, &mut effects);
        }
        effects
    }

    async fn evaluate(&mut self, number: u16, records: usize) {
        let effects = self.apply(number, records);
        let partition = &mut self.partitions[usize::from(number)];
        let mut batch = StateBatch::default();
        storage::save(partition, &effects, &mut batch).unwrap();
        self.store.commit(batch).await.unwrap();
        partition.committed(&effects.changed);
        // Without ids and traces, which name places in the log.
        self.events.extend(effects.events.iter().map(|it| {
            let (event, violation) = (&it.event, &it.event.violation);
            let thresholds: Vec<_> = violation.datapoints.iter().map(|it| it.threshold).collect();
            let (thing, behavior) = (&violation.thing, &violation.behavior);
            let (kind, time, value) = (event.event, event.time, &event.value);
            format!("{thing} {behavior} {kind:?} {time} {value:?} {thresholds:?}")
        }));
        self.gather();
    }

    fn append(&mut self, count: usize) {
        let mut due = self.percentiles.take();
        let back = due.split_off(due.len().min(count));
        for (partition, threshold) in &due {
            let record = ReportsRecord::ThresholdV1(*threshold).write().unwrap();
            self.logs[usize::from(*partition)].push(record);
        }
        self.percentiles.appended(due.len() + back.len(), back.into_iter());
    }

    async fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Evaluate { partition, records } => self.evaluate(partition, records).await,
            Turn::Append { count } => self.append(count),
            Turn::Crash { partition, records } => {
                self.apply(partition, records);
                self.start().await;
            }
        }
    }

    /// Everything that is left, and then the alarms that are on.
    async fn finish(mut self) -> (Vec<String>, Vec<String>) {
        loop {
            for number in 0..PARTITIONS {
                self.evaluate(number, usize::MAX).await;
            }
            if self.percentiles.waiting() == 0 {
                break;
            }
            self.append(usize::MAX);
        }
        let alarms = self.partitions.iter().flat_map(Partition::alarms);
        let mut alarms: Vec<String> =
            alarms.map(|it| format!("{} {} {}", it.thing, it.behavior, it.explanation)).collect();
        alarms.sort();
        self.events.sort();
        (self.events, alarms)
    }
}

async fn run(reports: &[Report], turns: &[Turn]) -> (Vec<String>, Vec<String>) {
    let mut world = World::new().await;
    let mut now = Timestamp::from_millis(0);
    let mut turns = turns.iter();
    for (id, report) in (1..).zip(reports) {
        let Report { gap, thing, bytes, ports } = report;
        let from = now;
        now = now.plus(std::time::Duration::from_secs(u64::from(*gap)));
        let payload = format!(
            r#"{{"hed":{{"rid":{id},"v":"1.0"}},"met":{{"tp":{{"t":{ports}}},"ns":{{"bo":{bytes}}}}}}}"#
        );
        let (thing, payload) = (format!("thing-{thing}"), payload.as_bytes());
        let record = ReportsRecord::ReportV1 { thing: &thing, cbor: false, arrived: now, payload };
        let place = usize::from(partition_of(&thing, PARTITIONS));
        world.logs[place].push(record.write().unwrap());
        for log in &mut world.logs {
            let tick = ReportsRecord::CloudV2 { from, at: now, devices: Vec::new() };
            log.push(tick.write().unwrap());
        }
        for turn in turns.by_ref().take(4) {
            world.turn(*turn).await;
        }
    }
    world.finish().await
}

/// Eight devices of three partitions; in every period the one that sends most is in alarm.
#[test]
fn a_kill_between_the_appends_to_two_partitions_changes_nothing() {
    let report = |n: u16| {
        let (thing, ports) = ((n % 8) as u8, 1);
        Report { gap: 60, thing, bytes: 100 + 50 * (n % 8), ports }
    };
    let reports: Vec<Report> = (0..40).map(report).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let straight = runtime.block_on(run(&reports, &[]));
    assert!(straight.0.len() >= 4, "{straight:?}");
    let step = |number: usize| match number % 8 {
        // Everybody is through, one partition gets its percentile and takes it in, and then the kill.
        0 => Turn::Evaluate { partition: 0, records: usize::MAX },
        1 => Turn::Evaluate { partition: 1, records: usize::MAX },
        2 => Turn::Evaluate { partition: 2, records: usize::MAX },
        3 => Turn::Append { count: 1 },
        4..=6 => Turn::Evaluate { partition: (number % 3) as u16, records: usize::MAX },
        _ => Turn::Crash { partition: 0, records: 1 },
    };
    let turns: Vec<Turn> = (0..160).map(step).collect();
    assert_eq!(runtime.block_on(run(&reports, &turns)), straight);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn alarms_on_percentiles_are_the_same_however_evaluation_is_cut_off_and_interleaved(
        reports in proptest::collection::vec(report(), 10..60),
        turns in proptest::collection::vec(turn(), 0..240),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let straight = runtime.block_on(run(&reports, &[]));
        let cut = runtime.block_on(run(&reports, &turns));
        prop_assert_eq!(straight, cut);
    }
}
