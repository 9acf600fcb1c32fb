//! The hand-over of a device metrics report from the gateway to detection.

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::{Timestamp, TraceId};

/// Encoding of a report: the last level of its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// UTF-8 JSON.
    Json,
    /// CBOR (RFC 8949), definite or indefinite lengths.
    Cbor,
}

impl ReportFormat {
    /// The topic level: `json` or `cbor`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cbor => "cbor",
        }
    }
}

/// A publish on `$aws/things/<thing>/defender/metrics/<format>`.
#[derive(Debug, Clone)]
pub struct ReportPublish {
    /// The thing level of the topic, unchecked.
    pub thing: String,
    /// The client id of who published it; absent where it came without one, over HTTPS. The datapoint
    /// belongs to `thing` whoever that is.
    pub publisher: Option<String>,
    /// The encoding.
    pub format: ReportFormat,
    /// The report as sent.
    pub payload: Bytes,
    /// When the gateway took it.
    pub arrived: Timestamp,
}

/// What the device is told on `…/accepted` or `…/rejected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportReply {
    /// Whether the report was accepted and is durable.
    pub accepted: bool,
    /// The response document, encoded as the report was (spec device-defender §1.8).
    pub document: Bytes,
    /// Where the report stands in the log; absent for a refused one.
    pub trace: Option<TraceId>,
}

/// Takes reports. Implemented by the detect engine.
#[async_trait]
pub trait ReportIntake: std::fmt::Debug + Send + Sync {
    /// Decodes and checks the report and appends it to the `reports` log. Resolves after the fsync,
    /// so that the PUBACK may follow. Malformed, throttled and unstorable reports give a rejected
    /// reply, which names the field and the reason; a report that could not be stored must not be
    /// acknowledged: then `Err` with the storage error.
    async fn submit(&self, report: ReportPublish) -> Result<ReportReply, crate::LogError>;
}
