//! The log of what devices do at the front door, for operators who have switched it on (spec iot-core §2.8).

use std::net::SocketAddr;

use picket_core::Timestamp;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IotEvent {
    /// A CONNECT.
    Connect,
    /// The end of a connection.
    Disconnect,
    /// A message of a client.
    PublishIn,
    /// A message to a client.
    PublishOut,
    /// One filter of a SUBSCRIBE.
    Subscribe,
}

impl IotEvent {
    /// AWS's name, which event configurations use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "Connect",
            Self::Disconnect => "Disconnect",
            Self::PublishIn => "Publish-In",
            Self::PublishOut => "Publish-Out",
            Self::Subscribe => "Subscribe",
        }
    }
}

/// One line of the log. What is not known or has no meaning is absent.
#[derive(Debug, Clone, Copy)]
pub struct IotRecord<'a> {
    /// What happened.
    pub event: IotEvent,
    /// When.
    pub time: Timestamp,
    /// `MQTT` or `HTTP`.
    pub protocol: &'static str,
    /// The client id, as sent: not to be trusted.
    pub client_id: Option<&'a str>,
    /// The thing the client stands for.
    pub thing: Option<&'a str>,
    /// The certificate id, the identity behind an access key, or the user name.
    pub principal: Option<&'a str>,
    /// Where the peer is.
    pub source: SocketAddr,
    /// The topic or topic filter.
    pub topic: Option<&'a str>,
    /// Whether the message was to be retained.
    pub retain: Option<bool>,
    /// Why the connection ended.
    pub disconnect_reason: Option<&'a str>,
    /// What went wrong: the reason, for example `AUTHORIZATION_FAILURE`, and a sentence.
    pub failure: Option<(&'a str, &'a str)>,
}

/// Takes the lines. Never blocks.
pub trait IotLog: std::fmt::Debug + Send + Sync {
    /// Whether anything is logged at all. Cheap: asked for every message.
    fn is_on(&self) -> bool;

    /// Writes a line, if its level is wanted for its event and for whom it is about.
    fn write(&self, record: &IotRecord<'_>);

    /// Lines that were wanted and are not there, since the start.
    fn dropped(&self) -> u64;
}
