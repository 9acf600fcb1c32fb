//! Why a session's connection ended (spec iot-core §3.8).

use picket_ports::connections::DisconnectReason;

/// The reason, as lifecycle events name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// DISCONNECT.
    Client { with_will: bool, expiry_seconds: Option<u32> },
    /// The socket died, or the peer does not read.
    Lost,
    /// Nothing came for one and a half keep-alive times.
    KeepAlive,
    /// A newer connection has the client id.
    TakenOver,
    /// The client broke the protocol or a limit.
    ClientError,
    /// A request was denied in a way that ends the connection, or the certificate is not active.
    AuthError,
    /// The server stops.
    ServerStops,
    /// A part of the server failed.
    ServerError,
}

impl End {
    pub(crate) const fn reason(self) -> DisconnectReason {
        match self {
            Self::Client { .. } => DisconnectReason::ClientInitiatedDisconnect,
            Self::Lost => DisconnectReason::ConnectionLost,
            Self::KeepAlive => DisconnectReason::MqttKeepAliveTimeout,
            Self::TakenOver => DisconnectReason::DuplicateClientid,
            Self::ClientError => DisconnectReason::ClientError,
            Self::AuthError => DisconnectReason::AuthError,
            Self::ServerStops => DisconnectReason::ServerInitiatedDisconnect,
            Self::ServerError => DisconnectReason::ServerError,
        }
    }
}
