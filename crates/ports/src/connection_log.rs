//! Who came to the front door, who left, and who was turned away: for the console's connection log.

use std::net::IpAddr;
use std::sync::Arc;

use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionEventKind {
    /// The client was let in.
    Connected,
    /// A client that had been let in is gone.
    Disconnected,
    /// The peer was not let in.
    Refused,
}

/// One line of the connection log. What was not known at that point is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionEvent {
    /// Counts events since the server's start.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// What happened.
    pub kind: ConnectionEventKind,
    /// The client id, as sent: not to be trusted.
    pub client_id: Option<Arc<str>>,
    /// The thing the client stands for.
    pub thing: Option<Arc<str>>,
    /// The certificate id, the identity behind an access key, or the user name.
    pub principal: Option<Arc<str>>,
    /// Where the peer is.
    pub address: IpAddr,
    /// Why it left or was refused: an AWS disconnect reason, or the name of one of the front door's
    /// counters of refusals.
    pub reason: Option<&'static str>,
    /// The same for people, in a sentence.
    pub detail: Option<Arc<str>>,
    /// For example `MQTT 5` or `MQTT 3.1.1 over WebSocket`.
    pub protocol: Option<&'static str>,
    /// For example `TLS 1.3`.
    pub tls: Option<&'static str>,
    /// The listener it came to: `mqtt`, `alpn` or `plaintext`.
    pub listener: &'static str,
}

/// Which events are wanted. All conditions must hold; the default wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionLogFilter {
    /// Only those with a lower number: the way to the next page.
    pub before: Option<u64>,
    /// Exactly this client id.
    pub client_id: Option<String>,
    /// Exactly this thing.
    pub thing: Option<String>,
    /// Exactly this principal.
    pub principal: Option<String>,
    /// From this address.
    pub address: Option<IpAddr>,
    /// Only these.
    pub kind: Option<ConnectionEventKind>,
    /// With this reason.
    pub reason: Option<String>,
    /// A part of the client id, of the thing's name or of the principal.
    pub text: Option<String>,
}

impl ConnectionLogFilter {
    /// Whether `event` is wanted.
    pub fn admits(&self, event: &ConnectionEvent) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let named = [&event.client_id, &event.thing, &event.principal];
        let holds = |part: &String| named.into_iter().flatten().any(|name| name.contains(&**part));
        self.before.is_none_or(|before| event.number < before)
            && is(&self.client_id, event.client_id.as_deref())
            && is(&self.thing, event.thing.as_deref())
            && is(&self.principal, event.principal.as_deref())
            && is(&self.reason, event.reason)
            && self.address.is_none_or(|address| event.address == address)
            && self.kind.is_none_or(|kind| event.kind == kind)
            && self.text.as_ref().is_none_or(holds)
    }
}

/// Remembers a bounded number of events. Implemented by the gateway.
pub trait ConnectionLog: std::fmt::Debug + Send + Sync {
    /// The newest events that `filter` wants, newest first, `rows_max` at most.
    fn recent(&self, filter: &ConnectionLogFilter, rows_max: usize) -> Vec<ConnectionEvent>;

    /// The newest event of a client, which is remembered longer than the rest.
    fn last(&self, client_id: &str) -> Option<ConnectionEvent>;
}
