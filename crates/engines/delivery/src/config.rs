//! The `[delivery]` section of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use picket_outbound::OutboundRules;
use serde::{Deserialize, Serialize};

/// The setting that allows addresses, for messages.
const ALLOW_HOSTS: &str = "delivery.allow_hosts";

/// Settings of the delivery engine. What concerns one stream stands in the stream's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryConfig {
    /// No buffer waits longer than this many milliseconds, whatever a stream's `BufferingHints` say.
    /// Absent, the default, leaves the hints alone; a fast line wants 100 or so.
    pub interval_max_ms: Option<u64>,
    /// Bytes that may wait in one stream's log; puts beyond it are refused. Default 4 GiB.
    pub backlog_bytes_max: u64,
    /// Batches of one stream that may be on their way at once. Default 8.
    pub in_flight_max: usize,
    /// Level of gzip for request bodies, 1 to 9; 0, the default, sends them as they are. Firehose never
    /// compresses towards Splunk; Splunk and our own collector both take gzip.
    pub gzip_level: u32,
    /// Base address of our own collector, such as `https://127.0.0.1:8088`. A stream whose `HECEndpoint`
    /// is this address, or `picket://hec`, which stands for it, may connect to it wherever it lies, and
    /// its native transform adds `time` and the index-time fields `picket_id` and `picket_trace` to the
    /// envelope. No other stream sends them, so a real Splunk sees what Firehose would send.
    pub own_hec: Option<String>,
    /// Base addresses of further collectors that are to get `time`, `picket_id` and `picket_trace` as
    /// our own does. Default none.
    pub identified_endpoints: Vec<String>,
    /// Where streams may connect although it is link-local, loopback or private, or plain `http`: host
    /// names, addresses, blocks such as `10.1.0.0/16`, or `host:port`. Default none.
    pub allow_hosts: Vec<String>,
    /// PEM files with further root certificates to trust, beside the machine's. Default none.
    pub extra_roots: Vec<PathBuf>,
    /// Whether a 200 without `ackId` is a failure, as it is for Firehose (`Splunk.DisabledAck`), and not
    /// delivery to a token without acknowledgements. Default false.
    pub require_acks: bool,
    /// First pause between two acknowledgement queries in milliseconds; it doubles up to
    /// `ack_poll_max_ms` as long as nothing is acknowledged. Default 200.
    pub ack_poll_min_ms: u64,
    /// Longest pause between two acknowledgement queries in milliseconds. Default 10,000.
    pub ack_poll_max_ms: u64,
    /// Replaces every stream's `HECAcknowledgmentTimeoutInSeconds`, in milliseconds; that has a minimum
    /// of 180 s. Absent, the default, leaves it alone.
    pub ack_timeout_ms: Option<u64>,
    /// Pause before the second try of a request in milliseconds; it doubles with each further one, up to
    /// 30 s. Default 1,000.
    pub backoff_ms: u64,
    /// How long a connection may take, in milliseconds. Default 10,000.
    pub connect_timeout_ms: u64,
    /// How long a request may take in all, in milliseconds. Default 60,000.
    pub request_timeout_ms: u64,
    /// How long batches on their way may take to end at shutdown, in milliseconds. What does not end is
    /// sent again after the restart. Default 3,000.
    pub drain_ms: u64,
    /// Functions that run inside the engine, by function name.
    pub native_functions: BTreeMap<String, NativeFunction>,
}

/// The name of the built-in transform in a function ARN.
pub const NATIVE_TRANSFORM: &str = "picket-device-defender-transform";

/// Settings of the native transform: what the seed function takes from its environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NativeFunction {
    /// `sourcetype` of every event. Default `aws-iot-device-defender`.
    pub sourcetype: String,
    /// The SNS topic whose notifications are audit results. Default none.
    pub audit_topic_arn: Option<String>,
}

impl Default for NativeFunction {
    fn default() -> Self {
        Self { sourcetype: "aws-iot-device-defender".to_owned(), audit_topic_arn: None }
    }
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            interval_max_ms: None,
            backlog_bytes_max: 4 << 30,
            in_flight_max: 8,
            gzip_level: 0,
            own_hec: None,
            identified_endpoints: Vec::new(),
            allow_hosts: Vec::new(),
            extra_roots: Vec::new(),
            require_acks: false,
            ack_poll_min_ms: 200,
            ack_poll_max_ms: 10_000,
            ack_timeout_ms: None,
            backoff_ms: 1000,
            connect_timeout_ms: 10_000,
            request_timeout_ms: 60_000,
            drain_ms: 3000,
            native_functions: BTreeMap::from([(
                NATIVE_TRANSFORM.to_owned(),
                NativeFunction::default(),
            )]),
        }
    }
}

impl DeliveryConfig {
    /// What is wrong with the settings, each with its key; empty if nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut range = |key: &str, value: u64, min: u64, max: u64| {
            if !(min..=max).contains(&value) {
                problems.push(format!("delivery.{key} is {value}; it must be from {min} to {max}"));
            }
        };
        range("in_flight_max", self.in_flight_max as u64, 1, 256);
        range("gzip_level", u64::from(self.gzip_level), 0, 9);
        range("ack_poll_min_ms", self.ack_poll_min_ms, 1, 60_000);
        range("ack_poll_max_ms", self.ack_poll_max_ms, self.ack_poll_min_ms, 600_000);
        range("backoff_ms", self.backoff_ms, 1, 30_000);
        range("connect_timeout_ms", self.connect_timeout_ms, 1, 600_000);
        range("request_timeout_ms", self.request_timeout_ms, 1, 3_600_000);
        range("drain_ms", self.drain_ms, 0, 60_000);
        range("backlog_bytes_max", self.backlog_bytes_max, 1, u64::MAX);
        if let Err(problem) = self.outbound_rules() {
            problems.push(format!("{ALLOW_HOSTS}: {problem}"));
        }
        problems
    }

    /// Where streams may connect to, our own collector not counted.
    pub(crate) fn outbound_rules(&self) -> Result<OutboundRules, String> {
        OutboundRules::parse(ALLOW_HOSTS, &self.allow_hosts)
    }

    /// Whether `endpoint` is a collector that understands our fields.
    pub(crate) fn is_identified(&self, endpoint: &str) -> bool {
        let same = |other: &str| other.trim_end_matches('/') == endpoint.trim_end_matches('/');
        self.own_hec.as_deref().is_some_and(same)
            || self.identified_endpoints.iter().any(|other| same(other))
    }

    pub(crate) const fn backoff(&self) -> Duration {
        Duration::from_millis(self.backoff_ms)
    }

    pub(crate) const fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        assert_eq!(DeliveryConfig::default().problems(), Vec::<String>::new());
    }

    #[test]
    fn every_bad_setting_is_named() {
        let config = DeliveryConfig {
            in_flight_max: 0,
            gzip_level: 10,
            allow_hosts: vec!["http://x".to_owned()],
            ..DeliveryConfig::default()
        };
        let problems = config.problems();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems.iter().any(|it| it.starts_with("delivery.gzip_level is 10")));
    }

    #[test]
    fn only_named_collectors_are_ours() {
        let config = DeliveryConfig {
            own_hec: Some("https://127.0.0.1:8088".to_owned()),
            ..DeliveryConfig::default()
        };
        assert!(config.is_identified("https://127.0.0.1:8088/"));
        assert!(!config.is_identified("https://splunk.example:8088"));
    }
}
