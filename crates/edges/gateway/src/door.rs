//! One listener: its rules, and how its clients prove who they are.

use std::net::SocketAddr;
use std::sync::Arc;

use picket_core::Secret;
use rustls::ServerConfig;
use subtle::ConstantTimeEq as _;
use tokio_rustls::TlsAcceptor;

use crate::rules::Rules;

/// How clients prove who they are.
pub(crate) enum Proof {
    /// By certificate, in the TLS handshake. `needs_alpn`: only with our ALPN protocol.
    Certificate { acceptor: TlsAcceptor, needs_alpn: bool },
    /// By `user:password`.
    Password(Secret),
    /// Not at all.
    None,
}

pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) rules: Rules,
    pub(crate) proof: Proof,
    pub(crate) deny_subscribe: Arc<[String]>,
}

impl Door {
    pub(crate) fn tls(
        address: SocketAddr,
        rules: Rules,
        config: Arc<ServerConfig>,
        needs_alpn: bool,
    ) -> Self {
        let proof = Proof::Certificate { acceptor: TlsAcceptor::from(config), needs_alpn };
        Self { address, rules, proof, deny_subscribe: Arc::default() }
    }

    /// The user a plaintext client is, or `None` if its user name and password are wrong.
    pub(crate) fn user(&self, user: Option<&str>, password: Option<&[u8]>) -> Option<String> {
        match &self.proof {
            Proof::Certificate { .. } => None,
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
