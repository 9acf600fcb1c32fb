//! The device metrics report and its answer, in JSON and CBOR (spec device-defender §1).
//!
//! [`decode`] takes what agents really send: long, short and mixed names, numbers as text or floats,
//! lists that disagree with their totals. [`encode`] writes the documented form. Nothing here does IO.

mod address;
mod decode;
mod document;
mod encode;
mod field;
mod report;
mod response;

pub use address::RemoteAddress;
pub use decode::{
    CUSTOM_METRICS_MAX, LIST_ENTRIES_MAX, NESTING_MAX, REPORT_BYTES_MAX, ReportError, decode,
};
pub use encode::{Names, encode};
pub use report::{
    Connection, Connections, CustomValue, DeviceMetrics, ListeningPort, ListeningPorts,
    NetworkStats, NotRetained, Report, Version, is_custom_metric_name,
};
pub use response::{MALFORMED, Outcome, RejectCode, Response, ResponseError};

/// How a report and its answer are encoded: the last level of the report topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// UTF-8 JSON.
    Json,
    /// CBOR (RFC 8949).
    Cbor,
}

#[cfg(test)]
mod tests;
