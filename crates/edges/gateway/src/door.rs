//! One listener: its rules, and how its clients prove who they are.

use std::net::SocketAddr;
use std::sync::Arc;

use picket_core::Secret;
use rustls::ServerConfig;
use subtle::ConstantTimeEq as _;

use crate::rules::Rules;

/// How clients prove who they are.
pub(crate) enum Proof {
    /// By certificate, in the TLS handshake. `serves_http`: unless ALPN says MQTT it is HTTP, which
    /// needs no certificate.
    Tls { config: Arc<ServerConfig>, serves_http: bool },
    /// By `user:password`.
    Password(Secret),
    /// Not at all.
    None,
}

pub(crate) struct Door {
    /// `mqtt`, `alpn` or `plaintext`.
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) rules: Rules,
    pub(crate) proof: Proof,
    pub(crate) deny_subscribe: Arc<[String]>,
}

impl Door {
    /// The user a plaintext client is, or `None` if its user name and password are wrong.
    pub(crate) fn user(&self, user: Option<&str>, password: Option<&[u8]>) -> Option<String> {
        match &self.proof {
            Proof::Tls { .. } => None,
            Proof::None => Some(user.unwrap_or("anonymous").to_owned()),
            Proof::Password(pair) => {
                let user = user?;
                let given = [user.as_bytes(), b":", password.unwrap_or_default()].concat();
                let is_right = given.ct_eq(pair.expose().as_bytes());
                bool::from(is_right).then(|| user.to_owned())
            }
        }
    }
}
