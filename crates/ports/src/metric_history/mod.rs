//! Stored datapoints of device metrics (spec device-defender §2.9), and what can be found out from them.

#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "test code")]
pub mod by_hand;

use std::time::Duration;

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode, MetricValue, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alarms::Violation;
use crate::registry::{Page, Rows};

/// A metric, or the part of it that concerns some topics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// `aws:all-bytes-out`, or a custom metric's name.
    pub metric: String,
    /// The dimension with `IN` or `NOT_IN`; absent for the whole metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<(String, String)>,
}

/// One stored datapoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredDatapoint {
    /// The report's arrival, or the end of the window.
    pub time: Timestamp,
    /// What was measured.
    pub value: MetricValue,
}

/// What to gather over the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BandRequest {
    /// The metric; its values must be numbers.
    pub series: Series,
    /// Only members of this group; all devices where absent.
    pub group: Option<String>,
    /// From here on.
    pub from: Timestamp,
    /// Up to, exclusive.
    pub to: Timestamp,
    /// Length of a step; made longer where there would be more than 500. At least a second.
    pub step: Duration,
}

/// The spread of one step over the fleet: each device counts with its newest value of the step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Band {
    /// Start of the step.
    pub start_ms: Timestamp,
    /// How many devices had a value.
    pub devices: u64,
    /// The least value.
    pub min: f64,
    /// Percentiles, nearest rank.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// 90 % are at most this.
    pub p90: f64,
    /// 99 % are at most this.
    pub p99: f64,
    /// The largest value.
    pub max: f64,
}

/// A profile to try on what was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacktestRequest {
    /// The profile's name, for the report.
    pub name: String,
    /// The profile in AWS's shape, JSON. Its `targets` say whom it would watch; all devices where it has
    /// none.
    pub document: String,
    /// From here on.
    pub from: Timestamp,
    /// Up to, exclusive.
    pub to: Timestamp,
    /// Alarms listed at most; all are counted.
    pub alarms_max: usize,
}

/// What one behavior would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BehaviorOutcome {
    /// Its name.
    pub behavior: String,
    /// Datapoints that it would have looked at.
    pub datapoints: u64,
    /// Those that were not as expected.
    pub violating: u64,
    /// Alarms raised.
    pub alarms: u64,
    /// Devices that had one.
    pub devices: u64,
    /// Whether nothing was stored that it could look at: its metric was not kept.
    pub without_data: bool,
}

/// What a profile would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestReport {
    /// The time that was looked at; begins later than asked where less is stored.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Devices that the profile would have watched and that had datapoints.
    pub devices: u64,
    /// Datapoints read.
    pub datapoints: u64,
    /// In the order of the profile.
    pub behaviors: Vec<BehaviorOutcome>,
    /// Alarms, oldest first, as they would have been raised; `ended` where they would have cleared.
    pub alarms: Vec<Violation>,
    /// Whether there were more alarms than are listed.
    pub truncated: bool,
    /// Alarms raised by hour, oldest first: start and count, hours without alarms left out.
    pub by_hour: Vec<(Timestamp, u64)>,
}

/// What to derive behaviors from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestRequest {
    /// Only members of this group; all devices where absent.
    pub group: Option<String>,
    /// Only these metrics; all that are stored where empty.
    pub metrics: Vec<String>,
    /// From here on.
    pub from: Timestamp,
    /// Up to, exclusive.
    pub to: Timestamp,
}

/// A behavior that what was stored complies with.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The behavior in AWS's shape, JSON.
    pub behavior: String,
    /// What was seen, in one sentence.
    pub because: String,
    /// Devices looked at.
    pub devices: u64,
    /// Datapoints looked at.
    pub datapoints: u64,
}

/// Why stored datapoints could not be read or tried.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The request is wrong; the text says what.
    #[error("{0}")]
    Invalid(String),
    /// There is no such metric, dimension or thing.
    #[error("{kind} {name} not found")]
    NotFound {
        /// `metric`, `dimension` or `thing`.
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// It would take more memory or time than one request may; the text says what to ask less of.
    #[error("{0}")]
    TooMuch(String),
    /// The storage failed.
    #[error("the stored datapoints could not be read: {0}")]
    Storage(String),
}

impl Classified for HistoryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::TooMuch(_) => ErrorCode::LimitExceeded,
            Self::Storage(_) => ErrorCode::Unavailable,
        }
    }
}

/// Is told how far a long computation has come: done and all, in steps of its own choosing.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Reads stored datapoints. Implemented by the detect engine.
#[async_trait]
pub trait MetricHistory: std::fmt::Debug + Send + Sync {
    /// Values of one device with `from <= time < to`, newest first. A page may have fewer rows than asked
    /// for, or none, and be followed by another one. A device that is neither registered nor has stored
    /// datapoints is not found.
    async fn values(
        &self,
        thing: &str,
        series: &Series,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<StoredDatapoint>, HistoryError>;

    /// What is stored of one device, by name.
    async fn series_of(&self, thing: &str) -> Result<Vec<Series>, HistoryError>;

    /// The spread of a metric over the fleet, a band for each step in which some device had a value,
    /// oldest first; and the length of a step.
    async fn bands(&self, request: &BandRequest) -> Result<(Duration, Vec<Band>), HistoryError>;

    /// Tries a profile on what is stored. Alarms nobody.
    async fn backtest(
        &self,
        request: &BacktestRequest,
        progress: Progress<'_>,
    ) -> Result<BacktestReport, HistoryError>;

    /// Derives behaviors that what is stored complies with.
    async fn suggest(&self, request: &SuggestRequest) -> Result<Vec<Suggestion>, HistoryError>;
}
