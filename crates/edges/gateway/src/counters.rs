//! What the gateway counts of itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde::Serialize;

/// Why a connection did not become a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Too many connections in all.
    ConnectionsMax,
    /// Too many from this address.
    PerAddressMax,
    /// The TLS handshake failed or took too long.
    Handshake,
    /// The certificate is not registered.
    UnknownCertificate,
    /// The certificate is registered and not ACTIVE.
    InactiveCertificate,
    /// The certificate is past its end of validity.
    ExpiredCertificate,
    /// An MQTT client came without a certificate.
    NoCertificate,
    /// The certificate introduced itself, or is PENDING_ACTIVATION.
    JustInTime,
    /// The client asked the ALPN port for a protocol that is not served.
    Alpn,
    /// A WebSocket's request was malformed or for something else.
    WebSocket,
    /// A WebSocket's request had neither a certificate nor a good signature.
    Signature,
    /// No CONNECT came in time.
    Silent,
    /// The first packet was not a CONNECT that can be read, or was too large.
    MalformedConnect,
    /// The client id may not be used.
    ClientId,
    /// The policies do not allow the CONNECT or its will.
    NotAuthorized,
    /// Wrong user name or password on the plaintext listener.
    BadCredentials,
    /// The client id, or all clients together, connect too often.
    Throttled,
    /// The broker holds too many sessions.
    SessionsMax,
}

impl Refused {
    /// The name, as counters and the connection log have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionsMax => "connections_max",
            Self::PerAddressMax => "per_address_max",
            Self::Handshake => "handshake",
            Self::UnknownCertificate => "unknown_certificate",
            Self::InactiveCertificate => "inactive_certificate",
            Self::ExpiredCertificate => "expired_certificate",
            Self::NoCertificate => "no_certificate",
            Self::JustInTime => "just_in_time",
            Self::Alpn => "alpn",
            Self::WebSocket => "web_socket",
            Self::Signature => "signature",
            Self::Silent => "silent",
            Self::MalformedConnect => "malformed_connect",
            Self::ClientId => "client_id",
            Self::NotAuthorized => "not_authorized",
            Self::BadCredentials => "bad_credentials",
            Self::Throttled => "throttled",
            Self::SessionsMax => "sessions_max",
        }
    }
}

/// The counters at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GatewayCounters {
    /// Connections open now, those without a session included.
    pub open: usize,
    /// Sessions that were let in since the start.
    pub sessions: u64,
    /// Connections refused since the start, by reason.
    pub refused: BTreeMap<Refused, u64>,
    /// Lifecycle events dropped since the start, as their rules or subscribers were too slow.
    pub lifecycle_events_dropped: u64,
    /// Lines of the IoT log that were wanted and are not there, since the start.
    pub iot_log_lines_dropped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    open: AtomicUsize,
    sessions: AtomicU64,
    refused: Mutex<BTreeMap<Refused, u64>>,
    by_address: Mutex<BTreeMap<IpAddr, usize>>,
}

impl Counters {
    pub(crate) fn refused(&self, reason: Refused) {
        *self.refused.lock().entry(reason).or_default() += 1;
    }

    pub(crate) fn session(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters, with those that are kept elsewhere: dropped lifecycle events and lines of the IoT log.
    pub(crate) fn snapshot(
        &self,
        lifecycle_events_dropped: u64,
        iot_log_lines_dropped: u64,
    ) -> GatewayCounters {
        GatewayCounters {
            open: self.open.load(Ordering::Relaxed),
            sessions: self.sessions.load(Ordering::Relaxed),
            refused: self.refused.lock().clone(),
            lifecycle_events_dropped,
            iot_log_lines_dropped,
        }
    }

    /// Counts a connection in if the limits allow it.
    pub(crate) fn admit(&self, from: IpAddr, max: usize, per_address_max: usize) -> bool {
        if self.open.load(Ordering::Relaxed) >= max {
            self.refused(Refused::ConnectionsMax);
            return false;
        }
        let mut by_address = self.by_address.lock();
        let count = by_address.entry(from).or_default();
        if *count >= per_address_max {
            drop(by_address);
            self.refused(Refused::PerAddressMax);
            return false;
        }
        *count += 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Counts a connection out that [`Counters::admit`] counted in.
    pub(crate) fn gone(&self, from: IpAddr) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        let mut by_address = self.by_address.lock();
        if let Some(count) = by_address.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_one_name_everywhere() {
        for refused in [Refused::ConnectionsMax, Refused::JustInTime, Refused::WebSocket] {
            assert_eq!(serde_json::to_value(refused).unwrap(), refused.as_str());
        }
    }
}
