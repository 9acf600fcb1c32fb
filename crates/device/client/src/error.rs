//! Why a connection could not be made or used.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use picket_core::{Classified, ErrorCode};

use crate::identity::IdentityError;
use crate::options::Endpoint;
use crate::refusal::Refusal;
use crate::session::SessionError;

/// A failure of a client connection. Except for [`ClientError::PublishRefused`],
/// [`ClientError::SubscribeRefused`] and invalid arguments, the connection is of no further use.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The certificate, key or CA cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The host name has no address.
    #[error("`{host}` has no address: {cause}")]
    Resolve {
        /// The host.
        host: String,
        /// The resolver's words.
        cause: String,
    },
    /// No TCP connection.
    #[error("could not connect to {endpoint}: {cause}")]
    Connect {
        /// Where to.
        endpoint: Endpoint,
        /// The system's words.
        cause: io::Error,
    },
    /// The server's certificate did not convince us.
    #[error(
        "the certificate of {endpoint} is not trusted: {cause}; check the CA file and the host name"
    )]
    ServerNotTrusted {
        /// Where to.
        endpoint: Endpoint,
        /// What the verifier says.
        cause: rustls::Error,
    },
    /// The server refused our certificate, or TLS failed otherwise.
    #[error("TLS with {endpoint} failed: {cause}{hint}")]
    Tls {
        /// Where to.
        endpoint: Endpoint,
        /// What TLS says.
        cause: String,
        /// What to look at, beginning with `; `; may be empty.
        hint: &'static str,
        /// Whether the server refused our certificate.
        certificate_refused: bool,
    },
    /// CONNACK said no.
    #[error("{endpoint} refused the connection as client `{client_id}`: {refusal}")]
    ConnectRefused {
        /// Where to.
        endpoint: Endpoint,
        /// The client id we presented.
        client_id: String,
        /// The reason.
        refusal: Refusal,
    },
    /// PUBACK said no. The connection lives on.
    #[error("the publish on `{topic}` was refused: {refusal}")]
    PublishRefused {
        /// The topic.
        topic: String,
        /// The reason.
        refusal: Refusal,
    },
    /// SUBACK said no. The connection lives on.
    #[error("the subscription to `{filter}` was refused: {refusal}")]
    SubscribeRefused {
        /// The topic filter.
        filter: String,
        /// The reason.
        refusal: Refusal,
    },
    /// An answer did not come.
    #[error("no {what} from {endpoint} within {after:?}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// From where.
        endpoint: Endpoint,
        /// For how long.
        after: Duration,
    },
    /// The server closed the connection.
    #[error("{endpoint} closed the connection while waiting for {what}: {reason}")]
    Closed {
        /// From where.
        endpoint: Endpoint,
        /// What was waited for.
        what: &'static str,
        /// The server's reason, or that it gave none.
        reason: String,
    },
    /// The socket failed.
    #[error("the connection to {endpoint} broke: {cause}")]
    Broken {
        /// Where to.
        endpoint: Endpoint,
        /// The system's words.
        cause: io::Error,
    },
    /// The connection had ended before, for this reason.
    #[error("{0}")]
    Ended(Arc<ClientError>),
    /// The session cannot do it.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl ClientError {
    /// Whether the server knows us and does not let us.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::ConnectRefused { refusal, .. }
            | Self::PublishRefused { refusal, .. }
            | Self::SubscribeRefused { refusal, .. } => refusal.is_denied(),
            Self::Tls { certificate_refused, .. } => *certificate_refused,
            Self::Ended(cause) => cause.is_denied(),
            _ => false,
        }
    }

    /// The server hung up while we waited for `what`.
    pub(crate) fn closed(
        endpoint: &Endpoint,
        what: &'static str,
        reason: Option<&Refusal>,
    ) -> Self {
        let reason = reason.map_or_else(|| "it gave no reason".to_owned(), ToString::to_string);
        Self::Closed { endpoint: endpoint.clone(), what, reason }
    }

    /// Sorts an error of TLS input or output.
    pub(crate) fn from_tls(endpoint: &Endpoint, error: io::Error) -> Self {
        let endpoint = endpoint.clone();
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidCertificate(_)) => {
                let cause = inner.cloned().unwrap_or(rustls::Error::DecryptError);
                Self::ServerNotTrusted { endpoint, cause }
            }
            Some(rustls::Error::AlertReceived(alert)) => {
                let certificate_refused = concerns_certificate(*alert);
                let hint = if certificate_refused {
                    "; the server does not accept our certificate: it may be unknown, inactive, \
                     revoked or expired there"
                } else {
                    ""
                };
                let cause = format!("the server sent alert {alert:?}");
                Self::Tls { endpoint, cause, hint, certificate_refused }
            }
            Some(other) => {
                let cause = other.to_string();
                Self::Tls { endpoint, cause, hint: "", certificate_refused: false }
            }
            None => Self::Broken { endpoint, cause: error },
        }
    }
}

fn concerns_certificate(alert: rustls::AlertDescription) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::AccessDenied
            // Our proof of possession, or a CA's signature on our certificate, does not hold.
            | Alert::DecryptError
    )
}

impl Classified for ClientError {
    fn code(&self) -> ErrorCode {
        if self.is_denied() {
            return ErrorCode::Forbidden;
        }
        match self {
            Self::Identity(_) | Self::Session(SessionError::Invalid { .. }) => ErrorCode::Invalid,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::Ended(cause) => cause.code(),
            _ => ErrorCode::Unavailable,
        }
    }
}
