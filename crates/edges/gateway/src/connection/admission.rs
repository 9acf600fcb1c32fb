//! Whether a CONNECT is let in (spec iot-core §3.1, §3.2, §3.6).

use std::sync::Arc;
use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::{
    AssignedClientIdentifier, GenericPacketTrait as _, MaximumQos, Property, ReceiveMaximum,
    ServerKeepAlive, SessionExpiryInterval, SubscriptionIdentifierAvailable, TopicAliasMaximum,
    v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode, MqttError};
use picket_broker::{SessionRequest, Will};
use picket_policy::Action;
use picket_ports::messages::Origin;
use picket_ports::registry::CertificateStatus;
use picket_ports::{ConnectionFacts, DeviceCounters, Message};
use picket_session::check_topic;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::Peer;
use super::client::{Client, ClientParts};
use super::first_packet::{self, First};
use super::incoming::{self, ConnectRequest, WillRequest};
use super::io::Io;
use super::link::Link;
use super::outgoing;
use crate::counters::Refused;
use crate::door::Door;
use crate::gateway::Shared;
use crate::lifecycle::EventSource;
use crate::live::Control;
use crate::reserved::{Destination, destination};
use crate::rights::{Caller, Rights, certificate_facts};
use crate::rules::Rules;

const CLIENT_ID_BYTES_MAX: usize = 128;

/// A refusal: what the client is told, and what is counted.
struct Refusal {
    code: ConnectReasonCode,
    reason: &'static str,
    counted: Refused,
}

impl Refusal {
    const fn new(code: ConnectReasonCode, reason: &'static str, counted: Refused) -> Self {
        Self { code, reason, counted }
    }
}

/// Reads CONNECT and lets the client in, or tells it why not. `Err(None)`: nothing came in time.
pub(crate) async fn admit<S>(
    io: &mut Io<S>,
    peer: &Peer,
    door: &Arc<Door>,
    shared: &Arc<Shared>,
    control: &Arc<Control>,
) -> Result<Client, Option<Refused>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limit = Duration::from_millis(shared.config.connect_timeout_ms);
    let bytes_max = shared.config.connect_bytes_max;
    let length = match timeout(limit, first_packet(io, bytes_max)).await {
        Ok(First::Connect(length)) => length,
        Ok(First::Malformed) => return Err(Some(Refused::MalformedConnect)),
        Ok(First::Incomplete) | Err(_) => return Err(None),
    };
    let mut link = Link::new(door.rules.packet_bytes_max());
    let Some(request) = read_connect(io, length, &mut link) else {
        io.has_last_words = !link.output.is_empty();
        write(io, &mut link).await;
        return Err(Some(Refused::MalformedConnect));
    };
    let mut applicant = Applicant { request, peer, door, shared, control };
    match applicant.judge().await {
        Ok(granted) => applicant.enter(link, granted).await.map_err(Some),
        Err(refusal) => {
            let reason = applicant.request.wants_reasons.then_some(refusal.reason);
            let packet = outgoing::connect_refusal(link.is_v5(), refusal.code, reason);
            if packet.and_then(|packet| link.send(packet)).is_ok() {
                io.has_last_words = true;
                write(io, &mut link).await;
            }
            Err(Some(refusal.counted))
        }
    }
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(io: &mut Io<S>, link: &mut Link) {
    if let Err(error) = io.write(&mut link.output).await {
        tracing::debug!(%error, "the peer left before it was answered");
    }
}

async fn first_packet<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut Io<S>,
    bytes_max: usize,
) -> First {
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
fn read_connect<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut Io<S>,
    length: usize,
    link: &mut Link,
) -> Option<ConnectRequest> {
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
    Some(request)
}

/// What a client that is let in may do, and as whom.
struct Granted {
    rights: Rights,
    caller: Option<Caller>,
    client_id: Arc<str>,
    is_assigned_id: bool,
    principal: Arc<str>,
    counters: Arc<dyn DeviceCounters>,
    source: EventSource,
    will: Option<Will>,
}

struct Applicant<'a> {
    request: ConnectRequest,
    peer: &'a Peer,
    door: &'a Arc<Door>,
    shared: &'a Arc<Shared>,
    control: &'a Arc<Control>,
}

