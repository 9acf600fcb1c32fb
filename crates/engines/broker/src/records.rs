//! The stored forms of sessions and retained messages, and their keys.
//!
//! Every record begins with the number of its form, so that a later Picket reads what this one wrote. Keys
//! are one letter, the session's number and the part's number; texts never stand in keys, since a topic
//! can be longer than a key may be.

mod message;

use std::sync::Arc;

use picket_core::Timestamp;
use picket_ports::connections::{ConnectionFacts, DisconnectReason, Disconnected, Transport};
use picket_session::{Dialect, Window};
use serde::{Deserialize, Serialize};

use crate::attachment::SubscribeOptions;
use crate::broker::Will;
use crate::records::message::MessageForm;

/// Which table a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    /// One for each session.
    Sessions = b's',
    /// One for each subscription of a session.
    Filters = b'f',
    /// One for each message in a session's queue or window.
    Copies = b'm',
    /// At most one for each session.
    Windows = b'w',
    /// One for each topic.
    Retained = b'r',
}

impl Table {
    pub(crate) const fn prefix(self) -> [u8; 1] {
        [self as u8]
    }

    /// The key of part `part` of `owner`. Parts are in order.
    pub(crate) fn key(self, owner: u64, part: u64) -> [u8; 17] {
        let mut key = [0; 17];
        key[0] = self as u8;
        key[1..9].copy_from_slice(&owner.to_be_bytes());
        key[9..].copy_from_slice(&part.to_be_bytes());
        key
    }
}

/// Owner and part of a key.
pub(crate) fn parse_key(key: &[u8]) -> Option<(u64, u64)> {
    let (_table, rest) = key.split_first()?;
    let (owner, part) = rest.split_at_checked(8)?;
    Some((u64::from_be_bytes(owner.try_into().ok()?), u64::from_be_bytes(part.try_into().ok()?)))
}

/// A stored form: written in its newest version, read in every one.
pub(crate) trait Record: Sized {
    type Form: Serialize + for<'de> Deserialize<'de>;
    fn to_form(&self) -> Self::Form;
    fn from_form(form: Self::Form) -> Self;

    fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(&self.to_form())
    }

    fn decode(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes).map(Self::from_form)
    }
}

/// A session without its messages and subscriptions.
#[derive(Debug, Clone)]
pub(crate) struct SessionRecord {
    pub(crate) client_id: Arc<str>,
    pub(crate) protocol_level: u8,
    pub(crate) clean_session: bool,
    pub(crate) expiry_seconds: u32,
    pub(crate) generation: u64,
    pub(crate) connected_since: Timestamp,
    pub(crate) disconnected: Option<Disconnected>,
    /// Due its delay after the connection ended.
    pub(crate) will: Option<Will>,
    pub(crate) facts: ConnectionFacts,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SessionForm {
    V1 {
        client_id: Arc<str>,
        protocol_level: u8,
        clean_session: bool,
        expiry_seconds: u32,
        generation: u64,
        connected_since: Timestamp,
        disconnected: Option<(Timestamp, String)>,
        will: Option<(MessageForm, u32)>,
        facts: FactsForm,
    },
}

impl Record for SessionRecord {
    type Form = SessionForm;

    fn to_form(&self) -> SessionForm {
        let this = self.clone();
        let ended = |end: Disconnected| (end.since, end.reason.as_str().to_owned());
        SessionForm::V1 {
            client_id: this.client_id,
            protocol_level: this.protocol_level,
            clean_session: this.clean_session,
            expiry_seconds: this.expiry_seconds,
            generation: this.generation,
            connected_since: this.connected_since,
            disconnected: this.disconnected.map(ended),
            will: this.will.map(|will| (MessageForm::of(&will.message), will.delay_seconds)),
            facts: FactsForm::of(this.facts),
        }
    }

    fn from_form(form: SessionForm) -> Self {
        let SessionForm::V1 {
            client_id,
            protocol_level,
            clean_session,
            expiry_seconds,
            generation,
            connected_since,
            disconnected,
            will,
            facts,
        } = form;
        let ended = |(since, reason): (Timestamp, String)| {
            // A name that a later version gave.
            let reason = DisconnectReason::from_name(&reason);
            Disconnected { since, reason: reason.unwrap_or(DisconnectReason::ConnectionLost) }
        };
        let will = will.map(|(message, delay_seconds)| Will {
            message: message.into_message(),
            delay_seconds,
        });
        Self {
            client_id,
            protocol_level,
            clean_session,
            expiry_seconds,
            generation,
            connected_since,
            disconnected: disconnected.map(ended),
            will,
            facts: facts.into_facts(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FactsForm {
    source: Option<std::net::SocketAddr>,
    target: Option<std::net::SocketAddr>,
    /// 0 plain, 1 TLS, 2 WebSocket.
    transport: u8,
    keep_alive_seconds: u16,
    thing: Option<Arc<str>>,
    principal: Arc<str>,
    session_identifier: Arc<str>,
}

impl FactsForm {
    fn of(facts: ConnectionFacts) -> Self {
        let ConnectionFacts {
            source,
            target,
            transport,
            keep_alive_seconds,
            thing,
            principal,
            session_identifier,
        } = facts;
        let transport = match transport {
            Transport::Plain => 0,
            Transport::Tls => 1,
            Transport::WebSocket => 2,
        };
        Self { source, target, transport, keep_alive_seconds, thing, principal, session_identifier }
    }

    fn into_facts(self) -> ConnectionFacts {
        ConnectionFacts {
            source: self.source,
            target: self.target,
            transport: match self.transport {
                1 => Transport::Tls,
                2 => Transport::WebSocket,
                _ => Transport::Plain,
            },
            keep_alive_seconds: self.keep_alive_seconds,
            thing: self.thing,
            principal: self.principal,
            session_identifier: self.session_identifier,
        }
    }
}

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterRecord {
    pub(crate) filter: Box<str>,
    pub(crate) options: SubscribeOptions,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FilterForm {
    V1 {
        filter: Box<str>,
        qos: u8,
        no_local: bool,
        retain_as_published: bool,
        retain_handling: u8,
        id: Option<u32>,
        is_standard: bool,
    },
}

impl Record for FilterRecord {
    type Form = FilterForm;

    fn to_form(&self) -> FilterForm {
        let SubscribeOptions { qos, no_local, retain_as_published, retain_handling, id, dialect } =
            self.options;
        FilterForm::V1 {
            filter: self.filter.clone(),
            qos,
            no_local,
            retain_as_published,
            retain_handling,
            id,
            is_standard: dialect == Dialect::Standard,
        }
    }

    fn from_form(form: FilterForm) -> Self {
        let FilterForm::V1 {
            filter,
            qos,
            no_local,
            retain_as_published,
            retain_handling,
            id,
            is_standard,
        } = form;
        let dialect = if is_standard { Dialect::Standard } else { Dialect::Aws };
        let options =
            SubscribeOptions { qos, no_local, retain_as_published, retain_handling, id, dialect };
        Self { filter, options }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WindowForm {
    V1 { flights: Vec<(u16, u64, bool)>, incoming: Vec<u16>, last_packet_id: u16 },
}

impl Record for Window {
    type Form = WindowForm;

    fn to_form(&self) -> WindowForm {
        let Self { flights, incoming, last_packet_id } = self.clone();
        WindowForm::V1 { flights, incoming, last_packet_id }
    }

    fn from_form(form: WindowForm) -> Self {
        let WindowForm::V1 { flights, incoming, last_packet_id } = form;
        Self { flights, incoming, last_packet_id }
    }
}

#[cfg(test)]
mod tests;
