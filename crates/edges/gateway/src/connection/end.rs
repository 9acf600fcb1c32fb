//! Why a session's connection ended (spec iot-core §3.8).

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
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Client { .. } => "CLIENT_INITIATED_DISCONNECT",
            Self::Lost => "CONNECTION_LOST",
            Self::KeepAlive => "MQTT_KEEP_ALIVE_TIMEOUT",
            Self::TakenOver => "DUPLICATE_CLIENTID",
            Self::ClientError => "CLIENT_ERROR",
            Self::AuthError => "AUTH_ERROR",
            Self::ServerStops => "SERVER_INITIATED_DISCONNECT",
            Self::ServerError => "SERVER_ERROR",
        }
    }
}
