//! A process killed under load, over a real store.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use picket_broker::{Broker, BrokerLimits};
use picket_core::{SystemClock, Tasks};
use picket_fjall::FjallStore;
use picket_session::Effect;
use tokio::sync::Notify;

use crate::rig::{Rig, kept, message, qos, wait};

const DIRECTORY: &str = "BROKER_KILL_TEST_DIRECTORY";
const FIRST: &str = "BROKER_KILL_TEST_FIRST";
const OFFLINE: usize = 4;

fn load(directory: &Path, first: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::the_process_that_is_killed", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Publishes numbers to sessions of clients that are away and of one that is there and acknowledges
/// most of them, and says on standard output what was promised (`p`) and acknowledged (`a`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let first = std::env::var_os(FIRST).unwrap().into_string().unwrap().parse::<u64>().unwrap();
    let states = FjallStore::open(directory).unwrap();
    let broker =
        Broker::open(BrokerLimits::default(), Arc::new(SystemClock), &states).await.unwrap();
    let tasks = Tasks::new();
    broker.start(&tasks);
    let connect = |name: &str| broker.connect(kept(name), Arc::new(Notify::new())).unwrap();
    for at in 0..OFFLINE {
        let client = connect(&format!("away-{at}"));
        client.attachment.subscribe("in/#", qos(1));
        wait(client.attachment.stored()).await;
    }
    let present = Arc::new(connect("present").attachment);
    present.subscribe("in/#", qos(1));
    wait(present.stored()).await;
    let say = |line: String| std::io::stdout().write_all(line.as_bytes()).unwrap();
    for number in first.. {
        let payload = number.to_string();
        let mut published = message("in/load", &payload);
        published.retain = number % 10 == 0;
        let routed = broker.route(&Arc::new(published), None);
        let mut effects = Vec::new();
        present.fill(100, &mut |_| true, &mut effects);
        for effect in effects {
            if let Effect::Send { packet_id: Some(id), delivery, .. } = effect
                && number % 7 != 0
            {
                say(format!("a {}\n", String::from_utf8_lossy(&delivery.message.payload)));
                present.acknowledged(id);
            }
        }
        wait(routed.stored).await;
        say(format!("p {payload}\n"));
    }
}

fn drain(rig: &Rig, name: &str) -> BTreeSet<u64> {
    let connected = rig.connect(kept(name));
    assert!(connected.session_present, "{name}");
    let mut got = BTreeSet::new();
    loop {
        let mut effects = Vec::new();
        connected.attachment.fill(1000, &mut |_| true, &mut effects);
        if effects.is_empty() {
            return got;
        }
        for effect in effects {
            if let Effect::Send { packet_id: Some(id), delivery, .. } = effect {
                connected.attachment.acknowledged(id);
                got.insert(String::from_utf8_lossy(&delivery.message.payload).parse().unwrap());
            }
        }
    }
}

#[tokio::test]
async fn nothing_that_was_promised_is_lost_when_the_process_is_killed() {
    if std::env::var_os(DIRECTORY).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (mut promised, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
    let mut next = 0;
    for round in 0..5 {
        let mut child = load(directory.path(), next);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = promised.len() + 150 + 61 * round;
        for line in lines {
            let line = line.unwrap();
            let Some((kind, number)) = line.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match kind {
                "p" => _ = promised.insert(number),
                "a" => _ = acknowledged.insert(number),
                _ => continue,
            }
            next = next.max(number + 1);
            if promised.len() >= enough {
                // SIGKILL; what the pipe still holds was promised too.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        next += 1000;
    }
    let states = FjallStore::open(directory.path()).unwrap();
    let rig = Rig::open(&states).await;
    for at in 0..OFFLINE {
        let got = drain(&rig, &format!("away-{at}"));
        let lost: Vec<_> = promised.difference(&got).collect();
        assert!(lost.is_empty(), "away-{at} lost {lost:?} of {}", promised.len());
    }
    let got = drain(&rig, "present");
    let owed: BTreeSet<_> = promised.difference(&acknowledged).copied().collect();
    assert!(owed.is_subset(&got), "lost {:?}", owed.difference(&got).collect::<Vec<_>>());
    assert!(!owed.is_empty());
}
