//! The rules of one listener: dialect and limits on what a client may do (spec iot-core §3.2, §3.5).

use picket_session::{Dialect, TopicLimits, TopicProblem};
use serde::{Deserialize, Serialize};

/// `[gateway.tls_rules]` and `[gateway.plaintext_rules]`: what is absent has the listener's default,
/// given as TLS / plaintext.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesConfig {
    /// `"aws"` or `"standard"`: what holds where AWS IoT leaves the MQTT standard. aws / standard.
    pub dialect: Option<Dialect>,
    /// Highest QoS, 1 or 2. 1 / 2.
    pub max_qos: Option<u8>,
    /// Longest topic or filter in bytes. 256 / 65535.
    pub topic_bytes_max: Option<usize>,
    /// Most slashes in a topic or filter. 7 / 128.
    pub topic_slashes_max: Option<usize>,
    /// Most filters in one SUBSCRIBE. 8 / 1000.
    pub filters_per_subscribe_max: Option<usize>,
    /// Most subscriptions of a session. 50 / 10000.
    pub subscriptions_max: Option<usize>,
    /// Publishes to and from a connection per second. More of the client's are discarded, more for the
    /// client wait; 0 is no limit. 100 / 0.
    pub publishes_per_second: Option<u32>,
    /// A connection of which more publishes than this are discarded in a minute is closed; 0 is never.
    /// 6000 / 0.
    pub discarded_publishes_max: Option<u32>,
    /// Bytes to and from a connection per second; more are delayed; 0 is no limit. 524288 / 0.
    pub bytes_per_second: Option<u32>,
    /// CONNECTs of a client id per second; more are refused; 0 is no limit. 1 / 0.
    pub connects_per_second: Option<u32>,
    /// CONNECTs of a client id that may come at once after a pause. 5 / 5.
    pub connect_burst: Option<u32>,
    /// Whether a filter that the policies do not allow closes the connection of a 3.1.1 client; else it
    /// is told so in the SUBACK. false / false.
    pub close_on_denied_subscribe: Option<bool>,
    /// Largest payload in bytes. 131072 / 1048576.
    pub payload_bytes_max: Option<u32>,
    /// A shorter keep-alive is raised to this, in seconds. 30 / 0.
    pub keep_alive_seconds_min: Option<u16>,
    /// A longer keep-alive is lowered to this, in seconds; 0 is no limit. With the aws dialect also
    /// none at all; with the standard one only for MQTT 5, whose clients can be told. 1200 / 60.
    pub keep_alive_seconds_max: Option<u16>,
    /// Longest life of a session without a connection, in seconds; also the life of a 3.1.1 session.
    /// 3600 / 604800.
    pub session_expiry_seconds_max: Option<u32>,
    /// Publishes of a client that may be unacknowledged. 100 / 100.
    pub receive_maximum: Option<u16>,
    /// Topic aliases a client may set. 8 / 16.
    pub topic_alias_max: Option<u16>,
}

/// The same, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) dialect: Dialect,
    pub(crate) max_qos: u8,
    pub(crate) topics: TopicLimits,
    pub(crate) filters_per_subscribe_max: usize,
    pub(crate) subscriptions_max: usize,
    pub(crate) publishes_per_second: u32,
    pub(crate) discarded_publishes_max: u32,
    pub(crate) bytes_per_second: u32,
    pub(crate) connects_per_second: u32,
    pub(crate) connect_burst: u32,
    pub(crate) close_on_denied_subscribe: bool,
    pub(crate) payload_bytes_max: u32,
    pub(crate) keep_alive_seconds_min: u16,
    pub(crate) keep_alive_seconds_max: u16,
    pub(crate) session_expiry_seconds_max: u32,
    pub(crate) receive_maximum: u16,
    pub(crate) topic_alias_max: u16,
}

/// Room for topic and properties beside the payload.
const HEADER_BYTES_MAX: u32 = 16 * 1024;

impl Rules {
    pub(crate) fn for_tls(config: &RulesConfig) -> Self {
        let base = Self {
            dialect: Dialect::Aws,
            max_qos: 1,
            topics: TopicLimits { bytes_max: 256, slashes_max: 7 },
            filters_per_subscribe_max: 8,
            subscriptions_max: 50,
            publishes_per_second: 100,
            discarded_publishes_max: 6000,
            bytes_per_second: 512 * 1024,
            connects_per_second: 1,
            connect_burst: 5,
            close_on_denied_subscribe: false,
            payload_bytes_max: 128 * 1024,
            keep_alive_seconds_min: 30,
            keep_alive_seconds_max: 1200,
            session_expiry_seconds_max: 3600,
            receive_maximum: 100,
            topic_alias_max: 8,
        };
        base.with(config)
    }

