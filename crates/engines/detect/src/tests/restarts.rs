//! A replay never changes the alarms.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_fjall::FjallStore;
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{StateBatch, StateStores};
use proptest::prelude::*;

use crate::partition::{Effects, Partition, Scene};
use crate::record::{DeviceDelta, ReportsRecord};
use crate::storage;
use crate::watchlist::{Sources, Watchlist};
use picket_profile::WindowCounts;

const PROFILE: &str = r#"{"targets":["arn:aws:iot:r:a:all/things"],"behaviors":[
  {"name":"Ports","metric":"aws:listening-tcp-ports","criteria":{"comparisonOperator":"in-port-set",
   "value":{"ports":[22]},"consecutiveDatapointsToAlarm":2}},
  {"name":"Bytes","metric":"aws:all-bytes-out","criteria":{"comparisonOperator":"less-than",
   "value":{"count":100},"durationSeconds":600}},
  {"name":"Sent","metric":"aws:num-messages-sent","criteria":{"comparisonOperator":"less-than",
   "value":{"count":3},"durationSeconds":600,"consecutiveDatapointsToClear":2}}]}"#;

fn watchlist() -> Watchlist {
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
    list
}

#[derive(Debug, Clone)]
enum Input {
    Report { thing: u8, id: u8, port: u16, bytes: u8 },
    Cloud { thing: u8, messages: u8, connected: bool },
}

fn report_input() -> impl Strategy<Value = Input> {
    (0..3_u8, 1..40_u8, prop_oneof![Just(22_u16), Just(21)], 0..90_u8)
        .prop_map(|(thing, id, port, bytes)| Input::Report { thing, id, port, bytes })
}

fn input() -> impl Strategy<Value = (u16, Input)> {
    let cloud = (0..3_u8, 0..4_u8, any::<bool>())
        .prop_map(|(thing, messages, connected)| Input::Cloud { thing, messages, connected });
    (1..200_u16, prop_oneof![report_input(), cloud])
}

/// The log as bytes.
fn log(inputs: &[(u16, Input)]) -> Vec<Vec<u8>> {
    let mut now = 0;
    let mut records = Vec::new();
    for (gap, input) in inputs {
        let from = Timestamp::from_millis(now);
        now += i64::from(*gap) * 1000;
        let at = Timestamp::from_millis(now);
        let bytes = match input {
            Input::Report { thing, id, port, bytes } => {
                let payload = format!(
                    r#"{{"hed":{{"rid":{id},"v":"1.0"}},"met":{{"tp":{{"pts":[{{"pt":{port}}}]}},"ns":{{"bo":{bytes}}}}}}}"#
                );
                let thing = format!("t{thing}");
                let payload = payload.as_bytes();
                ReportsRecord::ReportV1 { thing: &thing, cbor: false, arrived: at, payload }.write()
            }
            Input::Cloud { thing, messages, connected } => {
                let mut counts = WindowCounts { connects: 1, ..WindowCounts::default() };
                (0..*messages).for_each(|size| counts.message_in(u64::from(size)));
                let connected = connected.then(|| IpAddr::from([10, 0, 0, 1]));
                let identity = format!("t{thing}");
                let scoped = Vec::new();
                let devices = vec![DeviceDelta { identity, counts, connected, scoped }];
                ReportsRecord::CloudV2 { from, at, devices }.write()
            }
        };
        records.push(bytes.unwrap());
    }
    records
}

