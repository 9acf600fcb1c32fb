//! How fast one connection may go (spec iot-core §3.5).

use std::time::Instant;

use crate::bucket::Bucket;
use crate::rules::Rules;

/// The rates of one connection.
#[derive(Debug)]
pub(super) struct Pace {
    /// Publishes, both ways.
    pub(super) publishes: Bucket,
    /// Bytes, both ways. While there is a debt nothing is read and no message is handed out.
    pub(super) bytes: Bucket,
    /// Publishes of the client that were too many.
    pub(super) discarded: Bucket,
}

const MINUTE: u32 = 60;

impl Pace {
    /// `publishes` is what earlier connections of the client have left.
    pub(super) fn new(rules: &Rules, publishes: Bucket, now: Instant) -> Self {
        let discarded = rules.discarded_publishes_max;
        Self {
            publishes,
            bytes: Bucket::new(rules.bytes_per_second, now),
            discarded: Bucket::with_burst(discarded.div_ceil(MINUTE), discarded, now),
        }
    }
}
