//! The formats of Splunk's HTTP Event Collector (spec delivery §5, §6), as server and as client.
//!
//! Nothing here does input or output. [`split`] finds the objects of a body, [`envelope`] reads one,
//! [`reply`] is the table of answers, [`ack`] the acknowledgement query, [`route`] the paths and the
//! channel, [`compression`] bounded gzip, and [`members`] strict reading of the JSON documents that
//! configure either end.

pub mod ack;
pub mod compression;
pub mod envelope;
pub mod event_time;
pub mod members;
pub mod raw_lines;
pub mod reply;
pub mod route;
pub mod split;

pub use envelope::{Envelope, EventBody, Events, Limits, Rejected};
pub use members::{Invalid, Members};
pub use reply::{Reply, ReplyCode};
pub use route::{Channel, EndpointKind, Endpoints, Route};
