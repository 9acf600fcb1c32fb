//! The first packet: a CONNECT that is let in or told why not (spec iot-core §3.1, §3.2, §3.6).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait as _, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode};
use tokio::time::timeout;

use super::applicant::Applicant;
use super::client::Client;
use super::first_packet::{self, First};
use super::incoming::{self, ConnectRequest};
use super::io::Io;
use super::link::Link;
use super::{Peer, connack};
use crate::counters::Refused;
use crate::door::Door;
use crate::live::Control;
use crate::shared::Shared;

/// Why a peer was not let in.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What the client is told, if there is one that understands.
    pub(crate) code: ConnectReasonCode,
    pub(crate) text: Cow<'static, str>,
    pub(crate) counted: Refused,
    /// For the log, as far as it is known.
    pub(crate) client_id: Option<Arc<str>>,
    pub(crate) principal: Option<Arc<str>>,
    pub(crate) protocol: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(
        code: ConnectReasonCode,
        text: impl Into<Cow<'static, str>>,
        counted: Refused,
    ) -> Self {
        let text = text.into();
        Self { code, text, counted, client_id: None, principal: None, protocol: None }
    }

    /// Of a peer that is not spoken to in MQTT.
    pub(crate) fn silent(text: impl Into<Cow<'static, str>>, counted: Refused) -> Self {
        Self::new(ConnectReasonCode::NotAuthorized, text, counted)
    }

    pub(crate) fn of(mut self, principal: Option<Arc<str>>) -> Self {
        self.principal = principal;
        self
    }
}

/// Reads CONNECT and lets the client in, or tells it why not.
pub(super) async fn admit(
    io: &mut Io,
    peer: &Peer,
    door: &Arc<Door>,
    shared: &Arc<Shared>,
    control: &Arc<Control>,
) -> Result<Box<Client>, Refusal> {
    let malformed = |text: &'static str| Refusal::silent(text, Refused::MalformedConnect);
    let limit = Duration::from_millis(shared.config.connect_timeout_ms);
    let bytes_max = shared.config.connect_bytes_max;
    let length = match timeout(limit, first_packet(io, bytes_max)).await {
        Ok(First::Connect(length)) => length,
        Ok(First::Malformed) => return Err(malformed("the first packet is no CONNECT")),
        Ok(First::TooLarge(bytes)) => return Err(refuse_size(io, bytes, bytes_max).await),
        Ok(First::Incomplete) | Err(_) => {
            return Err(Refusal::silent("no CONNECT came in time", Refused::Silent));
        }
    };
    let mut link = Link::new(&door.rules);
    let Some(request) = read_connect(io, length, &mut link) else {
        io.has_last_words = !link.output.is_empty();
        write(io, &mut link.output).await;
        return Err(malformed("the CONNECT cannot be read"));
    };
    let (level, wants_reasons) = (request.level, request.wants_reasons);
    let protocol = Some(peer.protocol(level));
    let (certificate, local) = (io.stream().certificate(), io.stream().local_address());
    let applicant = Applicant { request, peer, certificate, local, door, shared };
    let (mut link, refusal) = match applicant.apply(link, control).await {
        Ok(client) => return Ok(client),
        Err(refused) => refused,
    };
    let reason = wants_reasons.then_some(&*refusal.text);
    if let Ok(Some(packet)) = connack::refusal(link.is_v5(), refusal.code, reason)
        && link.send(packet).is_ok()
    {
        io.has_last_words = true;
        write(io, &mut link.output).await;
    }
    Err(Refusal { protocol, ..refusal })
}

/// Tells a client of MQTT 5 that its CONNECT is too large to be read.
async fn refuse_size(io: &mut Io, bytes: usize, bytes_max: usize) -> Refusal {
    let text = format!("the CONNECT has {bytes} bytes; at most {bytes_max} are allowed");
    if first_packet::protocol_level(&io.input) == Some(5)
        && let Ok(connack) = connack::too_large(&text)
    {
        io.has_last_words = true;
        write(io, &mut connack.to_continuous_buffer()).await;
    }
    Refusal::silent(text, Refused::MalformedConnect)
}

async fn write(io: &mut Io, output: &mut Vec<u8>) {
    if let Err(error) = io.write(output, None).await {
        tracing::debug!(%error, "the peer left before it was answered");
    }
}

async fn first_packet(io: &mut Io, bytes_max: usize) -> First {
    loop {
        match first_packet::inspect(&io.input, bytes_max) {
            First::Incomplete => {}
            found => return found,
        }
        if !matches!(io.read().await, Ok(1..)) {
            return First::Incomplete;
        }
    }
}

/// Takes the CONNECT out of the input. What the link has to say about a bad one is in its output.
fn read_connect(io: &mut Io, length: usize, link: &mut Link) -> Option<ConnectRequest> {
    let connect = io.input.get_mut(..length)?;
    if !matches!(first_packet::protocol_level(connect), Some(4 | 5)) {
        let connack = v3_1_1::Connack::builder()
            .session_present(false)
            .return_code(ConnectReturnCode::UnacceptableProtocolVersion);
        link.output.extend(connack.build().ok()?.to_continuous_buffer());
        return None;
    }
    if !first_packet::has_valid_flags(connect) {
        return None;
    }
    let has_zero_alias_maximum = first_packet::raise_zero_alias_maximum(connect);
    let (_, packet) = link.receive(connect);
    io.consume(length);
    // Shorter than announced: there is more in it than fields.
    let packet = packet.filter(|packet| packet.size() == length)?;
    let mut request = incoming::connect(packet)?;
    if has_zero_alias_maximum {
        request.topic_alias_max = 0;
    }
    link.explains = request.wants_reasons;
    Some(request)
}
