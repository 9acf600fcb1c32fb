//! Durable delivery streams: what Data Firehose does, with Splunk's HTTP Event Collector as destination.
//!
//! A record is in the stream's log, fsynced, before its producer gets a receipt. A [`reader`] takes
//! records from there, runs the stream's transform and cuts batches by size and interval; a [`job`]
//! brings each batch to its end – acknowledged by the collector, or written to the backup – and the
//! [`committer`] remembers how far all batches have ended without a gap. After a crash everything behind
//! that point is sent again, with the same event ids.
//!
//! One buffer does the work of Firehose's two: the log itself is what waits in front of the transform.

mod backup;
mod batch;
mod books;
mod committer;
mod config;
mod document;
mod engine;
mod hec;
mod job;
mod process;
mod reader;
mod record;
mod route;
mod state;
mod stream;

pub use books::StreamStatus;
pub use config::{DeliveryConfig, NATIVE_TRANSFORM, NativeFunction};
pub use document::validate;
pub use engine::{DeliveryDeps, DeliveryEngine, OpenError};
pub use picket_outbound::TlsError;
pub use process::{Functions, InvokeError};
pub use record::RECORD_BYTES_MAX;

#[cfg(test)]
mod tests;