    pub(crate) fn for_plaintext(config: &RulesConfig) -> Self {
        let base = Self {
            dialect: Dialect::Standard,
            max_qos: 2,
            topics: TopicLimits { bytes_max: 65_535, slashes_max: 128 },
            filters_per_subscribe_max: 1000,
            subscriptions_max: 10_000,
            publishes_per_second: 0,
            discarded_publishes_max: 0,
            bytes_per_second: 0,
            connects_per_second: 0,
            connect_burst: 5,
            close_on_denied_subscribe: false,
            payload_bytes_max: 1024 * 1024,
            keep_alive_seconds_min: 0,
            keep_alive_seconds_max: 60,
            session_expiry_seconds_max: 7 * 24 * 3600,
            receive_maximum: 100,
            topic_alias_max: 16,
        };
        base.with(config)
    }

    fn with(self, config: &RulesConfig) -> Self {
        let topics = TopicLimits {
            bytes_max: config.topic_bytes_max.unwrap_or(self.topics.bytes_max),
            slashes_max: config.topic_slashes_max.unwrap_or(self.topics.slashes_max),
        };
        let c = config;
        Self {
            dialect: c.dialect.unwrap_or(self.dialect),
            max_qos: c.max_qos.unwrap_or(self.max_qos),
            topics,
            filters_per_subscribe_max: c
                .filters_per_subscribe_max
                .unwrap_or(self.filters_per_subscribe_max),
            subscriptions_max: c.subscriptions_max.unwrap_or(self.subscriptions_max),
            publishes_per_second: c.publishes_per_second.unwrap_or(self.publishes_per_second),
            discarded_publishes_max: c
                .discarded_publishes_max
                .unwrap_or(self.discarded_publishes_max),
            bytes_per_second: c.bytes_per_second.unwrap_or(self.bytes_per_second),
            connects_per_second: c.connects_per_second.unwrap_or(self.connects_per_second),
            connect_burst: c.connect_burst.unwrap_or(self.connect_burst),
            close_on_denied_subscribe: c
                .close_on_denied_subscribe
                .unwrap_or(self.close_on_denied_subscribe),
            payload_bytes_max: c.payload_bytes_max.unwrap_or(self.payload_bytes_max),
            keep_alive_seconds_min: c.keep_alive_seconds_min.unwrap_or(self.keep_alive_seconds_min),
            keep_alive_seconds_max: c.keep_alive_seconds_max.unwrap_or(self.keep_alive_seconds_max),
            session_expiry_seconds_max: c
                .session_expiry_seconds_max
                .unwrap_or(self.session_expiry_seconds_max),
            receive_maximum: c.receive_maximum.unwrap_or(self.receive_maximum).max(1),
            topic_alias_max: c.topic_alias_max.unwrap_or(self.topic_alias_max),
        }
    }

    pub(crate) fn is_aws(&self) -> bool {
        self.dialect == Dialect::Aws
    }

    /// What is wrong with a topic or filter, with the limits if it is about them.
    pub(crate) fn in_words(&self, problem: TopicProblem) -> String {
        let TopicLimits { bytes_max, slashes_max } = self.topics;
        match problem {
            TopicProblem::TooLong | TopicProblem::TooDeep => {
                format!("{problem} (at most {bytes_max} bytes and {slashes_max} slashes)")
            }
            _ => problem.to_string(),
        }
    }

    /// Largest packet taken, in bytes.
    pub(crate) fn packet_bytes_max(&self) -> u32 {
        self.payload_bytes_max.saturating_add(HEADER_BYTES_MAX)
    }

    /// The keep-alive that holds for a client of MQTT `level` that asked for `asked` seconds; 0 is
    /// none.
    pub(crate) fn keep_alive_seconds(&self, asked: u16, level: u8) -> u16 {
        let (min, max) = (self.keep_alive_seconds_min, self.keep_alive_seconds_max);
        match (self.is_aws(), asked) {
            (_, 0) if max == 0 => 0,
            (true, 0) => max,
            (false, 0) => 0,
            (false, _) if level < 5 => asked.max(min),
            _ if max == 0 => asked.max(min),
            _ => asked.clamp(min.min(max), max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keep_alive_is_clamped_as_aws_does_and_otherwise_only_where_the_client_is_told() {
        let check = |rules: &Rules, level, expected: [u16; 4]| {
            let asked = [0, 5, 60, 5000];
            assert_eq!(asked.map(|asked| rules.keep_alive_seconds(asked, level)), expected);
        };
        let aws = Rules::for_tls(&RulesConfig::default());
        check(&aws, 4, [1200, 30, 60, 1200]);
        check(&aws, 5, [1200, 30, 60, 1200]);
        let standard = Rules::for_plaintext(&RulesConfig::default());
        check(&standard, 4, [0, 5, 60, 5000]);
        check(&standard, 5, [0, 5, 60, 60]);
        let unlimited = RulesConfig { keep_alive_seconds_max: Some(0), ..RulesConfig::default() };
        check(&Rules::for_plaintext(&unlimited), 5, [0, 5, 60, 5000]);
    }
}
