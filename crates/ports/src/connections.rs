//! Who is connected, who was, and what each client is subscribed to: for iot-data's connection
//! operations and for the console (spec iot-core §2.10, §3.8).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Message;

/// What carries a connection's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP without TLS.
    #[default]
    Plain,
    /// TLS.
    Tls,
    /// WebSocket inside TLS.
    WebSocket,
}

/// What the front door knows of a connection besides its client id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConnectionFacts {
    /// The peer's address.
    pub source: Option<SocketAddr>,
    /// Our address, as the peer reached it.
    pub target: Option<SocketAddr>,
    /// What carries the packets.
    pub transport: Transport,
    /// The keep-alive that holds, in seconds; 0 is none.
    pub keep_alive_seconds: u16,
    /// The thing the connection stands for.
    pub thing: Option<Arc<str>>,
    /// The certificate id, the identity behind an access key, or the user name.
    pub principal: Arc<str>,
    /// The session identifier of the connection's lifecycle events.
    pub session_identifier: Arc<str>,
}

/// Why a connection ended, by AWS's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisconnectReason {
    /// Authentication or authorization failed.
    AuthError,
    /// DISCONNECT, or a close frame on a WebSocket.
    ClientInitiatedDisconnect,
    /// The client broke the protocol or a limit.
    ClientError,
    /// The socket died.
    ConnectionLost,
    /// A newer connection has the client id.
    DuplicateClientid,
    /// Not allowed, an address for example.
    ForbiddenAccess,
    /// Nothing came for one and a half keep-alive times.
    MqttKeepAliveTimeout,
    /// A part of the server failed.
    ServerError,
    /// The server stops.
    ServerInitiatedDisconnect,
    /// DeleteConnection.
    ApiInitiatedDisconnect,
    /// A rate limit.
    Throttled,
    /// A WebSocket has lived for as long as it may.
    WebsocketTtlExpiration,
    /// A custom authorizer's permission has run out.
    CustomauthTtlExpiration,
}

impl DisconnectReason {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::AuthError,
        Self::ClientInitiatedDisconnect,
        Self::ClientError,
        Self::ConnectionLost,
        Self::DuplicateClientid,
        Self::ForbiddenAccess,
        Self::MqttKeepAliveTimeout,
        Self::ServerError,
        Self::ServerInitiatedDisconnect,
        Self::ApiInitiatedDisconnect,
        Self::Throttled,
        Self::WebsocketTtlExpiration,
        Self::CustomauthTtlExpiration,
    ];

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
    }

    /// The name in lifecycle events and in GetConnection.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthError => "AUTH_ERROR",
            Self::ClientInitiatedDisconnect => "CLIENT_INITIATED_DISCONNECT",
            Self::ClientError => "CLIENT_ERROR",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::DuplicateClientid => "DUPLICATE_CLIENTID",
            Self::ForbiddenAccess => "FORBIDDEN_ACCESS",
            Self::MqttKeepAliveTimeout => "MQTT_KEEP_ALIVE_TIMEOUT",
            Self::ServerError => "SERVER_ERROR",
            Self::ServerInitiatedDisconnect => "SERVER_INITIATED_DISCONNECT",
            Self::ApiInitiatedDisconnect => "API_INITIATED_DISCONNECT",
            Self::Throttled => "THROTTLED",
            Self::WebsocketTtlExpiration => "WEBSOCKET_TTL_EXPIRATION",
            Self::CustomauthTtlExpiration => "CUSTOMAUTH_TTL_EXPIRATION",
        }
    }
}

/// The end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disconnected {
    /// When.
    pub since: Timestamp,
    /// Why.
    pub reason: DisconnectReason,
}

/// A client that is connected, has a session, or was connected in the last half hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The client id.
    pub client_id: Arc<str>,
    /// Of the present connection, else of the last one.
    pub facts: ConnectionFacts,
    /// When that connection began.
    pub connected_since: Timestamp,
    /// Absent while connected.
    pub disconnected: Option<Disconnected>,
    /// Whether the CONNECT asked for a new session.
    pub clean_session: bool,
    /// 4 for MQTT 3.1.1, 5 for MQTT 5.
    pub protocol_level: u8,
    /// How long the session outlives the connection, in seconds; `u32::MAX` is for ever.
    pub session_expiry_seconds: u32,
    /// When the session ends if the client stays away; absent while connected, without a session, or
    /// if it never does.
    pub session_ends: Option<Timestamp>,
    /// Filters subscribed to.
    pub subscriptions: usize,
    /// Messages waiting to be sent.
    pub queued: usize,
    /// Messages sent and not acknowledged.
    pub in_flight: usize,
    /// Bytes of both.
    pub queue_bytes: usize,
}

impl Connection {
    /// Whether the client is connected now.
    pub fn is_connected(&self) -> bool {
        self.disconnected.is_none()
    }
}

