//! Alarms as notifications: the document of spec device-defender §4.7.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use picket_core::MetricValue;
use picket_ports::alarms::{ViolationEvent, ViolationEventType};
use picket_ports::{
    AlarmListener, AlarmListenerError, AlarmNews, MailText, Notification, Notify, NotifyError,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// Events that are published at a time.
const AT_ONCE: usize = 64;
/// Topics whose absence is remembered, so that each is logged once.
const MISSING_MAX: usize = 1_000;
const SUBJECT_CHARS_MAX: usize = 99;

/// Tells the alert targets of security profiles what happens to alarms.
#[derive(Debug)]
pub struct DeviceAlerts {
    notify: Arc<dyn Notify>,
    missing: Mutex<BTreeSet<String>>,
    /// Alerts whose topic does not exist.
    without_topic: AtomicU64,
    /// Alerts that no topic would take.
    refused: AtomicU64,
}

/// The document; its members are AWS's, in the order of its samples.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    violation_event_time: i64,
    thing_name: &'a str,
    behavior: &'a RawValue,
    violation_event_type: ViolationEventType,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric_value: Option<&'a MetricValue>,
    violation_id: &'a str,
    security_profile_name: &'a str,
}

impl DeviceAlerts {
    /// Publishes through `notify`.
    pub fn new(notify: Arc<dyn Notify>) -> Self {
        Self {
            notify,
            missing: Mutex::default(),
            without_topic: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Alerts whose topic does not exist, and alerts that no topic would take.
    pub fn lost(&self) -> (u64, u64) {
        (self.without_topic.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    async fn alert(&self, event: &ViolationEvent, target: &str) -> Result<(), AlarmListenerError> {
        let violation = &event.violation;
        let Some(message) = document_of(event) else {
            tracing::error!(
                violation = violation.violation_id,
                "the behavior of an alarm is no JSON"
            );
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        let time = event.time.as_millis();
        let kind = word(event.event);
        let notification = Notification {
            topic_arn: target.to_owned(),
            subject: None,
            message,
            deduplication_id: Some(format!("{}/{kind}/{time}", violation.violation_id)),
            mail: Some(mail_of(event)),
        };
        match self.notify.notify(notification).await {
            Ok(_) => Ok(()),
            Err(NotifyError::Storage(error)) => Err(AlarmListenerError(error)),
            Err(NotifyError::NoSuchTopic(arn)) => {
                self.without_topic.fetch_add(1, Ordering::Relaxed);
                let mut missing = self.missing.lock();
                if missing.len() < MISSING_MAX && missing.insert(arn.clone()) {
                    tracing::warn!(
                        topic = arn,
                        profile = violation.profile,
                        "the topic that a security profile names for its alerts does not exist"
                    );
                }
                Ok(())
            }
            Err(error) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, violation = violation.violation_id, "an alert was refused");
                Ok(())
            }
        }
    }
}

#[async_trait]
impl AlarmListener for DeviceAlerts {
    fn name(&self) -> &'static str {
        "alerts"
    }

    async fn tell(&self, news: &[AlarmNews]) -> Result<(), AlarmListenerError> {
        for some in news.chunks(AT_ONCE) {
            let alerts = some.iter().filter_map(|news| match news {
                AlarmNews::Event { event, alert_target: Some(target) } => {
                    Some(self.alert(event, target))
                }
                AlarmNews::Event { alert_target: None, .. } | AlarmNews::Verified { .. } => None,
            });
            futures::future::try_join_all(alerts).await?;
        }
        Ok(())
    }
}

/// The document of an event; `None` where the behavior is no JSON.
fn document_of(event: &ViolationEvent) -> Option<String> {
    let violation = &event.violation;
    let behavior = serde_json::from_str::<&RawValue>(&violation.definition).ok()?;
    let is_invalidated = event.event == ViolationEventType::AlarmInvalidated;
    let document = Document {
        violation_event_time: event.time.as_millis(),
        thing_name: &violation.thing,
        behavior,
        violation_event_type: event.event,
        metric_value: event.value.as_ref().filter(|_| !is_invalidated),
        violation_id: &violation.violation_id,
        security_profile_name: &violation.profile,
    };
    serde_json::to_string(&document).ok()
}

const fn word(event: ViolationEventType) -> &'static str {
    match event {
        ViolationEventType::InAlarm => "in-alarm",
        ViolationEventType::AlarmCleared => "alarm-cleared",
        ViolationEventType::AlarmInvalidated => "alarm-invalidated",
    }
}

fn mail_of(event: &ViolationEvent) -> MailText {
    let violation = &event.violation;
    let (title, sentence) = match event.event {
        ViolationEventType::InAlarm => ("ALARM", violation.explanation.clone()),
        ViolationEventType::AlarmCleared => {
            ("Cleared", format!("The device is back to normal. It was: {}", violation.explanation))
        }
        ViolationEventType::AlarmInvalidated => (
            "Void",
            format!(
                "The device is silent or not monitored any more, so the alarm is void. It was: {}",
                violation.explanation
            ),
        ),
    };
    let subject = format!("{title}: {} {}", violation.thing, violation.behavior);
    let mut lines = vec![
        sentence,
        String::new(),
        format!("Device:    {}", violation.thing),
        format!("Behavior:  {} of the security profile {}", violation.behavior, violation.profile),
        format!("Metric:    {}", violation.metric),
    ];
    let value = event.value.as_ref().and_then(|value| serde_json::to_string(value).ok());
    lines.extend(value.map(|value| format!("Measured:  {}", shortened(&value, 500))));
    lines.push(format!("Time:      {}", event.time));
    lines.push(format!("Since:     {}", violation.started));
    lines.push(format!("Violation: {}", violation.violation_id));
    MailText { subject: shortened(&subject, SUBJECT_CHARS_MAX), text: lines.join("\n") }
}

fn shortened(text: &str, chars_max: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.take(chars_max).collect();
    if text.chars().count() > chars_max {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
