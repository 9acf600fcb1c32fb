use std::collections::VecDeque;

use picket_core::{Timestamp, TraceId};
use picket_ports::alarms::{CriteriaType, Verification, VerificationState, Violation};

use super::*;

/// Takes notifications, or fails as it is told.
#[derive(Debug, Default)]
struct Topic {
    taken: Mutex<Vec<Notification>>,
    failures: Mutex<VecDeque<NotifyError>>,
}

#[async_trait]
impl Notify for Topic {
    async fn notify(&self, notification: Notification) -> Result<String, NotifyError> {
        if let Some(failure) = self.failures.lock().pop_front() {
            return Err(failure);
        }
        self.taken.lock().push(notification);
        Ok("id".to_owned())
    }
}

const BEHAVIOR: &str = r#"{"name":"SentRate","metric":"aws:num-messages-sent","criteria":{"comparisonOperator":"less-than-equals","value":{"count":400},"durationSeconds":300,"consecutiveDatapointsToAlarm":2,"consecutiveDatapointsToClear":3},"suppressAlerts":false}"#;

fn event(kind: ViolationEventType, value: Option<MetricValue>) -> ViolationEvent {
    let at = Timestamp::from_millis;
    let trace = TraceId { log: "reports".to_owned(), partition: 1, sequence: 2 };
    let violation = Violation {
        violation_id: "5f0c9d8a7b6e4f3c2d1a0b9c8d7e6f50".to_owned(),
        thing: "cam-9".to_owned(),
        profile: "cams".to_owned(),
        behavior: "SentRate".to_owned(),
        metric: "aws:num-messages-sent".to_owned(),
        started: at(1_718_000_400_000),
        last_violation: at(1_718_000_700_000),
        last_value: MetricValue::Count(913),
        ended: None,
        explanation: "cam-9 sent 913 messages in 5 minutes; at most 400 were expected".to_owned(),
        trace: Some(trace),
        definition: BEHAVIOR.to_owned(),
        criteria: CriteriaType::Static,
        suppressed: false,
        datapoints: Vec::new(),
        verification: Verification::default(),
    };
    ViolationEvent { violation, event: kind, time: at(1_718_000_700_000), value }
}

fn news(event: ViolationEvent, target: Option<&str>) -> AlarmNews {
    AlarmNews::Event { event, alert_target: target.map(str::to_owned) }
}

fn in_alarm() -> ViolationEvent {
    event(ViolationEventType::InAlarm, Some(MetricValue::Count(913)))
}

#[tokio::test]
async fn an_alarm_becomes_the_document_of_the_reference() {
    let topic = Arc::new(Topic::default());
    let alerts = DeviceAlerts::new(topic.clone());
    alerts.tell(&[news(in_alarm(), Some("arn:t"))]).await.unwrap();
    let taken = topic.taken.lock().clone();
    assert_eq!(
        taken[0].message,
        format!(
            r#"{{"violationEventTime":1718000700000,"thingName":"cam-9","behavior":{BEHAVIOR},"violationEventType":"in-alarm","metricValue":{{"count":913}},"violationId":"5f0c9d8a7b6e4f3c2d1a0b9c8d7e6f50","securityProfileName":"cams"}}"#
        )
    );
    assert_eq!((taken[0].topic_arn.as_str(), &taken[0].subject), ("arn:t", &None));
    assert_eq!(
        taken[0].deduplication_id.as_deref(),
        Some("5f0c9d8a7b6e4f3c2d1a0b9c8d7e6f50/in-alarm/1718000700000")
    );
    let mail = taken[0].mail.clone().unwrap();
    assert_eq!(mail.subject, "ALARM: cam-9 SentRate");
    for words in ["913 messages", "Device:    cam-9", "SentRate", "cams", r#"{"count":913}"#] {
        assert!(mail.text.contains(words), "{}", mail.text);
    }
}

#[tokio::test]
async fn a_void_alarm_has_no_value_and_muted_ones_and_verifications_tell_nobody() {
    let topic = Arc::new(Topic::default());
    let alerts = DeviceAlerts::new(topic.clone());
    let void = event(ViolationEventType::AlarmInvalidated, Some(MetricValue::Count(1)));
    let verified = AlarmNews::Verified {
        violation: in_alarm().violation,
        verification: Verification::default(),
        before: VerificationState::Unknown,
    };
    alerts.tell(&[news(void, Some("t")), news(in_alarm(), None), verified]).await.unwrap();
    let taken = topic.taken.lock().clone();
    assert_eq!(taken.len(), 1);
    let document: serde_json::Value = serde_json::from_str(&taken[0].message).unwrap();
    assert_eq!(document["violationEventType"], "alarm-invalidated");
    assert!(document.get("metricValue").is_none(), "{document}");
}

#[tokio::test]
async fn a_missing_topic_is_counted_and_a_store_that_fails_is_asked_again() {
    let topic = Arc::new(Topic::default());
    let alerts = DeviceAlerts::new(topic.clone());
    let gone = || NotifyError::NoSuchTopic("arn:gone".to_owned());
    topic.failures.lock().extend([gone(), gone()]);
    let twice = [news(in_alarm(), Some("arn:gone")), news(in_alarm(), Some("arn:gone"))];
    alerts.tell(&twice).await.unwrap();
    assert_eq!(alerts.lost(), (2, 0));
    topic.failures.lock().push_back(NotifyError::Storage("disk".to_owned()));
    assert!(alerts.tell(&[news(in_alarm(), Some("t"))]).await.is_err());
    topic.failures.lock().push_back(NotifyError::Invalid("too long".to_owned()));
    alerts.tell(&[news(in_alarm(), Some("t"))]).await.unwrap();
    assert_eq!(alerts.lost(), (2, 1));
}

proptest::proptest! {
    #[test]
    fn hostile_names_stay_texts(name in "\\PC{0,200}", raw in "[\\x00-\\x7f]{0,60}") {
        let mut event = in_alarm();
        event.violation.thing.clone_from(&name);
        event.violation.explanation.clone_from(&raw);
        event.value = Some(MetricValue::Strings(vec![raw.clone()]));
        let document: serde_json::Value =
            serde_json::from_str(&document_of(&event).unwrap()).unwrap();
        proptest::prop_assert_eq!(&document["thingName"], &serde_json::json!(name));
        proptest::prop_assert_eq!(&document["metricValue"]["strings"][0], &serde_json::json!(raw));
        let mail = mail_of(&event);
        proptest::prop_assert!(mail.subject.chars().count() < 100);
        proptest::prop_assert!(!mail.subject.chars().any(char::is_control));
    }
}
