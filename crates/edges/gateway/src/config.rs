//! `[gateway]` of the configuration file.

use std::net::{Ipv4Addr, SocketAddr};

use picket_core::Secret;
use picket_session::{Filter, TopicLimits};
use serde::{Deserialize, Serialize};

use crate::address::ListenAddress;
use crate::rules::RulesConfig;

/// How clients of the plaintext listener prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaintextAuth {
    /// By `plaintext_password`.
    Password,
    /// Not at all.
    Anonymous,
}

/// `[gateway]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// MQTT over mutual TLS; `"off"` for none. Default `"0.0.0.0:8883"`.
    pub mqtt: ListenAddress,
    /// The ALPN port: `x-amzn-mqtt-ca` is MQTT over mutual TLS; `http/1.1`, `x-amzn-http-ca` or none is
    /// HTTPS and MQTT over WebSocket. Where port 443 is not permitted, 8443 is taken. `"off"` for none.
    /// Default `"0.0.0.0:443"`.
    pub alpn: ListenAddress,
    /// MQTT without TLS, on a loopback address only. Default `"off"`.
    pub plaintext: ListenAddress,
    /// `"password"` or `"anonymous"`. Default `"password"`.
    pub plaintext_auth: PlaintextAuth,
    /// `user:password` for `plaintext_auth = "password"`. Default none.
    pub plaintext_password: Option<Secret>,
    /// Filters that may not be subscribed to on the plaintext listener, nor filters they match.
    pub plaintext_deny_subscribe: Vec<String>,
    /// Highest QoS on every listener, 1 or 2. Default: 1 with TLS, 2 without.
    pub max_qos: Option<u8>,
    /// Limits of the TLS listeners.
    pub tls_rules: RulesConfig,
    /// Limits of the plaintext listener.
    pub plaintext_rules: RulesConfig,
    /// Whether certificates past their end of validity may connect. Default false.
    pub allow_expired_certificates: bool,
    /// Whether TLS sessions can be taken up again with a ticket. AWS gives none. Default true.
    pub tls_resumption: bool,
    /// Most connections at a time. Default 100000.
    pub connections_max: usize,
    /// Most connections at a time from one address. Default 10000.
    pub connections_per_address_max: usize,
    /// A TLS handshake must end within this many milliseconds. Default 10000.
    pub handshake_timeout_ms: u64,
    /// CONNECT must follow within this many milliseconds. Default 10000.
    pub connect_timeout_ms: u64,
    /// Largest CONNECT in bytes, the will included. Default 147456, as much as a publish.
    pub connect_bytes_max: usize,
    /// A peer that takes nothing for this many milliseconds is cut off. Default 10000.
    pub write_timeout_ms: u64,
    /// The head of an HTTP request must come within this many milliseconds, also that of a further
    /// request on the same connection. Default 10000.
    pub http_timeout_ms: u64,
    /// A WebSocket is closed when it is this many seconds old. Default 86400, as on AWS.
    pub websocket_seconds_max: u32,
    /// How far the clock of a client that signs its WebSocket's URL may be off, in seconds. Default 900.
    pub signature_skew_seconds: u32,
    /// Most CONNECTs of all clients per second; more are refused; 0 is no limit. AWS: 500. Default 0.
    pub connects_per_second: u32,
    /// Most publishes from all clients per second; more are discarded; 0 is no limit. AWS: 20000.
    /// Default 0.
    pub publishes_in_per_second: u32,
    /// Most publishes to all clients per second; more wait; 0 is no limit. AWS: 20000. Default 0.
    pub publishes_out_per_second: u32,
    /// Most filters that all clients subscribe to per second; more are refused; 0 is no limit.
    /// AWS: 500. Default 0.
    pub subscribes_per_second: u32,
    /// Events that the connection log keeps; 0 keeps none. Default 10000.
    pub connection_log_events: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        let any = |port| ListenAddress::on(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
        Self {
            mqtt: any(8883),
            alpn: any(443),
            plaintext: ListenAddress::OFF,
            plaintext_auth: PlaintextAuth::Password,
            plaintext_password: None,
            plaintext_deny_subscribe: Vec::new(),
            max_qos: None,
            tls_rules: RulesConfig::default(),
            plaintext_rules: RulesConfig::default(),
            allow_expired_certificates: false,
            tls_resumption: true,
            connections_max: 100_000,
            connections_per_address_max: 10_000,
            handshake_timeout_ms: 10_000,
            connect_timeout_ms: 10_000,
            connect_bytes_max: 144 * 1024,
            write_timeout_ms: 10_000,
            http_timeout_ms: 10_000,
            websocket_seconds_max: 24 * 3600,
            signature_skew_seconds: 15 * 60,
            connects_per_second: 0,
            publishes_in_per_second: 0,
            publishes_out_per_second: 0,
            subscribes_per_second: 0,
            connection_log_events: 10_000,
        }
    }
}

