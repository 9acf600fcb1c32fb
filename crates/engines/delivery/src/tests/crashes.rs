//! The end of the process at any moment.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::collector::{Acks, Act, Collector};
use super::rig::{NATIVE, Rig, Setup, document, eventually, lambda};

fn export(n: usize) -> String {
    format!(
        r#"{{"metrics":[{{"name":"m","thing":"t{n}","value":{{"count":{n}}},"timestamp":5}}]}}"#
    )
}

fn ours(collector: &Collector) -> (Setup, String) {
    let mut setup = Setup::to(collector);
    setup.config.own_hec = Some(collector.url());
    (setup, document(collector, json!({"ProcessingConfiguration": lambda(NATIVE)})))
}

#[tokio::test]
async fn a_kill_loses_nothing_and_repeats_with_the_same_ids() {
    let collector = Collector::start().await;
    let (setup, body) = ours(&collector);
    let mut rig = Rig::new(&setup, &body).await;
    let mut put = 0;
    for round in 0..4 {
        // Acknowledged or not, refused or cut: each round is killed in another situation.
        collector.acknowledge(if round % 2 == 0 { Acks::Never } else { Acks::After(2) });
        collector.script([Act::Accept, Act::Cut, Act::Answer(503, String::new())]);
        for _ in 0..20 {
            rig.put(&export(put)).await.unwrap();
            put += 1;
        }
        eventually("something is under way", || !collector.seen().is_empty()).await;
        let dir = rig.kill();
        rig = Rig::open(&setup, dir).await;
    }
    collector.acknowledge(Acks::AtOnce);
    rig.settled().await;
    let ids = collector.field("picket_id");
    let different: BTreeSet<&String> = ids.iter().collect();
    let expected: Vec<String> = (0..put).map(|n| format!("t{n}|m|5|")).collect();
    assert_eq!(different, expected.iter().collect(), "all there, and no other id");
    assert!(ids.len() >= put);
    assert_eq!(rig.objects(), []);
}

#[tokio::test]
async fn what_was_acknowledged_is_not_sent_again_after_a_restart() {
    let collector = Collector::start().await;
    let (setup, body) = ours(&collector);
    let rig = Rig::new(&setup, &body).await;
    rig.put(&export(1)).await.unwrap();
    rig.settled().await;
    // The position is stored right after the account is settled; an orderly end waits for it.
    assert!(rig.tasks.shut_down(Duration::from_secs(10)).await);
    let channel = collector.seen()[0].headers["x-splunk-request-channel"].clone();
    let rig = Rig::open(&setup, rig.kill()).await;
    assert_eq!(rig.engine.ledger().received, 0);
    rig.put(&export(2)).await.unwrap();
    rig.settled().await;
    assert_eq!(collector.field("picket_id"), ["t1|m|5|", "t2|m|5|"]);
    assert_eq!(
        collector.seen()[1].headers["x-splunk-request-channel"],
        channel,
        "the channel stays"
    );
}

#[tokio::test]
async fn an_orderly_end_does_not_wait_for_a_collector_that_is_silent() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let (setup, body) = ours(&collector);
    let rig = Rig::new(&setup, &body).await;
    rig.put(&export(1)).await.unwrap();
    eventually("it is sent", || collector.seen().len() == 1).await;
    assert!(rig.tasks.shut_down(Duration::from_secs(10)).await, "all tasks end");
    collector.acknowledge(Acks::AtOnce);
    let rig = Rig::open(&setup, rig.kill()).await;
    assert_eq!(rig.settled().await.received, 1);
    assert_eq!(collector.field("picket_id"), ["t1|m|5|"; 2]);
}

#[tokio::test]
async fn what_waits_counts_as_received_and_against_the_limit_after_a_restart() {
    let collector = Collector::start().await;
    collector.acknowledge(Acks::Never);
    let (mut setup, body) = ours(&collector);
    setup.config.backlog_bytes_max = 100;
    let rig = Rig::new(&setup, &body).await;
    rig.put(&export(1)).await.unwrap();
    let rig = Rig::open(&setup, rig.kill()).await;
    assert_eq!((rig.engine.ledger().received, rig.engine.backlog()), (1, 1));
    assert_eq!(rig.status().backlog_bytes, export(1).len() as u64);
    assert!(rig.put(&export(2)).await.is_err());
    collector.acknowledge(Acks::AtOnce);
    assert_eq!(rig.settled().await.delivered, 1);
}
