//! The engine from outside: answers, alarms in time, export under failure, trimming.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use picket_ports::Alarms;
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::DocumentKind;
use picket_wire_report::{Format, Outcome, Response};

use super::rig::{Rig, wait_until};
use crate::DetectConfig;

const PROFILE: &str = r#"{"targets":["arn:aws:iot:r:a:all/things"],"behaviors":[{"name":"Ports",
  "metric":"aws:listening-tcp-ports","exportMetric":true,"criteria":{"comparisonOperator":"in-port-set",
  "value":{"ports":[22]}}}],
  "metricsExportConfig":{"mqttTopic":"dd/export","roleArn":"arn:aws:iam::0:role/x"}}"#;

fn report(id: u32, port: u16) -> String {
    format!(r#"{{"hed":{{"rid":{id},"v":"1.0"}},"met":{{"tp":{{"pts":[{{"pt":{port}}}]}}}}}}"#)
}

async fn rig(config: DetectConfig) -> Rig {
    Rig::new(config, &[(DocumentKind::SecurityProfile, "p", PROFILE)]).await
}

fn refusal(document: &[u8]) -> (Option<u64>, String, String) {
    let answer = Response::decode(Format::Json, document).unwrap();
    match answer.outcome {
        Outcome::Rejected { code, message } => (answer.report_id, code, message),
        Outcome::Accepted => panic!("accepted"),
    }
}

#[tokio::test]
async fn a_refused_report_is_answered_with_field_and_reason() {
    let rig = rig(Rig::config()).await;
    let reply = rig.report("cam", r#"{"hed":{"rid":7,"v":"1.0"},"met":{"tp":{"t":-1}}}"#).await;
    assert!(!reply.accepted && reply.trace.is_none());
    let message = "Malformed metrics report: metrics.listening_tcp_ports.total: must be a whole \
                   number from 0 to 18446744073709551615";
    let expected = (Some(7), "InvalidPayload".to_owned(), message.to_owned());
    assert_eq!(refusal(&reply.document), expected);
    let reply = rig.report("a\nb", &report(1, 22)).await;
    assert_eq!(refusal(&reply.document).1, "InvalidPayload");
    let [reports, ..] = rig.engine.ledgers();
    assert_eq!((reports.received, reports.delivered, reports.in_flight), (2, 0, 0));
    assert_eq!(reports.dropped.get("malformed"), Some(&1));
}

#[tokio::test]
async fn reports_that_come_too_soon_are_throttled() {
    let config = DetectConfig { report_interval_min: Duration::from_secs(290), ..Rig::config() };
    let rig = rig(config).await;
    assert!(rig.report("cam", &report(1, 22)).await.accepted);
    rig.clock.advance(Duration::from_secs(289));
    let refused = refusal(&rig.report("cam", &report(2, 22)).await.document);
    assert_eq!((refused.0, refused.1.as_str()), (Some(2), "Throttled"));
    assert!(rig.report("other", &report(2, 22)).await.accepted);
    rig.clock.advance(Duration::from_secs(1));
    assert!(rig.report("cam", &report(3, 22)).await.accepted);
}

#[tokio::test]
async fn an_alarm_is_on_within_a_second_of_its_report() {
    let rig = rig(Rig::config()).await;
    let sent = Instant::now();
    let trace = rig.report("cam", &report(1, 21)).await.trace;
    wait_until("the alarm", || rig.engine.stats().active_alarms == 1).await;
    assert!(sent.elapsed() < Duration::from_secs(1));
    let alarm = rig.engine.active(&AlarmFilter::default()).await.unwrap().remove(0);
    assert_eq!(alarm.trace, trace);
    assert_eq!(alarm.violation_id.len(), 32);
    let none = AlarmFilter { thing: Some("other".to_owned()), ..AlarmFilter::default() };
    assert!(rig.engine.active(&none).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_reports_of_the_same_moment_have_different_times() {
    let rig = rig(Rig::config()).await;
    for id in 1..=3 {
        assert!(rig.report("cam", &report(id, 22)).await.accepted);
    }
    rig.settle().await;
    rig.exported().await;
    let times = rig.entries();
    assert_eq!(
        times,
        ["0", "0.001", "0.002"]
            .map(|at| format!("aws:listening-tcp-ports cam {{\"ports\":[22]}} @{at}"))
    );
}

#[tokio::test]
async fn what_could_not_be_published_is_published_after_a_restart_and_nothing_is_lost() {
    let mut rig = rig(Rig::config()).await;
    rig.topic.broken.store(true, Ordering::SeqCst);
    for id in 1..=250 {
        assert!(rig.report(&format!("t{id}"), &report(id, 22)).await.accepted);
    }
    rig.settle().await;
    assert!(rig.engine.stats().export_lag_records > 0);
    rig.restart().await;
    assert!(rig.entries().is_empty());
    rig.topic.broken.store(false, Ordering::SeqCst);
    rig.exported().await;
    let entries = rig.entries();
    assert_eq!(entries.len(), 250);
    let message = rig.topic.messages.lock()[0].clone();
    assert_eq!((&*message.topic, message.qos), ("dd/export", 1));
}

#[tokio::test]
async fn a_repeated_report_is_counted_and_neither_evaluated_nor_exported() {
    let rig = rig(Rig::config()).await;
    for _ in 0..3 {
        assert!(rig.report("cam", &report(1, 22)).await.accepted);
    }
    rig.settle().await;
    rig.exported().await;
    assert_eq!(rig.entries().len(), 1);
    let [_, detect, export, _] = rig.engine.ledgers();
    assert_eq!((detect.received, detect.delivered, detect.in_flight), (3, 1, 0));
    assert_eq!(detect.dropped.get("duplicate"), Some(&2));
    assert_eq!((export.received, export.delivered), (1, 1));
}

#[tokio::test]
async fn a_broken_profile_is_told_and_the_others_stay_in_force() {
    let bad = r#"{"behaviors":[{"name":"b","metric":"aws:x","criteria":{}}]}"#;
    let kind = DocumentKind::SecurityProfile;
    let rig = Rig::new(Rig::config(), &[(kind, "bad", bad), (kind, "p", PROFILE)]).await;
    let stats = rig.engine.stats();
    assert_eq!((stats.profiles, stats.broken.len()), (1, 1));
    assert_eq!(stats.broken[0].name, "bad");
    assert!(rig.report("cam", &report(1, 21)).await.accepted);
    wait_until("the alarm", || rig.engine.stats().active_alarms == 1).await;
}

#[tokio::test]
async fn old_records_are_trimmed_once_everyone_has_read_them() {
    let rig = rig(Rig::config()).await;
    let shared = &rig.engine.shared;
    for id in 1..=20 {
        assert!(rig.report("cam", &report(id, 22)).await.accepted);
        rig.clock.advance(Duration::from_secs(600));
    }
    rig.settle().await;
    rig.exported().await;
    let number = picket_ports::event_log::partition_of("cam", 2);
    let kept = crate::trim::trim(shared, number, 1).await.unwrap();
    // Of the twenty reports the last six are at most an hour old; one record tells of the start.
    assert!(kept > 14 && kept <= shared.log.next_sequence(number) - 5, "{kept}");
    assert_eq!(crate::trim::trim(shared, number, 1).await.unwrap(), kept);
}

#[tokio::test]
async fn entries_that_come_again_after_a_crash_are_identical() {
    let mut rig = rig(Rig::config()).await;
    for id in 1..=5 {
        assert!(rig.report(&format!("t{id}"), &report(id, 22)).await.accepted);
    }
    rig.settle().await;
    rig.exported().await;
    let bodies = |rig: &Rig| -> Vec<String> {
        let messages = rig.topic.messages.lock();
        let entries = messages.iter().flat_map(|message| {
            let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
            let entries = body["metrics"].as_array().cloned().unwrap_or_default();
            entries.into_iter().zip(message.traces.to_vec())
        });
        let mut lines: Vec<String> = entries.map(|(it, trace)| format!("{it} {trace}")).collect();
        lines.sort();
        lines
    };
    let first = bodies(&rig);
    assert_eq!(first.len(), 5);
    // As if the crash had come between the last publish and the commit of the offset.
    rig.topic.messages.lock().clear();
    let mut batch = picket_ports::StateBatch::default();
    for partition in 0..2 {
        crate::storage::save_export_offset(partition, 1, &mut batch);
    }
    rig.engine.shared.store.commit(batch).await.unwrap();
    rig.restart().await;
    rig.exported().await;
    assert_eq!(bodies(&rig), first);
}

#[tokio::test]
async fn the_answer_to_an_accepted_report_names_its_id_and_its_place_in_the_log() {
    let rig = rig(Rig::config()).await;
    let reply = rig.report("cam", &report(9, 22)).await;
    let answer = Response::decode(Format::Json, &reply.document).unwrap();
    assert_eq!((answer.report_id, answer.outcome), (Some(9), Outcome::Accepted));
    assert_eq!(answer.thing_name, "cam");
    assert_eq!(reply.trace.unwrap().log, "reports");
}

#[tokio::test]
async fn made_up_identities_cannot_fill_the_memory_and_registered_things_are_always_watched() {
    let config = DetectConfig { identities_max: 2, partitions: 1, ..Rig::config() };
    let rig = rig(config).await;
    rig.groups.set("registered", &[]);
    for thing in ["a", "b", "c", "registered", "a"] {
        let id = if thing == "a" { rig.entries().len() as u32 + 1 } else { 1 };
        assert!(rig.report(thing, &report(id, 22)).await.accepted);
        rig.settle().await;
        rig.exported().await;
    }
    let [_, detect, ..] = rig.engine.ledgers();
    assert_eq!((detect.received, detect.delivered, detect.in_flight), (5, 4, 0));
    assert_eq!(detect.dropped.get("too-many-identities"), Some(&1));
    assert_eq!(rig.entries().len(), 4);
}
