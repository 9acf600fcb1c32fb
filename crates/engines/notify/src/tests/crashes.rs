//! Kills in the middle: the runtime is gone from one moment to the next, the data directory stays.

use std::path::{Path, PathBuf};

use picket_core::Tasks;
use tokio::runtime::Runtime;

use super::receiver::{Manner, Receiver};
use super::rig::{Rig, quick, until};
use crate::{NotifyConfig, Publication};

/// Runs `before` and takes the runtime away as soon as it has returned. What it stored is copied first, as
/// it lies on the disk then.
fn killed_after<T: Send>(folder: &Path, before: impl AsyncFnOnce(&Rig) -> T) -> (PathBuf, T) {
    let runtime = Runtime::new().unwrap();
    let first = folder.join("first");
    std::fs::create_dir_all(&first).unwrap();
    let (rig, came) = runtime.block_on(async {
        let rig = Rig::new(&first).await;
        let came = before(&rig).await;
        (rig, came)
    });
    let second = folder.join("second");
    copy(&first, &second);
    runtime.shutdown_background();
    drop(rig);
    (second, came)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn deduplicated(n: usize) -> Publication {
    Publication {
        message: n.to_string(),
        deduplication_id: Some(n.to_string()),
        ..Publication::default()
    }
}

#[test]
fn what_was_taken_before_a_kill_is_delivered_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let (data, ids) = killed_after(folder.path(), async |rig| {
        rig.subscribe("webhook", &format!("http://{address}/"), &[]).await;
        rig.subscribe("mqtt", "t", &[]).await;
        let mut ids = Vec::new();
        for n in 0..30 {
            ids.push(rig.engine.publish(&rig.topic, deduplicated(n)).await.unwrap());
        }
        let has_failed =
            || rig.engine.subscription_views().iter().any(|it| it.tally.last_error.is_some());
        until("a failure", has_failed).await;
        ids
    });
    Runtime::new().unwrap().block_on(async {
        let tasks = Tasks::new();
        let receiver = Receiver::back_at(address, &tasks).await;
        let rig = Rig::new(&data).await;
        // Whoever was not told before the kill publishes again, and it is the same message.
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(&rig.engine.publish(&rig.topic, deduplicated(n)).await.unwrap(), id);
        }
        rig.settled().await;
        let mut came: Vec<String> = receiver
            .requests()
            .iter()
            .map(|it| it.header("x-picket-event-id").to_owned())
            .collect();
        came.sort();
        let mut expected = ids.clone();
        expected.sort();
        assert_eq!(came, expected);
        // Nothing is left for the next start.
        rig.engine.restore().await.unwrap();
        assert_eq!(rig.engine.ledger().in_flight, 0);
    });
}

#[test]
fn attempts_go_on_where_they_were_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = killed_after(folder.path(), async |rig| {
        let receiver = Receiver::plain(&rig.tasks).await;
        receiver.answers(Manner::Status(500));
        let policy = r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":600,"numRetries":4,"backoffFunction":"exponential"}}"#;
        rig.subscribe("webhook", &receiver.url("/"), &[("DeliveryPolicy", policy)]).await;
        rig.publish("m").await;
        // The next attempt comes after that of 86 s, which are 86 ms here.
        receiver.wait_for(3).await;
        until("the third failure", || {
            rig.engine.subscription_views()[0].tally.last_error.is_some()
        })
        .await;
        receiver.address
    });
    Runtime::new().unwrap().block_on(async {
        let tasks = Tasks::new();
        let receiver = Receiver::back_at(address, &tasks).await;
        receiver.answers(Manner::Status(500));
        let rig = Rig::with(&data, NotifyConfig { ..quick() }, &[]).await;
        let ledger = rig.settled().await;
        assert_eq!((ledger.received, ledger.dropped.get("refused_for_now")), (1, Some(&1)));
        let attempts: Vec<u32> = receiver
            .requests()
            .iter()
            .map(|it| it.header("x-picket-attempt").parse().unwrap())
            .collect();
        assert!(attempts[0] >= 3 && attempts.last() == Some(&5), "{attempts:?}");
        let arn = rig.engine.subscription_views()[0].arn.clone();
        assert_eq!(rig.engine.undelivered(&arn).await.unwrap().len(), 1);
    });
}
