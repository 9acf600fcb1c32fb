//! Reading alarms.

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode, MetricValue, Timestamp, TraceId};
use serde::{Deserialize, Serialize};

/// An episode in which a device broke a behavior: from the alarm to its clearing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// 32 lower-case hex digits, the same for all events of the episode.
    pub violation_id: String,
    /// The device identity.
    pub thing: String,
    /// The security profile.
    pub profile: String,
    /// The behavior's name.
    pub behavior: String,
    /// The metric it looks at.
    pub metric: String,
    /// When the alarm was raised.
    pub started: Timestamp,
    /// The newest violating datapoint's time.
    pub last_violation: Timestamp,
    /// The newest violating datapoint's value.
    pub last_value: MetricValue,
    /// When it was cleared or invalidated; absent while active.
    pub ended: Option<Timestamp>,
    /// One sentence: what was expected, what came, since when.
    pub explanation: String,
    /// The report or window that completed the alarm.
    pub trace: Option<TraceId>,
}

/// What happened to a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViolationEventType {
    /// Raised.
    InAlarm,
    /// Back to normal.
    AlarmCleared,
    /// Not monitored any more, or silent for too long.
    AlarmInvalidated,
}

/// One entry of the alarm history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViolationEvent {
    /// The violation as it stood after the event.
    pub violation: Violation,
    /// What happened.
    pub event: ViolationEventType,
    /// When.
    pub time: Timestamp,
    /// The value that caused it; absent for an invalidation.
    pub value: Option<MetricValue>,
}

/// Which alarms to list. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Only this device.
    pub thing: Option<String>,
    /// Only this profile.
    pub profile: Option<String>,
}

/// Why alarms could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the alarms could not be read: {0}")]
pub struct AlarmsError(pub String);

impl Classified for AlarmsError {
    fn code(&self) -> ErrorCode {
        ErrorCode::Unavailable
    }
}

/// The book of alarms. Implemented by the detect engine.
#[async_trait]
pub trait Alarms: std::fmt::Debug + Send + Sync {
    /// Violations in alarm now, newest first.
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError>;

    /// Events with `from <= time < to`, newest first, `events_max` at most.
    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError>;
}
