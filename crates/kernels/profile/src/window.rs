//! What the front door counted for one device in one window.

use std::net::IpAddr;

use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

/// The most source addresses kept per device and window; a device has one or two.
const SOURCES_MAX: usize = 256;

/// Counts of one device over some time (spec device-defender §2.3, §2.7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCounts {
    /// Messages from the device to the broker.
    pub messages_in: u64,
    /// Their payload bytes in sum.
    pub bytes_total: u64,
    /// The smallest payload; meaningless without messages.
    pub bytes_min: u64,
    /// The largest payload.
    pub bytes_max: u64,
    /// Messages from the broker to the device.
    pub messages_out: u64,
    /// Denied requests.
    pub authorization_failures: u64,
    /// CONNECTs, successful and not.
    pub connection_attempts: u64,
    /// Ends of established sessions.
    pub disconnects: u64,
    /// Sessions that came up.
    pub connects: u64,
    /// Addresses of CONNECTs, sorted, each once.
    pub sources: Vec<IpAddr>,
}

impl WindowCounts {
    /// Counts one message of the device.
    pub fn message_in(&mut self, bytes: u64) {
        self.bytes_min = if self.messages_in == 0 { bytes } else { self.bytes_min.min(bytes) };
        self.bytes_max = self.bytes_max.max(bytes);
        self.bytes_total = self.bytes_total.saturating_add(bytes);
        self.messages_in += 1;
    }

    /// Remembers an address.
    pub fn source(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        if let Err(at) = self.sources.binary_search(&address)
            && self.sources.len() < SOURCES_MAX
        {
            self.sources.insert(at, address);
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Self) {
        let Self { messages_in, bytes_total, bytes_min, bytes_max, .. } = *other;
        if messages_in > 0 {
            self.bytes_min =
                if self.messages_in == 0 { bytes_min } else { self.bytes_min.min(bytes_min) };
            self.bytes_max = self.bytes_max.max(bytes_max);
        }
        self.messages_in += messages_in;
        self.bytes_total = self.bytes_total.saturating_add(bytes_total);
        self.messages_out += other.messages_out;
        self.authorization_failures += other.authorization_failures;
        self.connection_attempts += other.connection_attempts;
        self.disconnects += other.disconnects;
        self.connects += other.connects;
        for address in &other.sources {
            self.source(*address);
        }
    }
}

/// A period of one or more windows, as the cloud-side metrics see it.
#[derive(Debug, Clone, Copy)]
pub struct WindowView<'a> {
    /// What was counted in it.
    pub counts: &'a WindowCounts,
    /// Whether the device was connected or tried to connect in it.
    pub active: bool,
    /// Since when the device is offline; absent while connected and for one never seen connected.
    pub offline_since: Option<Timestamp>,
    /// End of the period.
    pub end: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_keeps_the_smallest_and_the_largest_message() {
        let mut total = WindowCounts::default();
        for sizes in [&[7_u64, 3][..], &[], &[9]] {
            let mut part = WindowCounts::default();
            sizes.iter().for_each(|bytes| part.message_in(*bytes));
            total.add(&part);
        }
        assert_eq!((total.bytes_min, total.bytes_max, total.bytes_total), (3, 9, 19));
    }

    #[test]
    fn an_address_is_kept_once_and_a_mapped_one_as_ipv4() {
        let mut counts = WindowCounts::default();
        counts.source("::ffff:10.0.0.1".parse().unwrap());
        counts.source("10.0.0.1".parse().unwrap());
        assert_eq!(counts.sources, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    }
}