/// Evaluates the log, committing after `batch` records at a time. Before each commit, evaluates some
/// records more and loses them, as a crash does. Returns events and alarms.
async fn evaluate(records: &[Vec<u8>], batch: usize, lost: usize) -> (Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let stores = Arc::new(FjallStore::open(dir.path()).unwrap());
    let store = stores.open_state("detect").await.unwrap();
    let rig = super::rig::directory();
    let list = watchlist();
    let scene = scene(&list, &rig);
    loop {
        let mut partition = storage::load(&*store, 0).await.unwrap();
        let from = usize::try_from(partition.progress.next - 1).unwrap();
        if from >= records.len() {
            let mut events = Vec::new();
            for event in crate::alarms::history::all(&*store).await.unwrap() {
                events.push(format!("{event:?}"));
            }
            let mut alarms: Vec<String> = partition.alarms().map(|it| format!("{it:?}")).collect();
            alarms.sort();
            events.sort();
            return (events, alarms);
        }
        let mut effects = Effects::default();
        let to = records.len().min(from + batch);
        for (sequence, bytes) in (partition.progress.next..).zip(&records[from..to]) {
            let record = ReportsRecord::read(bytes).unwrap();
            partition.apply(sequence, &record, &scene, &mut effects);
        }
        let mut commit = StateBatch::default();
        storage::save(&partition, &effects, &mut commit).unwrap();
        store.commit(commit).await.unwrap();
        let mut unsaved = Effects::default();
        for (sequence, bytes) in (partition.progress.next..).zip(records.iter().skip(to).take(lost))
        {
            let record = ReportsRecord::read(bytes).unwrap();
            partition.apply(sequence, &record, &scene, &mut unsaved);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn alarms_and_events_are_the_same_however_often_evaluation_is_cut_off(
        inputs in proptest::collection::vec(input(), 1..120),
        batch in 1..40_usize,
        lost in 0..20_usize,
    ) {
        let records = log(&inputs);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let straight = runtime.block_on(evaluate(&records, usize::MAX / 2, 0));
        let cut = runtime.block_on(evaluate(&records, batch, lost));
        prop_assert_eq!(straight, cut);
    }

    #[test]
    fn redeliveries_and_the_order_among_devices_change_nothing(
        inputs in proptest::collection::vec((1..200_u16, report_input()), 1..80),
    ) {
        let records = log(&inputs);
        let mut by_thing: Vec<(&str, &Vec<u8>)> = records
            .iter()
            .map(|bytes| match ReportsRecord::read(bytes).unwrap() {
                ReportsRecord::ReportV1 { thing, .. } => (thing, bytes),
                _ => unreachable!("only reports were made"),
            })
            .collect();
        by_thing.sort_by_key(|(thing, _)| *thing);
        let twice: Vec<Vec<u8>> =
            by_thing.iter().flat_map(|(_, bytes)| [(*bytes).clone(), (*bytes).clone()]).collect();
        prop_assert_eq!(outcome_in_memory(&records), outcome_in_memory(&twice));
    }
}

/// Events without ids and traces, which name the place in the log.
fn outcome_in_memory(records: &[Vec<u8>]) -> Vec<String> {
    let (list, directory) = (watchlist(), super::rig::directory());
    let scene = scene(&list, &directory);
    let mut partition = Partition::empty(0);
    let mut effects = Effects::default();
    for (sequence, bytes) in (1..).zip(records) {
        partition.apply(sequence, &ReportsRecord::read(bytes).unwrap(), &scene, &mut effects);
    }
    let mut lines: Vec<String> = effects
        .events
        .iter()
        .map(|it| {
            let it = &it.event;
            let violation = &it.violation;
            let (thing, behavior) = (&violation.thing, &violation.behavior);
            format!("{thing} {behavior} {:?} {} {:?}", it.event, it.time, it.value)
        })
        .chain(
            partition.alarms().map(|it| format!("{} {} {}", it.thing, it.behavior, it.explanation)),
        )
        .collect();
    lines.sort();
    lines
}

pub(super) fn scene<'a>(list: &'a Watchlist, directory: &'a super::rig::Groups) -> Scene<'a> {
    Scene {
        watchlist: list,
        directory,
        window: Duration::from_secs(300),
        grace: Duration::ZERO,
        silence: Duration::from_secs(172_800),
        things_max: 10_000,
    }
}
