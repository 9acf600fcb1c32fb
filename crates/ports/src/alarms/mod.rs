//! Alarms: reading them, saying what they turned out to be, and being told of them.

mod alert;
#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "test code")]
pub mod by_hand;

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode, MetricValue, Timestamp, TraceId};
use serde::{Deserialize, Serialize};

pub use self::alert::alert_document;
use crate::registry::{Page, Rows};

/// What a behavior compares with: AWS's `behaviorCriteriaType`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CriteriaType {
    /// A fixed value.
    #[default]
    Static,
    /// A percentile over the devices of the profile.
    Statistical,
    /// A learned model.
    MachineLearning,
}

/// What an operator found a violation to be. A label only: it does not change evaluation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VerificationState {
    /// Nobody has said.
    #[default]
    Unknown,
    /// The device was attacked or broken.
    TruePositive,
    /// It did what was alarmed, and may.
    BenignPositive,
    /// It did not do it.
    FalsePositive,
}

/// A verification state with who gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The state.
    pub state: VerificationState,
    /// A note, 1000 characters at most.
    pub description: Option<String>,
    /// The user who gave it; absent where nobody has.
    pub by: Option<String>,
    /// When; absent where nobody has.
    pub at: Option<Timestamp>,
}

/// A datapoint that an alarm rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its time.
    pub time: Timestamp,
    /// What was measured; of a list its first 50 elements.
    pub value: MetricValue,
    /// What it was compared with where that is not a fixed value: the percentile at that time.
    pub threshold: Option<f64>,
    /// Whether it was not as expected.
    pub violates: bool,
    /// The report or the record that closed the window.
    pub trace: TraceId,
}

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
    /// The behavior in AWS's shape as it was then, JSON with the defaults filled in.
    pub definition: String,
    /// What the behavior compares with.
    pub criteria: CriteriaType,
    /// Whether its notifications are muted (`suppressAlerts`).
    pub suppressed: bool,
    /// The datapoints that raised the alarm, oldest first, and the newest one: 12 at most.
    pub datapoints: Vec<Evidence>,
    /// What it was found to be. Readers get the newest; it is not part of what detection stores.
    #[serde(skip)]
    pub verification: Verification,
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
    /// Only this behavior.
    pub behavior: Option<String>,
    /// Only behaviors that compare so.
    pub criteria: Option<CriteriaType>,
    /// `true` only muted ones, `false` only others.
    pub suppressed: Option<bool>,
    /// Only those found to be this.
    pub verification: Option<VerificationState>,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmFacts<'a> {
    /// The device identity.
    pub thing: &'a str,
    /// The security profile.
    pub profile: &'a str,
    /// The behavior's name.
    pub behavior: &'a str,
    /// What the behavior compares with.
    pub criteria: CriteriaType,
    /// Whether its notifications are muted.
    pub suppressed: bool,
    /// What the violation was found to be.
    pub verification: VerificationState,
}

impl<'a> AlarmFacts<'a> {
    /// Those of `violation`, with the verification that it carries.
    pub fn of(violation: &'a Violation) -> Self {
        Self {
            thing: &violation.thing,
            profile: &violation.profile,
            behavior: &violation.behavior,
            criteria: violation.criteria,
            suppressed: violation.suppressed,
            verification: violation.verification.state,
        }
    }
}

impl AlarmFilter {
    /// Whether a violation of these facts is one of those.
    pub fn admits(&self, facts: &AlarmFacts<'_>) -> bool {
        let Self { thing, profile, behavior, criteria, suppressed, verification } = self;
        thing.as_deref().is_none_or(|it| it == facts.thing)
            && profile.as_deref().is_none_or(|it| it == facts.profile)
            && behavior.as_deref().is_none_or(|it| it == facts.behavior)
            && criteria.is_none_or(|it| it == facts.criteria)
            && suppressed.is_none_or(|it| it == facts.suppressed)
            && verification.is_none_or(|it| it == facts.verification)
    }
}

/// A violation with all its events.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// As it stands now.
    pub violation: Violation,
    /// Its events, oldest first.
    pub events: Vec<ViolationEvent>,
}

/// Why a verification was not taken.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no violation of this id, or not any more.
    #[error("violation {0} not found")]
    NotFound(String),
    /// The note is too long or holds control characters.
    #[error("{0}")]
    Invalid(String),
    /// It could not be stored.
    #[error(transparent)]
    Storage(#[from] AlarmsError),
}

impl Classified for VerifyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::Storage(error) => error.code(),
        }
    }
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

    /// How many violations are in alarm now.
    async fn active_count(&self, filter: &AlarmFilter) -> Result<u64, AlarmsError> {
        Ok(self.active(filter).await?.len() as u64)
    }

    /// A page of violations in alarm now, newest first. A page may be short, even empty, before the last.
    async fn active_page(
        &self,
        filter: &AlarmFilter,
        page: &Page,
    ) -> Result<Rows<Violation>, AlarmsError>;

    /// Events with `from <= time < to`, newest first, `events_max` at most.
    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError>;

    /// A page of events with `from <= time < to`, newest first. A page may be short, even empty, before the
    /// last: a filter that fits few events makes no page slow.
    async fn history_page(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<ViolationEvent>, AlarmsError>;

    /// One violation, active or past, with its events; `None` if there is none of this id, or its events
    /// are older than the history goes back.
    async fn episode(&self, violation_id: &str) -> Result<Option<Episode>, AlarmsError>;

    /// Says what a violation was found to be; resolves after it is durable. `verification.at` is the
    /// caller's time.
    async fn verify(
        &self,
        violation_id: &str,
        verification: Verification,
    ) -> Result<Violation, VerifyError>;
}

/// What listeners are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AlarmNews {
    /// An alarm came, went or became void.
    Event {
        /// The event.
        event: ViolationEvent,
        /// The profile's `alertTargets.SNS.alertTargetArn` at that time; absent where there is none or
        /// the behavior is muted.
        alert_target: Option<String>,
    },
    /// An operator said what a violation was found to be.
    Verified {
        /// The violation as it was then.
        violation: Violation,
        /// What it was found to be, by whom and when.
        verification: Verification,
        /// What it was held for before.
        before: VerificationState,
    },
}

/// Why a listener did not take news. It is told again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AlarmListenerError(pub String);

/// Is told everything that happens to alarms, in order for each device, at least once, and again until
/// it has taken it: `Ok` means the listener has made it durable. A listener that fails holds up nobody
/// but itself.
#[async_trait]
pub trait AlarmListener: std::fmt::Debug + Send + Sync {
    /// Its name, `[a-z-]+`, under which its progress is stored.
    fn name(&self) -> &'static str;

    /// Takes some news; all or none.
    async fn tell(&self, news: &[AlarmNews]) -> Result<(), AlarmListenerError>;
}
