//! A listener's address as the configuration writes it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// An address with a port, or `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddress(Option<SocketAddr>);

impl ListenAddress {
    /// No listener.
    pub const OFF: Self = Self(None);

    /// A listener on `address`; port 0 takes a free one.
    pub const fn on(address: SocketAddr) -> Self {
        Self(Some(address))
    }

    /// The address, unless it is off.
    pub const fn get(self) -> Option<SocketAddr> {
        self.0
    }
}

/// A text that is neither an address nor `off`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither an address with a port, such as `0.0.0.0:8883`, nor `off`")]
pub struct InvalidListenAddress(String);

impl TryFrom<String> for ListenAddress {
    type Error = InvalidListenAddress;

    fn try_from(text: String) -> Result<Self, InvalidListenAddress> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        text.parse().map(Self::on).map_err(|_| InvalidListenAddress(text))
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> Self {
        address.0.map_or_else(|| "off".to_owned(), |address| address.to_string())
    }
}
