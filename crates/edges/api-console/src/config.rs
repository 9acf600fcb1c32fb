//! Settings of the console: `[console]` in the configuration file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Settings of the console. Sizes are bytes, times seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Where to listen; port 0 takes a free one. Default `127.0.0.1:8000`.
    pub listen: SocketAddr,
    /// Whether browsers may send the session cookie over TLS only; to be set where a proxy in front
    /// speaks TLS. Default false.
    pub secure_cookie: bool,
    /// The index that metric charts and alarm evidence are searched in. Default `iot`.
    pub index: String,
    /// How long a session lives without a request. Default 1,800.
    pub session_idle_seconds: u64,
    /// How long a session lives at most. Default 43,200.
    pub session_seconds_max: u64,
    /// Most sessions at a time; the one longest unused goes first. Default 1,024.
    pub sessions_max: usize,
    /// Failed log-ins of one user after which the user has to wait. Default 5.
    pub user_failures_max: u32,
    /// Failed log-ins from one address after which the address has to wait. Default 20.
    pub address_failures_max: u32,
    /// How long they have to wait. Default 300.
    pub lockout_seconds: u64,
    /// Most users and addresses whose failures are remembered. Default 4,096.
    pub lockout_entries_max: usize,
    /// Most password checks at a time; each takes 19 MiB. Default 2.
    pub password_checks_max: usize,
    /// Largest request body. Default 128 KiB.
    pub body_bytes_max: usize,
    /// How long a request may take, searches apart. Default 15.
    pub request_timeout_seconds: u64,
    /// How long a search may take. Default 60.
    pub search_timeout_seconds: u64,
    /// Most searches at a time. Default 4.
    pub searches_max: usize,
    /// How long a search may wait for its turn. Default 10.
    pub search_wait_seconds: u64,
    /// Most rows a search may return. Default 10,000.
    pub search_rows_max: usize,
    /// Most connections at a time; more wait in the listener's queue. Default 512.
    pub connections_max: usize,
    /// How long a connection may wait for, or take over, a request's head. Default 75.
    pub idle_timeout_seconds: u64,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000),
            secure_cookie: false,
            index: "iot".to_owned(),
            session_idle_seconds: 1_800,
            session_seconds_max: 43_200,
            sessions_max: 1_024,
            user_failures_max: 5,
            address_failures_max: 20,
            lockout_seconds: 300,
            lockout_entries_max: 4_096,
            password_checks_max: 2,
            body_bytes_max: 128 * 1024,
            request_timeout_seconds: 15,
            search_timeout_seconds: 60,
            searches_max: 4,
            search_wait_seconds: 10,
            search_rows_max: 10_000,
            connections_max: 512,
            idle_timeout_seconds: 75,
        }
    }
}

impl ConsoleConfig {
    pub(crate) const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }

    pub(crate) const fn search_timeout(&self) -> Duration {
        Duration::from_secs(self.search_timeout_seconds)
    }

    pub(crate) const fn search_wait(&self) -> Duration {
        Duration::from_secs(self.search_wait_seconds)
    }

    pub(crate) const fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }
}
