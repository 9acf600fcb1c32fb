//! The worked examples of spec delivery §7, and what the seed function does with odd records.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

const METRICS: &str = r#"{"version":"1.0","metrics":[{"name":"aws:num-listening-tcp-ports","thing":"dev-01","value":{"count":6},"timestamp":1735689600000},{"name":"aws:listening-tcp-ports","thing":"dev-01","value":{"ports":[22,21]},"timestamp":1735689600000}]}"#;
const AUDIT: &str = r#"{"Type":"Notification","MessageId":"719a6bbf-f51b-5320-920f-3385b5e9aa56","TopicArn":"arn:aws:sns:eu-west-1:123456789012:dd-audit","Message":"{\"accountId\":\"123456789012\",\"taskId\":\"4e2bcd1ccbc2a5dd15292a82ab80c380\",\"taskStatus\":\"COMPLETED\",\"taskType\":\"ON_DEMAND_AUDIT_TASK\",\"failedChecksCount\":0,\"canceledChecksCount\":0,\"nonCompliantChecksCount\":1,\"compliantChecksCount\":1,\"totalChecksCount\":2,\"taskStartTime\":1735689600000,\"auditDetails\":[{\"checkName\":\"LOGGING_DISABLED_CHECK\",\"checkRunStatus\":\"COMPLETED_NON_COMPLIANT\",\"nonCompliantResourcesCount\":1,\"totalResourcesCount\":1},{\"checkName\":\"CONFLICTING_CLIENT_IDS_CHECK\",\"checkRunStatus\":\"COMPLETED_COMPLIANT\",\"nonCompliantResourcesCount\":0,\"totalResourcesCount\":1}]}","Timestamp":"2025-01-01T00:00:07.031Z","UnsubscribeURL":"https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:eu-west-1:123456789012:dd-audit:0b410f3c-ee5e-49d8-b59b-3b4aa6d8fcf5"}"#;
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:dd-audit";

fn seed() -> NativeTransform {
    NativeTransform::seed("aws-iot-device-defender", Some(TOPIC.to_owned()))
}

fn ours() -> NativeTransform {
    NativeTransform { fields: true, event_time: EventTime::Payload, ..seed() }
}