/// What is wrong with a [`GatewayConfig`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("gateway.{key} {problem}")]
pub struct InvalidGatewayConfig {
    /// The key below `[gateway]`.
    pub key: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl GatewayConfig {
    /// Every problem of this configuration.
    pub fn problems(&self) -> Vec<InvalidGatewayConfig> {
        let mut problems = Vec::new();
        let mut problem = |key: &str, problem: String| {
            problems.push(InvalidGatewayConfig { key: key.to_owned(), problem });
        };
        if let Some(address) = self.plaintext.get() {
            if !address.ip().is_loopback() {
                let text = format!("is {address}, which is not a loopback address; use 127.0.0.1");
                problem("plaintext", text);
            }
            let has_pair =
                self.plaintext_password.as_ref().is_some_and(|pair| pair.expose().contains(':'));
            if self.plaintext_auth == PlaintextAuth::Password && !has_pair {
                problem("plaintext_password", "must be set as `user:password`".to_owned());
            }
        }
        let qos = [
            ("max_qos", self.max_qos),
            ("tls_rules.max_qos", self.tls_rules.max_qos),
            ("plaintext_rules.max_qos", self.plaintext_rules.max_qos),
        ];
        for (key, qos) in qos {
            if let Some(qos) = qos.filter(|qos| !(1..=2).contains(qos)) {
                problem(key, format!("is {qos}; it must be 1 or 2"));
            }
        }
        let bursts = [("tls_rules", &self.tls_rules), ("plaintext_rules", &self.plaintext_rules)];
        for (table, rules) in bursts {
            if rules.connect_burst == Some(0) {
                let key = format!("{table}.connect_burst");
                problem(&key, "is 0; nobody could connect; it must be 1 or more".to_owned());
            }
        }
        let any = TopicLimits { bytes_max: 65_535, slashes_max: usize::MAX };
        for filter in &self.plaintext_deny_subscribe {
            if let Err(error) = Filter::parse(filter, &any) {
                problem("plaintext_deny_subscribe", format!("has the filter `{filter}`: {error}"));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_texts_and_unknown_keys_are_named() {
        let config: GatewayConfig =
            toml::from_str("mqtt = \"127.0.0.1:0\"\nalpn = \"off\"\nmax_qos = 2").unwrap();
        assert_eq!(config.alpn, ListenAddress::OFF);
        assert_eq!(config.problems(), []);
        let error = toml::from_str::<GatewayConfig>("mqqt = 1").unwrap_err();
        assert!(error.to_string().contains("mqqt"), "{error}");
        assert!(toml::from_str::<GatewayConfig>("mqtt = \"8883\"").is_err());
    }

    #[test]
    fn plaintext_is_for_loopback_and_needs_a_password() {
        let config: GatewayConfig = toml::from_str("plaintext = \"0.0.0.0:1883\"").unwrap();
        let keys: Vec<String> = config.problems().into_iter().map(|p| p.key).collect();
        assert_eq!(keys, ["plaintext", "plaintext_password"]);
    }
}