/// One subscription of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionEntry {
    /// The filter as sent, `$share/…` included.
    pub filter: Arc<str>,
    /// Highest QoS of copies.
    pub qos: u8,
}

/// Which connections a listing shows. All conditions must hold; the default shows all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// Only those connected, or only those not.
    pub connected: Option<bool>,
    /// A part of the client id or of the thing's name.
    pub text: Option<String>,
    /// Exactly this thing.
    pub thing: Option<String>,
    /// Exactly this principal.
    pub principal: Option<String>,
}

/// A page of connections in the order of client ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionPage {
    /// Fewer than asked for, even none, does not mean that it is the last page.
    pub connections: Vec<Connection>,
    /// The client id to go on after; absent on the last page.
    pub next: Option<String>,
}

/// How a session is to be ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndConnection {
    /// Also throw the session away.
    pub clean_session: bool,
    /// Do not publish the will.
    pub prevent_will: bool,
}

/// Why an operation on a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionsError {
    /// Neither connected nor known.
    #[error("client `{client_id}` has no connection and no session")]
    NoSuchClient {
        /// The client id.
        client_id: String,
    },
    /// The change could not be stored.
    #[error("the end of the session of client `{client_id}` could not be stored")]
    NotStored {
        /// The client id.
        client_id: String,
    },
}

impl Classified for ConnectionsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchClient { .. } => ErrorCode::NotFound,
            Self::NotStored { .. } => ErrorCode::Unavailable,
        }
    }
}

/// Why a message to one client has not reached it.
#[derive(Debug, thiserror::Error)]
pub enum DirectMessageError {
    /// Nobody is connected with this client id.
    #[error("client `{client_id}` is not connected")]
    NotConnected {
        /// The client id.
        client_id: String,
    },
    /// The rights of the receiver do not let it have the message.
    #[error("client `{client_id}` is not allowed to receive topic `{topic}`")]
    ReceiveDenied {
        /// The client id.
        client_id: String,
        /// The topic.
        topic: String,
    },
    /// It does not fit into what the receiver takes.
    #[error("the message is larger than the packets that client `{client_id}` takes")]
    TooLarge {
        /// The client id.
        client_id: String,
    },
    /// There is no room for it.
    #[error("too much waits for client `{client_id}` already ({reason})")]
    Full {
        /// The client id.
        client_id: String,
        /// Which limit, by its name in the account book.
        reason: &'static str,
    },
    /// The receiver left before it got it.
    #[error("client `{client_id}` left before it got the message")]
    Left {
        /// The client id.
        client_id: String,
    },
    /// The receiver has not acknowledged it in time.
    #[error("client `{client_id}` has not confirmed the message within {seconds} s")]
    NotConfirmed {
        /// The client id.
        client_id: String,
        /// How long it had.
        seconds: u64,
    },
}

/// Looks at connections, ends them, and sends single clients something. Implemented by the broker.
#[async_trait]
pub trait Connections: std::fmt::Debug + Send + Sync {
    /// The client's present connection, kept session, or last connection if it ended in the last half
    /// hour.
    async fn connection(&self, client_id: &str) -> Option<Connection>;

    /// Up to `page_max` connections that fit `filter`, whose client id comes after `after`.
    async fn connections(
        &self,
        filter: &ConnectionFilter,
        after: Option<&str>,
        page_max: usize,
    ) -> ConnectionPage;

    /// Connected clients, and sessions kept for clients that are not.
    async fn connection_counts(&self) -> ConnectionCounts;

    /// All subscriptions of the client in the order of filters; `None` if it has no session.
    async fn subscriptions(&self, client_id: &str) -> Option<Vec<SubscriptionEntry>>;

    /// Cuts the client's connection as API_INITIATED_DISCONNECT and, if asked, throws its session
    /// away. Resolves when the session is detached and the change is stored; the socket closes at once
    /// after.
    async fn end_connection(
        &self,
        client_id: &str,
        how: EndConnection,
    ) -> Result<(), ConnectionsError>;

    /// Sends `message` to the client if it is connected, whatever it is subscribed to; nobody else gets
    /// it. With QoS 0 this resolves once the message is handed to the connection, or after `patience`.
    /// With QoS 1 it resolves when the client has acknowledged it, and after `patience` that is an
    /// error: the message may still arrive.
    async fn send_direct(
        &self,
        client_id: &str,
        message: Message,
        patience: Duration,
    ) -> Result<(), DirectMessageError>;
}

/// How many clients there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ConnectionCounts {
    /// Connected now.
    pub connected: usize,
    /// Sessions without a connection.
    pub kept: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_found_by_the_name_that_events_and_json_use() {
        for reason in DisconnectReason::ALL {
            assert_eq!(DisconnectReason::from_name(reason.as_str()), Some(*reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), serde_json::json!(reason.as_str()));
        }
    }
}
