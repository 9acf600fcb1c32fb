//! Who is at the other end of an HTTP connection, as the listener knows it.

use std::net::SocketAddr;

use picket_core::CertificateId;

/// Put into a request's extensions by the listener that took the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPeer {
    /// Its address.
    pub address: SocketAddr,
    /// The client certificate whose key it has proven to have; registered and ACTIVE at the time of
    /// the handshake. `None` where none was asked for or given.
    pub certificate: Option<CertificateId>,
}