impl Applicant<'_> {
    fn rules(&self) -> &Rules {
        &self.door.rules
    }

    async fn judge(&mut self) -> Result<Granted, Refusal> {
        let (client_id, is_assigned_id) = self.client_id()?;
        let counters = self.shared.cloud_metrics.device(&client_id);
        // An id that we made up is no device's.
        if !is_assigned_id {
            counters.connection_attempt(self.peer.address);
        }
        if self.request.has_extended_auth {
            let code = ConnectReasonCode::BadAuthenticationMethod;
            let reason = "extended authentication is not supported";
            return Err(Refusal::new(code, reason, Refused::MalformedConnect));
        }
        let (rights, caller, principal) = self.identify(&client_id)?;
        let source = EventSource {
            client_id: client_id.as_ref().to_owned(),
            thing: caller.as_ref().and_then(|caller| self.thing_name(caller)),
            session: uuid::Uuid::new_v4(),
            principal: principal.as_ref().to_owned(),
        };
        let origin = || Origin::Client {
            client_id: Arc::clone(&client_id),
            principal: Arc::clone(&principal),
        };
        let allowed = rights.allow(Action::Connect, &client_id);
        let will = match self.request.will.take() {
            _ if !allowed => Err(denied("the policies do not allow this client id to connect")),
            Some(will) => self.will(will, &rights, origin()).map(Some),
            None => Ok(None),
        };
        if let Err(refusal) = &will
            && refusal.counted == Refused::NotAuthorized
        {
            counters.authorization_failure(None);
            self.tell_of_failure(&source).await;
        }
        let will = will?;
        if !self.shared.broker.has_room_for(&client_id) {
            let reason = "the server keeps as many sessions as it can";
            return Err(Refusal::new(
                ConnectReasonCode::QuotaExceeded,
                reason,
                Refused::SessionsMax,
            ));
        }
        Ok(Granted { rights, caller, client_id, is_assigned_id, principal, counters, source, will })
    }

    fn client_id(&self) -> Result<(Arc<str>, bool), Refusal> {
        let asked = self.request.client_id.as_str();
        let refusal = |reason| {
            Refusal::new(ConnectReasonCode::ClientIdentifierNotValid, reason, Refused::ClientId)
        };
        if asked.is_empty() {
            if self.request.level == 4 && !self.request.clean_start {
                return Err(refusal("an empty client id needs a clean session"));
            }
            return Ok((format!("auto-{}", uuid::Uuid::new_v4().simple()).into(), true));
        }
        if asked.len() > CLIENT_ID_BYTES_MAX && self.rules().is_aws() {
            return Err(refusal("the client id is longer than 128 bytes"));
        }
        if asked.starts_with('$') || asked.chars().any(char::is_control) {
            return Err(refusal("the client id begins with $ or holds a control character"));
        }
        Ok((asked.into(), false))
    }

    fn identify(
        &self,
        client_id: &Arc<str>,
    ) -> Result<(Rights, Option<Caller>, Arc<str>), Refusal> {
        let Some((der, id)) = self.peer.certificate.as_ref().zip(self.control.certificate.as_ref())
        else {
            let request = &self.request;
            let user = self.door.user(request.user.as_deref(), request.password.as_deref());
            let user = user.ok_or(Refusal::new(
                ConnectReasonCode::BadUserNameOrPassword,
                "the user name or the password is wrong",
                Refused::BadCredentials,
            ))?;
            let deny_subscribe = Arc::clone(&self.door.deny_subscribe);
            return Ok((Rights::Open { deny_subscribe }, None, user.into()));
        };
        let entry = self.shared.directory.certificate(id);
        if !entry.is_some_and(|entry| entry.status == CertificateStatus::Active) {
            let reason = "the certificate is not active";
            let code = ConnectReasonCode::NotAuthorized;
            return Err(Refusal::new(code, reason, Refused::InactiveCertificate));
        }
        let caller = Caller {
            certificate: id.clone(),
            facts: certificate_facts(id, der),
            client_id: Arc::clone(client_id),
            source_ip: self.peer.address,
            persistent: self.expiry_seconds() > 0,
            will_topic: self.request.will.as_ref().map(|will| will.topic.clone()),
        };
        let directory = self.shared.directory.as_ref();
        let rights = self.shared.policies.rights(directory, &self.shared.account, &caller);
        Ok((rights, Some(caller), id.as_str().into()))
    }

    fn thing_name(&self, caller: &Caller) -> Option<String> {
        let principal = self.shared.directory.principal(&caller.certificate, &caller.client_id);
        principal.thing.map(|thing| thing.name.as_str().to_owned())
    }

    fn will(&self, will: WillRequest, rights: &Rights, from: Origin) -> Result<Will, Refusal> {
        let rules = self.rules();
        if will.qos > rules.max_qos {
            let reason = "the will's QoS is not supported";
            let code = ConnectReasonCode::QosNotSupported;
            return Err(Refusal::new(code, reason, Refused::MalformedConnect));
        }
        let is_plain = destination(&will.topic) == Destination::Broker;
        if check_topic(&will.topic, &rules.topics).is_err() {
            let reason = "the will's topic is malformed or too long";
            let code = ConnectReasonCode::TopicNameInvalid;
            return Err(Refusal::new(code, reason, Refused::MalformedConnect));
        }
        let may_retain = !will.retain || rights.allow(Action::RetainPublish, &will.topic);
        if !is_plain || !may_retain || !rights.allow(Action::Publish, &will.topic) {
            return Err(denied("the will's topic may not be published to"));
        }
        let message = Message {
            topic: will.topic.into(),
            payload: will.payload,
            qos: will.qos,
            retain: will.retain,
            properties: will.properties,
            origin: from,
            arrived: self.shared.clock.now(),
            traces: Arc::default(),
            depth: 0,
        };
        Ok(Will { message, delay_seconds: will.delay_seconds })
    }

    async fn tell_of_failure(&self, source: &EventSource) {
        let more = json!({
            "connectFailureReason": "AUTHORIZATION_FAILED",
            "ipAddress": self.peer.address.to_string(),
        });
        let now = self.shared.clock.now();
        source.publish(&self.shared.broker, "presence/connect_failed", more, now).await;
    }

    /// How long the session will outlive the connection.
    fn expiry_seconds(&self) -> u32 {
        let max = self.rules().session_expiry_seconds_max;
        match (self.request.level, self.request.session_expiry) {
            (4, _) if self.request.clean_start => 0,
            (4, _) => max,
            (_, asked) => asked.unwrap_or(0).min(max),
        }
    }

    /// Opens the session and answers.
    async fn enter(self, mut link: Link, granted: Granted) -> Result<Client, Refused> {
        let request = SessionRequest {
            client_id: Arc::clone(&granted.client_id),
            clean_start: self.request.clean_start,
            expiry_seconds: self.expiry_seconds(),
            receive_maximum: self.request.receive_maximum,
            protocol_level: self.request.level,
            will: granted.will.clone(),
            facts: ConnectionFacts {
                principal: Arc::clone(&granted.principal),
                thing: granted.source.thing.as_deref().map(Arc::from),
                session_identifier: granted.source.session.to_string().into(),
                ..ConnectionFacts::default()
            },
        };
        let wake = Arc::clone(&self.control.wake);
        let Some(connected) = self.shared.broker.connect(request, wake) else {
            // Somebody took the last place since we looked.
            return Err(Refused::SessionsMax);
        };
        link.restore_incoming(connected.incoming.iter().copied());
        let connack = self.connack(&granted, connected.session_present);
        if let Err(error) = connack.and_then(|packet| link.send(packet)) {
            tracing::debug!(%error, "the CONNACK does not fit the client's limits");
            return Err(Refused::MalformedConnect);
        }
        granted.counters.connected(self.peer.address);
        self.shared.counters.session();
        let request = &self.request;
        let keep_alive = self.rules().keep_alive_seconds(request.keep_alive, request.level);
        let more = json!({
            "ipAddress": self.peer.address.to_string(),
            "versionNumber": connected.attachment.connection_number().saturating_sub(1),
        });
        let now = self.shared.clock.now();
        granted.source.publish(&self.shared.broker, "presence/connected", more, now).await;
        let mut client = Client::new(ClientParts {
            link,
            shared: Arc::clone(self.shared),
            door: Arc::clone(self.door),
            control: Arc::clone(self.control),
            attachment: connected.attachment,
            caller: granted.caller,
            rights: granted.rights,
            counters: granted.counters,
            source: granted.source,
            client_id: granted.client_id,
            principal: granted.principal,
            alias_max: self.request.topic_alias_max,
            wants_reasons: self.request.wants_reasons,
            keep_alive: (keep_alive > 0)
                .then(|| Duration::from_millis(u64::from(keep_alive) * 1500)),
        });
        client.perform(connected.resend);
        Ok(client)
    }

    fn connack(
        &self,
        granted: &Granted,
        session_present: bool,
    ) -> Result<mqtt_protocol_core::mqtt::packet::Packet, MqttError> {
        if self.request.level == 4 {
            let connack = v3_1_1::Connack::builder()
                .session_present(session_present)
                .return_code(ConnectReturnCode::Accepted);
            return Ok(connack.build()?.into());
        }
        let rules = self.rules();
        // Receive Maximum and, by the link's own limit, Maximum Packet Size are always said.
        let mut properties: Vec<Property> =
            vec![ReceiveMaximum::new(rules.receive_maximum)?.into()];
        if self.request.session_expiry.unwrap_or(0) != self.expiry_seconds() {
            properties.push(SessionExpiryInterval::new(self.expiry_seconds())?.into());
        }
        if rules.max_qos < 2 {
            properties.push(MaximumQos::new(rules.max_qos)?.into());
        }
        if rules.topic_alias_max > 0 {
            properties.push(TopicAliasMaximum::new(rules.topic_alias_max)?.into());
        }
        if rules.is_aws() {
            properties.push(SubscriptionIdentifierAvailable::new(0)?.into());
        }
        if granted.is_assigned_id {
            properties.push(AssignedClientIdentifier::new(&*granted.client_id)?.into());
        }
        let keep_alive = rules.keep_alive_seconds(self.request.keep_alive, self.request.level);
        if keep_alive != self.request.keep_alive {
            properties.push(ServerKeepAlive::new(keep_alive)?.into());
        }
        let connack = v5_0::Connack::builder()
            .session_present(session_present)
            .reason_code(ConnectReasonCode::Success)
            .props(properties);
        Ok(connack.build()?.into())
    }
}

fn denied(reason: &'static str) -> Refusal {
    Refusal::new(ConnectReasonCode::NotAuthorized, reason, Refused::NotAuthorized)
}
