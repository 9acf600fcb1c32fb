//! Why a session's connection ended (spec iot-core §3.8).

use std::borrow::Cow;

use picket_ports::connections::DisconnectReason;

/// The end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) reason: DisconnectReason,
    /// The same for people, where there is more to say.
    pub(crate) detail: Option<Cow<'static, str>>,
    pub(crate) parting: Parting,
}

/// What becomes of will and session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    /// The will is published.
    WithWill,
    /// The client left by DISCONNECT, as it wished.
    ByClient { with_will: bool, expiry_seconds: Option<u32> },
}

impl End {
    /// Not by the client's wish, and there is nothing more to say.
    pub(crate) const fn plain(reason: DisconnectReason) -> Self {
        Self { reason, detail: None, parting: Parting::WithWill }
    }

    pub(crate) const fn because(reason: DisconnectReason, detail: Cow<'static, str>) -> Self {
        Self { reason, detail: Some(detail), parting: Parting::WithWill }
    }

    /// The client said goodbye.
    pub(crate) const fn by_client(with_will: bool, expiry_seconds: Option<u32>) -> Self {
        Self {
            reason: DisconnectReason::ClientInitiatedDisconnect,
            detail: None,
            parting: Parting::ByClient { with_will, expiry_seconds },
        }
    }

    /// Whether the connection was taken from the client from outside: then nothing may hold its end up.
    pub(crate) fn is_withdrawal(&self) -> bool {
        let reason = self.reason;
        matches!(
            reason,
            DisconnectReason::AuthError
                | DisconnectReason::ForbiddenAccess
                | DisconnectReason::ApiInitiatedDisconnect
        )
    }

    /// Whether the client has gone, so that there is nobody to say a last word to.
    pub(crate) fn is_by_peer(&self) -> bool {
        let reason = self.reason;
        matches!(
            reason,
            DisconnectReason::ConnectionLost | DisconnectReason::ClientInitiatedDisconnect
        )
    }
}
