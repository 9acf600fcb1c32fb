//! A process that is killed while it writes and seals.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use picket_ports::EventIndex;
use tempfile::TempDir;

use super::{Rig, with_id};
use crate::SiemConfig;

const DIRECTORY: &str = "PICKET_SIEM_CRASH_TEST";

fn small() -> SiemConfig {
    SiemConfig { seal_bytes: 4000, ..SiemConfig::default() }
}

/// Not a test of its own: what the killed process does, when it is told where.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent process says where to write")]
async fn child() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let rig = Rig::open(directory.as_ref(), small()).await;
    for number in 0.. {
        let id = format!("event-{number}");
        let events = vec![with_id(&id, &format!(r#"{{"n":{number}}}"#)), with_id(&id, "repeat")];
        rig.siem.append(events).await.unwrap();
        println!("stored {number}");
    }
}

/// Runs the child until it has acknowledged `count` events, kills it, and returns how many it had.
fn run_and_kill(directory: &TempDir, count: usize) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::child", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_stored = |line: &String| line.contains("stored ");
    let stored = lines.by_ref().map_while(Result::ok).filter(is_stored).take(count).count();
    child.kill().unwrap();
    let late = lines.map_while(Result::ok).filter(is_stored).count();
    child.wait().unwrap();
    stored + late
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_once() {
    let directory = TempDir::new().unwrap();
    let mut most = 0;
    for round in 1..4 {
        most = most.max(run_and_kill(&directory, 40 * round));
        let rig = Rig::open(directory.path(), small()).await;
        let mut found = BTreeMap::new();
        for id in rig.column("_id").await {
            *found.entry(id).or_insert(0) += 1;
        }
        for number in 0..most {
            assert_eq!(found.get(&format!("event-{number}")), Some(&1), "event {number}");
        }
        assert!(found.values().all(|&times| times == 1));
        rig.close().await;
    }
}
