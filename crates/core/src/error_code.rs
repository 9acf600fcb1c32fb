//! What kind of failure an error is, without its details.

/// The kind of a failure. Each edge maps these to its own protocol (HTTP status, AWS exception, HEC
/// code, MQTT reason code, exit code) in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The named thing does not exist.
    NotFound,
    /// A thing with that name exists already.
    AlreadyExists,
    /// The input is malformed or breaks a rule.
    Invalid,
    /// The input was right but the state has moved on (version conflict).
    Conflict,
    /// Nobody has proven who they are.
    Unauthenticated,
    /// The caller is known but may not do this.
    Forbidden,
    /// Too often; later is fine.
    Throttled,
    /// A quota is used up.
    LimitExceeded,
    /// A part this needs is not working at the moment.
    Unavailable,
    /// It took too long.
    Timeout,
    /// A fault of ours.
    Internal,
}

impl ErrorCode {
    /// True where the fault is on the server's side and the message must not carry internals.
    pub const fn is_server_fault(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::Internal)
    }
}

/// An error that knows its kind and what may be told to an outsider.
pub trait Classified: std::error::Error {
    /// The kind of this failure.
    fn code(&self) -> ErrorCode;

    /// The text an outside caller gets: the error's own words, or a fixed text for server faults.
    fn public_message(&self) -> String {
        if self.code().is_server_fault() {
            "the service could not complete the request; try again later".to_owned()
        } else {
            self.to_string()
        }
    }
}