fn run(
    transform: &NativeTransform,
    record: &str,
    traces: &[TraceId],
) -> Result<String, TransformError> {
    let mut out = b"before".to_vec();
    let result = transform.transform(record.as_bytes(), traces, &mut out);
    let text = String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned();
    match result {
        Ok(_) => Ok(text),
        Err(error) => {
            assert_eq!(text, "", "nothing is left behind");
            Err(error)
        }
    }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn trace(sequence: u64) -> TraceId {
    TraceId { log: "reports".to_owned(), partition: 3, sequence }
}

#[test]
fn the_metrics_example_comes_out_byte_for_byte() {
    assert_eq!(sha256(METRICS), "dbbe298448e367fef776f22043dcc7bedd8beb11b1b08b8c3b6faf3dcdea6c36");
    let events = run(&seed(), METRICS, &[]).unwrap();
    assert_eq!(events.len(), 325);
    assert_eq!(sha256(&events), "7b989d57da7692d3f0ed2ec6c8d5bf3d26e4c7ee137316358ec1b9a09cf58c14");
}

#[test]
fn the_audit_example_comes_out_byte_for_byte() {
    assert_eq!(sha256(AUDIT), "0dbcdcf03bae598d0a3dfa8b8813dc7148a79c89be1a5dd51af8542e9876bd2d");
    let events = run(&seed(), AUDIT, &[]).unwrap();
    assert_eq!(events.len(), 392);
    assert_eq!(sha256(&events), "876a3c970e71f428efd88e8bcf28f8f8d2669270ac9e6902603146f244f4b7a5");
}

#[test]
fn both_examples_together_are_the_body_of_the_example_exchange() {
    let mut out = Vec::new();
    assert_eq!(seed().transform(METRICS.as_bytes(), &[], &mut out), Ok(2));
    assert_eq!(seed().transform(AUDIT.as_bytes(), &[], &mut out), Ok(2));
    let body = String::from_utf8(out).unwrap();
    assert_eq!(body.len(), 717);
    assert_eq!(sha256(&body), "3dc7455ab20e7dae1587ac4cdbb419da508ff23cc563185fa86e238ac42613be");
}

#[test]
fn records_of_other_kinds_give_nothing() {
    let other_topic = AUDIT.replace("dd-audit\",\"Message", "other\",\"Message");
    for record in ["{}", "[]", "7", r#"{"metrics":[]}"#, r#"{"a":{"metrics":[1]}}"#, &other_topic] {
        assert_eq!(run(&seed(), record, &[]).as_deref(), Ok(""), "{record}");
    }
    assert_eq!(run(&NativeTransform::seed("s", None), AUDIT, &[]).as_deref(), Ok(""));
}

#[test]
fn a_bad_record_fails_alone() {
    for (record, error) in [
        ("not JSON", TransformError::NotJson),
        ("", TransformError::NotJson),
        (r#"{"metrics":[]}{"metrics":[]}"#, TransformError::NotJson),
        (r#"{"metrics":{}}"#, TransformError::NotAList("metrics")),
        (r#"{"metrics":[1e999]}"#, TransformError::Entry(RewriteError::NumberTooLarge)),
    ] {
        assert_eq!(run(&seed(), record, &[]), Err(error), "{record}");
    }
    assert_eq!(seed().transform(b"\xff{}", &[], &mut Vec::new()), Err(TransformError::NotJson));
    let no_audit = format!(r#"{{"TopicArn":"{TOPIC}","Message":"hello"}}"#);
    assert_eq!(run(&seed(), &no_audit, &[]), Err(TransformError::NotAnAudit));
}

#[test]
fn our_own_stream_adds_time_id_and_trace() {
    let record = r#"{"metrics":[{"name":"aws:x","thing":"a|b","value":{"count":1},"timestamp":1735689600120,"version":3}]}"#;
    assert_eq!(
        run(&ours(), record, &[trace(42)]).unwrap(),
        concat!(
            r#"{"sourcetype": "aws-iot-device-defender", "event": {"name": "aws:x", "thing": "a|b", "#,
            r#""value": {"count": 1}, "timestamp": 1735689600120, "version": 3}, "time": 1735689600.120, "#,
            r#""fields": {"picket_id": "a\\|b|aws:x|1735689600120|3", "picket_trace": "reports/3/42"}}"#
        )
    );
}

#[test]
fn a_dimension_is_part_of_the_id() {
    let record = r#"{"metrics":[{"name":"n","thing":"t","timestamp":5,"dimension":{"name":"d","operator":"IN"}}]}"#;
    let events = run(&ours(), record, &[]).unwrap();
    assert!(events.contains(r#""picket_id": "t|n|5||d|IN|""#), "{events}");
    assert!(!events.contains("picket_trace"));
}

#[test]
fn the_three_values_of_a_message_size_have_three_ids() {
    let entry = |statistic: &str| {
        format!(
            r#"{{"name":"aws:message-byte-size","thing":"t","timestamp":5,"version":1,"statistic":"{statistic}"}}"#
        )
    };
    let record = format!(r#"{{"metrics":[{},{},{}]}}"#, entry("min"), entry("max"), entry("total"));
    let events = run(&ours(), &record, &[]).unwrap();
    for statistic in ["min", "max", "total"] {
        let id = format!(r#""picket_id": "t|aws:message-byte-size|5|1|||{statistic}""#);
        assert!(events.contains(&id), "{events}");
    }
}

#[test]
fn each_audit_result_has_its_own_id() {
    let events = run(&ours(), AUDIT, &[]).unwrap();
    let id = "719a6bbf-f51b-5320-920f-3385b5e9aa56|4e2bcd1ccbc2a5dd15292a82ab80c380";
    for place in 0..2 {
        assert!(events.contains(&format!("\"picket_id\": \"{id}|{place}\"")), "{events}");
    }
    assert!(events.contains("\"time\": 1735689600.000"));
}

#[test]
fn traces_fit_their_entries_or_are_shared() {
    assert_eq!(trace_of(&[trace(1), trace(2)], 1, 2).as_deref(), Some("reports/3/2"));
    assert_eq!(trace_of(&[trace(1)], 4, 5).as_deref(), Some("reports/3/1"));
    assert_eq!(trace_of(&[trace(1), trace(1)], 4, 5).as_deref(), Some("reports/3/1"));
    assert_eq!(trace_of(&[trace(1), trace(2)], 4, 5), None);
    assert_eq!(trace_of(&[], 0, 1), None);
}

#[test]
fn an_entry_without_a_name_has_no_id_and_no_empty_fields() {
    let events = run(&ours(), r#"{"metrics":[{"value":1}, 7]}"#, &[]).unwrap();
    assert!(events.ends_with(r#""event": 7}"#), "{events}");
    assert!(!events.contains("fields"));
}

#[test]
fn an_event_without_an_id_of_its_own_is_called_after_its_record() {
    let mut out = Vec::new();
    let record = r#"{"metrics":[{"value":1},{"name":"n","thing":"t","timestamp":5}]}"#;
    let id = || "4942".to_owned();
    assert_eq!(ours().transform_named(record.as_bytes(), &[], &id, &mut out), Ok(2));
    let events = String::from_utf8(out).unwrap();
    assert!(events.contains(r#""picket_id": "4942|0""#), "{events}");
    assert!(events.contains(r#""picket_id": "t|n|5|""#), "{events}");
}

proptest! {
    #[test]
    fn arbitrary_records_never_panic(record in ".{0,80}") {
        drop(run(&ours(), &record, &[]));
    }

    #[test]
    fn any_thing_name_stays_readable(thing in "\\PC{1,30}", n in any::<u64>()) {
        let record = serde_json::json!({"metrics": [{"name": "m", "thing": thing, "value": {"count": n}, "timestamp": 1}]});
        let events = run(&ours(), &record.to_string(), &[]).unwrap();
        let event: serde_json::Value = serde_json::from_str(&events).unwrap();
        prop_assert_eq!(&event["event"], &record["metrics"][0]);
    }
}
