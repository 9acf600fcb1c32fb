//! Alarms as events in the SIEM, linked by trace to the datapoints that caused them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::Timestamp;
use picket_ports::alarms::{
    AlarmListener, AlarmListenerError, AlarmNews, Evidence, Verification, VerificationState,
    Violation, ViolationEvent, alert_document,
};
use picket_ports::{EventIndex, IndexedEvent};
use serde_json::{Map, Value, json};

const SOURCETYPE: &str = "aws-iot-device-defender-violation";
const SOURCE: &str = "picket:detect";

/// Writes what happens to alarms into an index.
#[derive(Debug)]
pub(super) struct AlarmEvents {
    events: Arc<dyn EventIndex>,
    index: String,
}

impl AlarmEvents {
    /// Writes into `index`, which must exist once alarms come: until it does, they wait.
    pub(super) fn new(events: Arc<dyn EventIndex>, index: impl Into<String>) -> Self {
        Self { events, index: index.into() }
    }

    fn indexed(&self, news: &AlarmNews) -> IndexedEvent {
        let (violation, time, id, body) = match news {
            AlarmNews::Event { event, .. } => {
                (&event.violation, event.time, event_id(event), event_body(event))
            }
            AlarmNews::Verified { violation, verification, before } => {
                let time = verification.at.unwrap_or(violation.last_violation);
                let id = format!("{}/verified/{}", violation.violation_id, time.as_millis());
                (violation, time, id, verified_body(violation, verification, (*before, time)))
            }
        };
        IndexedEvent {
            time,
            index: self.index.clone(),
            host: violation.thing.clone(),
            source: SOURCE.to_owned(),
            sourcetype: SOURCETYPE.to_owned(),
            raw: Bytes::from(Value::Object(body).to_string()),
            fields: vec![
                ("picket_id".to_owned(), vec![id]),
                ("picket_trace".to_owned(), traces(violation)),
            ],
        }
    }
}

/// The same each time the event is told, so that the SIEM keeps it once.
fn event_id(event: &ViolationEvent) -> String {
    let kind = json!(event.event);
    let kind = kind.as_str().unwrap_or_default();
    format!("{}/{kind}/{}", event.violation.violation_id, event.time.as_millis())
}

/// Where the datapoints came from, each once.
fn traces(violation: &Violation) -> Vec<String> {
    let mut traces: Vec<String> =
        violation.datapoints.iter().map(|datapoint| datapoint.trace.to_string()).collect();
    traces.extend(violation.trace.as_ref().map(ToString::to_string));
    traces.sort_unstable();
    traces.dedup();
    traces
}

/// The alert document, and what an analyst wants beside it.
fn event_body(event: &ViolationEvent) -> Map<String, Value> {
    let mut body = alert_document(event);
    let violation = &event.violation;
    describe(&mut body, violation);
    body.insert("verificationState".to_owned(), json!(violation.verification.state));
    body
}

/// A change of what a violation is held for, in the words of the alert document.
fn verified_body(
    violation: &Violation,
    verification: &Verification,
    (before, time): (VerificationState, Timestamp),
) -> Map<String, Value> {
    let Verification { state, description, by, at: _ } = verification;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("violationEventTime", time.as_millis().into());
    put("thingName", violation.thing.as_str().into());
    put("behavior", json!({ "name": violation.behavior, "metric": violation.metric }));
    put("violationEventType", "verification-changed".into());
    put("violationId", violation.violation_id.as_str().into());
    put("securityProfileName", violation.profile.as_str().into());
    put("verificationState", json!(state));
    put("verificationStateBefore", json!(before));
    if let Some(description) = description {
        put("verificationStateDescription", description.as_str().into());
    }
    if let Some(by) = by {
        put("verifiedBy", by.as_str().into());
    }
    describe(&mut body, violation);
    body
}

fn describe(body: &mut Map<String, Value>, violation: &Violation) {
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("violationStartTime", violation.started.as_millis().into());
    put("explanation", violation.explanation.as_str().into());
    put("suppressed", violation.suppressed.into());
    put("datapoints", violation.datapoints.iter().map(datapoint).collect());
}

fn datapoint(evidence: &Evidence) -> Value {
    let Evidence { time, value, threshold, violates, trace } = evidence;
    let mut datapoint = json!({
        "time": time.as_millis(),
        "value": value,
        "violates": violates,
        "trace": trace.to_string(),
    });
    if let (Some(threshold), Some(members)) = (threshold, datapoint.as_object_mut()) {
        members.insert("threshold".to_owned(), json!(threshold));
    }
    datapoint
}

