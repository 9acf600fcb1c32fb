//! Settings of the AWS endpoint: `[aws]` in the configuration file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use picket_wire_aws::sigv4::Rules;
use serde::{Deserialize, Serialize};

/// Settings of the AWS endpoint. Sizes are bytes, times seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsConfig {
    /// Where to listen; port 0 takes a free one. Default `127.0.0.1:4566`.
    pub listen: SocketAddr,
    /// Regions that requests may be signed for; empty takes any. Default empty.
    pub regions: Vec<String>,
    /// How far a signer's clock may be off. Default 900.
    pub clock_skew_seconds: u64,
    /// What `DescribeEndpoint` names as the host of the MQTT and data endpoints. Default `localhost`.
    pub data_host: String,
    /// What `DescribeEndpoint` names as the host of the credential provider; empty takes `data_host`.
    pub credentials_host: String,
    /// Largest request body. Default 1 MiB.
    pub body_bytes_max: usize,
    /// How long a request may take, its body included. Default 30.
    pub request_timeout_seconds: u64,
    /// Most connections at a time; more wait in the listener's queue. Default 1,024.
    pub connections_max: usize,
    /// How long a connection may wait for, or take over, a request's head. Default 75.
    pub idle_timeout_seconds: u64,
    /// Most requests of one user a second, on average; 0 sets no limit. Default 10,000.
    pub user_requests_per_second_max: u32,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4566),
            regions: Vec::new(),
            clock_skew_seconds: 900,
            data_host: "localhost".to_owned(),
            credentials_host: String::new(),
            body_bytes_max: 1024 * 1024,
            request_timeout_seconds: 30,
            connections_max: 1_024,
            idle_timeout_seconds: 75,
            user_requests_per_second_max: 10_000,
        }
    }
}

impl AwsConfig {
    pub(crate) const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    pub(crate) const fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }

    pub(crate) fn signature_rules(&self) -> Rules {
        Rules {
            clock_skew_max: Duration::from_secs(self.clock_skew_seconds),
            regions: self.regions.clone(),
        }
    }
}