#[async_trait]
impl AlarmListener for AlarmEvents {
    fn name(&self) -> &'static str {
        "siem-events"
    }

    async fn tell(&self, news: &[AlarmNews]) -> Result<(), AlarmListenerError> {
        let events = news.iter().map(|one| self.indexed(one)).collect();
        let stored = self.events.append(events).await;
        stored.map(drop).map_err(|error| AlarmListenerError(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use picket_core::{MetricValue, TraceId};
    use picket_ports::IndexError;
    use picket_ports::alarms::ViolationEventType;
    use picket_ports::alarms::by_hand::open_port;
    use tokio::sync::watch;

    use super::*;

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<IndexedEvent>>);

    #[async_trait]
    impl EventIndex for Kept {
        fn has_index(&self, name: &str) -> bool {
            name == "iot"
        }

        async fn append(&self, events: Vec<IndexedEvent>) -> Result<u64, IndexError> {
            if let Some(event) = events.iter().find(|event| !self.has_index(&event.index)) {
                return Err(IndexError::NoSuchIndex(event.index.clone()));
            }
            self.0.lock().extend(events);
            Ok(1)
        }

        fn searchable(&self) -> watch::Receiver<u64> {
            watch::channel(0).1
        }
    }

    fn news() -> [AlarmNews; 2] {
        let time = Timestamp::from_millis(1_718_000_000_123);
        let mut violation = open_port("0f", "cam-9", time);
        let mut first = violation.datapoints[0].clone();
        first.trace = TraceId { sequence: 7, ..first.trace };
        first.threshold = Some(2.5);
        violation.datapoints.insert(0, first);
        let value = Some(MetricValue::Ports(vec![21]));
        let (kind, of_event) = (ViolationEventType::InAlarm, violation.clone());
        let event = ViolationEvent { violation: of_event, event: kind, time, value };
        let verification = Verification {
            state: VerificationState::FalsePositive,
            description: Some("test rig".to_owned()),
            by: Some("ana".to_owned()),
            at: Some(Timestamp::from_millis(1_718_000_009_000)),
        };
        let before = VerificationState::Unknown;
        let verified = AlarmNews::Verified { violation, verification, before };
        [AlarmNews::Event { event, alert_target: None }, verified]
    }

    #[tokio::test]
    async fn an_event_leads_to_all_its_datapoints_and_is_the_same_when_told_again() {
        let kept = Arc::new(Kept::default());
        let listener = AlarmEvents::new(kept.clone(), "iot");
        listener.tell(&news()).await.unwrap();
        listener.tell(&news()).await.unwrap();
        let events = kept.0.lock().clone();
        assert_eq!(events[..2], events[2..]);
        let [raised, verified] = &events[..2] else { panic!("two events") };
        assert_eq!((raised.host.as_str(), raised.sourcetype.as_str()), ("cam-9", SOURCETYPE));
        let id = ("picket_id".to_owned(), vec!["0f/in-alarm/1718000000123".to_owned()]);
        let traces = vec!["reports/0/1".to_owned(), "reports/0/7".to_owned()];
        assert_eq!(raised.fields, [id, ("picket_trace".to_owned(), traces)]);
        let body: Value = serde_json::from_slice(&raised.raw).unwrap();
        assert_eq!(body["violationEventType"], "in-alarm");
        assert_eq!(body["violationEventTime"], json!(1_718_000_000_123_i64));
        let datapoints = body["datapoints"].as_array().unwrap();
        assert_eq!(datapoints[0]["threshold"], json!(2.5));
        assert_eq!(datapoints[1].get("threshold"), None);
        let body: Value = serde_json::from_slice(&verified.raw).unwrap();
        assert_eq!(body["violationEventType"], "verification-changed");
        assert_eq!(
            (&body["verifiedBy"], &body["verificationState"]),
            (&json!("ana"), &json!("FALSE_POSITIVE"))
        );
    }

    #[tokio::test]
    async fn an_index_that_is_not_there_is_said_and_the_news_wait() {
        let listener = AlarmEvents::new(Arc::new(Kept::default()), "none");
        let error = listener.tell(&news()).await.unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
