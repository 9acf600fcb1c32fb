//! Whether a CONNECT is let in, and as whom (spec iot-core §3.2, §3.6, §4).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt::result_code::ConnectReasonCode as Code;
use picket_broker::{Connected, Departure, SessionRequest, Will};
use picket_policy::Action;
use picket_ports::connection_log::ConnectionEventKind;
use picket_ports::connections::DisconnectReason;
use picket_ports::messages::Origin;
use picket_ports::{ConnectionFacts, DeviceCounters, IotEvent, KeyOwner, KeyRights, Message};
use picket_registry::Caller;
use picket_session::check_topic;
use serde_json::json;

use super::Peer;
use super::admission::Refusal;
use super::client::{Client, ClientParts};
use super::connack::Welcome;
use super::incoming::{ConnectRequest, WillRequest};
use super::link::Link;
use super::pace::Pace;
use super::publish::EXPIRY_SECONDS_MAX;
use crate::counters::Refused;
use crate::door::Door;
use crate::lifecycle::Who;
use crate::live::{Control, Proven};
use crate::rates::Arrival;
use crate::reserved::{Destination, destination};
use crate::rights::{Basis, Rights};
use crate::rules::Rules;
use crate::session_rights::SessionRights;
use crate::shared::Shared;
use crate::standing::Standing;

const CLIENT_ID_BYTES_MAX: usize = 128;

/// Somebody who has sent a CONNECT.
pub(super) struct Applicant<'a> {
    pub(super) request: ConnectRequest,
    pub(super) peer: &'a Peer,
    /// The DER of the certificate whose key was proven.
    pub(super) certificate: Option<&'a [u8]>,
    /// Our address.
    pub(super) local: Option<SocketAddr>,
    pub(super) door: &'a Arc<Door>,
    pub(super) shared: &'a Arc<Shared>,
}

/// What a client that is let in may do, and as whom.
struct Granted {
    rights: Rights,
    who: Who,
    counters: Arc<dyn DeviceCounters>,
    will: Option<Will>,
    will_topic: Option<Box<str>>,
}

/// Of those who are no devices nothing is counted.
#[derive(Debug)]
struct Uncounted;

impl DeviceCounters for Uncounted {
    fn connection_attempt(&self, _from: IpAddr) {}
    fn connected(&self, _from: IpAddr) {}
    fn disconnected(&self) {}
    fn authorization_failure(&self, _topic: Option<&str>) {}
    fn message_in(&self, _topic: &str, _payload_bytes: usize) {}
    fn message_out(&self, _topic: &str, _payload_bytes: usize) {}
}

impl Applicant<'_> {
    /// Judges and, if all is well, opens the session; CONNACK is then in the link's output.
    pub(super) async fn apply(
        mut self,
        link: Link,
        control: &Arc<Control>,
    ) -> Result<Box<Client>, (Link, Refusal)> {
        let (client_id, is_assigned) = match self.client_id() {
            Ok(found) => found,
            Err(refusal) => return Err((link, refusal)),
        };
        let of_client =
            |refusal: Refusal| Refusal { client_id: Some(Arc::clone(&client_id)), ..refusal };
        let granted = match self.judge(&client_id, is_assigned, control) {
            Ok(granted) => granted,
            Err(refusal) => return Err((link, of_client(refusal))),
        };
        let principal = Arc::clone(&granted.who.principal);
        let assigned_id = is_assigned.then(|| Arc::clone(&client_id));
        self.enter(link, granted, assigned_id, control)
            .await
            .map_err(|(link, refusal)| (link, of_client(refusal).of(Some(principal))))
    }

    fn rules(&self) -> &Rules {
        &self.door.rules
    }

    /// The client id, and whether we made it up.
    fn client_id(&self) -> Result<(Arc<str>, bool), Refusal> {
        let asked = self.request.client_id.as_str();
        let refusal = |text| Refusal::new(Code::ClientIdentifierNotValid, text, Refused::ClientId);
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

    fn judge(
        &mut self,
        client_id: &Arc<str>,
        is_assigned: bool,
        control: &Control,
    ) -> Result<Granted, Refusal> {
        let is_device = !matches!(control.proven, Proven::Operator(_));
        let counters = match is_device {
            true => self.shared.cloud_metrics.device(client_id),
            false => Arc::new(Uncounted),
        };
        // An id that we made up is no device's.
        if !is_assigned {
            counters.connection_attempt(self.peer.address.ip());
        }
        if self.request.has_extended_auth {
            let text = "extended authentication is not supported";
            return Err(Refusal::new(
                Code::BadAuthenticationMethod,
                text,
                Refused::MalformedConnect,
            ));
        }
        if !self.shared.rates.connects.take(Instant::now()) {
            let text = "all clients together connect too often; try again later";
            return Err(Refusal::new(Code::QuotaExceeded, text, Refused::Throttled));
        }
        let (rights, who) = self.identify(client_id, control)?;
        let will = match self.request.will.take() {
            _ if !rights.allow(Action::Connect, client_id) => {
                Err(denied(rights.refusal(Action::Connect, client_id)))
            }
            Some(will) => self.will(will, &rights, &who).map(Some),
            None => Ok(None),
        };
        if let Err(refusal) = &will
            && refusal.counted == Refused::NotAuthorized
        {
            counters.authorization_failure(None);
            self.tell_of_failure(&who);
        }
        let will = will.map_err(|refusal| refusal.of(Some(Arc::clone(&who.principal))))?;
        let will_topic = will.as_ref().map(|will| will.message.topic.as_ref().into());
        Ok(Granted { rights, who, counters, will, will_topic })
    }

    fn identify(&self, client_id: &Arc<str>, control: &Control) -> Result<(Rights, Who), Refusal> {
        let session: Arc<str> = uuid::Uuid::new_v4().to_string().into();
        let mut who = Who {
            client_id: Arc::clone(client_id),
            principal: "".into(),
            thing: None,
            is_exclusive: false,
            session,
        };
        match &control.proven {
            Proven::Nobody => {
                let request = &self.request;
                let user = self.door.user(request.user.as_deref(), request.password.as_deref());
                let text = "the user name or the password is wrong";
                who.principal = user
                    .ok_or(Refusal::new(
                        Code::BadUserNameOrPassword,
                        text,
                        Refused::BadCredentials,
                    ))?
                    .into();
                let deny_subscribe = Arc::clone(&self.door.deny_subscribe);
                Ok((Rights::Open { deny_subscribe }, who))
            }
            Proven::Operator(owner) => {
                who.principal = owner.user.as_str().into();
                Ok((self.rights_of_owner(owner, client_id), who))
            }
            Proven::Certificate(id) => {
                who.principal = id.as_str().into();
                let standing = self.shared.standing(id, self.certificate);
                if standing != Standing::Active {
                    let counted = match standing {
                        Standing::Expired => Refused::ExpiredCertificate,
                        _ => Refused::InactiveCertificate,
                    };
                    let refusal = Refusal::new(Code::NotAuthorized, standing.problem(), counted);
                    return Err(refusal.of(Some(who.principal)));
                }
                let principal = self.shared.directory.principal(id, client_id);
                let thing = principal.thing.as_ref().map(|thing| thing.name.as_str().into());
                who.is_exclusive = principal.is_exclusive && thing.is_some();
                who.thing = thing;
                let mut caller = Caller::new(id, self.certificate.unwrap_or_default());
                caller.client_id = Some(client_id);
                caller.source_ip = Some(self.peer.address.ip());
                caller.is_persistent = self.expiry_seconds() > 0;
                caller.will_topic = self.request.will.as_ref().map(|will| will.topic.as_str());
                let rights = self.shared.rights.rights_of(&caller, &principal);
                Ok((Rights::Policies(rights, Basis::of(&principal)), who))
            }
        }
    }

    fn rights_of_owner(&self, owner: &KeyOwner, client_id: &Arc<str>) -> Rights {
        match &owner.rights {
            KeyRights::User(role) => Rights::Operator(*role),
            KeyRights::Session(session) => Rights::Session(Box::new(SessionRights {
                session: Arc::clone(session),
                account: self.shared.rights.account().clone(),
                source_ip: self.peer.address.ip(),
                client_id: Arc::clone(client_id),
            })),
        }
    }

    fn will(&self, will: WillRequest, rights: &Rights, who: &Who) -> Result<Will, Refusal> {
        let rules = self.rules();
        let refusal = |code, text: String| Refusal::new(code, text, Refused::MalformedConnect);
        if will.qos > rules.max_qos {
            let (qos, max) = (will.qos, rules.max_qos);
            let text = format!("the will's QoS {qos} is not supported; at most {max} is");
            return Err(refusal(Code::QosNotSupported, text));
        }
        let topic = will.topic.as_str();
        if let Err(problem) = check_topic(topic, &rules.topics) {
            let text = format!("the will's topic is not valid: {}", rules.in_words(problem));
            return Err(refusal(Code::TopicNameInvalid, text));
        }
        if will.payload.len() > rules.payload_bytes_max as usize {
            let (bytes, max) = (will.payload.len(), rules.payload_bytes_max);
            let text = format!("the will has {bytes} bytes; at most {max} are allowed");
            return Err(refusal(Code::PacketTooLarge, text));
        }
        let response_topic = will.properties.response_topic.as_deref();
        if response_topic.is_some_and(|topic| topic.contains(['+', '#'])) {
            let text = "the will's response topic contains a wildcard".to_owned();
            return Err(refusal(Code::ProtocolError, text));
        }
        let needed = [Action::Publish].into_iter();
        let needed = needed.chain(will.retain.then_some(Action::RetainPublish));
        for action in needed {
            if !rights.allow(action, topic) {
                let why = rights.refusal(action, topic);
                return Err(denied(format!("the will cannot be published: {why}")));
            }
        }
        if destination(topic) != Destination::Broker {
            let text = "a will cannot be published on a reserved topic".to_owned();
            return Err(refusal(Code::TopicNameInvalid, text));
        }
        let mut properties = will.properties;
        if rules.is_aws() {
            let clamp = |seconds: u32| seconds.clamp(1, EXPIRY_SECONDS_MAX);
            properties.expiry_seconds = properties.expiry_seconds.map(clamp);
        }
        let message = Message {
            topic: will.topic.into(),
            payload: will.payload,
            qos: will.qos,
            retain: will.retain,
            properties,
            origin: Origin::Client {
                client_id: Arc::clone(&who.client_id),
                principal: Arc::clone(&who.principal),
            },
            arrived: self.shared.clock.now(),
            traces: Arc::default(),
            depth: 0,
        };
        Ok(Will { message, delay_seconds: will.delay_seconds })
    }

    fn tell_of_failure(&self, who: &Who) {
        let now = self.shared.clock.now();
        self.shared.lifecycle.tell(who, "presence/connect_failed", now, || {
            json!({
                "connectFailureReason": "AUTHORIZATION_FAILED",
                "ipAddress": self.peer.address.ip().to_string(),
            })
        });
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
    async fn enter(
        self,
        mut link: Link,
        granted: Granted,
        assigned_id: Option<Arc<str>>,
        control: &Arc<Control>,
    ) -> Result<Box<Client>, (Link, Refusal)> {
        let now = Instant::now();
        let shared = self.shared;
        let client_id = &granted.who.client_id;
        let Some(arrival) = shared.clients.arrive(client_id, self.rules(), now) else {
            let text = "this client id connects too often; try again later";
            return Err((link, Refusal::new(Code::QuotaExceeded, text, Refused::Throttled)));
        };
        let keep_alive =
            self.rules().keep_alive_seconds(self.request.keep_alive, self.request.level);
        let wake = Arc::clone(&control.wake);
        let request = self.session_request(&granted, keep_alive, arrival.version);
        let answered = match shared.broker.connect(request, wake) {
            Some(connected) => self.answer(&mut link, connected, assigned_id.as_deref()).await,
            None => Err(Refusal::new(
                Code::QuotaExceeded,
                "the server keeps as many sessions as it can",
                Refused::SessionsMax,
            )),
        };
        match answered {
            Ok(connected) => Ok(self.client(link, granted, (connected, arrival), control)),
            Err(refusal) => {
                shared.clients.depart(client_id, arrival.publishes, Duration::ZERO, now);
                Err((link, refusal))
            }
        }
    }

    fn session_request(&self, granted: &Granted, keep_alive: u16, version: u64) -> SessionRequest {
        let who = &granted.who;
        SessionRequest {
            client_id: Arc::clone(&who.client_id),
            clean_start: self.request.clean_start,
            expiry_seconds: self.expiry_seconds(),
            receive_maximum: self.request.receive_maximum,
            // They begin with 1, versions with 0.
            connection_number_min: version + 1,
            protocol_level: self.request.level,
            will: granted.will.clone(),
            facts: ConnectionFacts {
                source: Some(self.peer.address),
                target: self.local,
                transport: self.peer.carrier,
                keep_alive_seconds: keep_alive,
                thing: who.thing.clone(),
                principal: Arc::clone(&who.principal),
                session_identifier: Arc::clone(&who.session),
            },
        }
    }

    /// Puts CONNACK into the link's output, once the session is stored if it has to be.
    async fn answer(
        &self,
        link: &mut Link,
        connected: Connected,
        assigned_id: Option<&str>,
    ) -> Result<Connected, Refusal> {
        match self.welcome(link, &connected, assigned_id).await {
            Ok(()) => Ok(connected),
            Err(refusal) => {
                // It was never connected: its will is not published, and a new session not kept.
                let expiry_seconds = (!connected.session_present).then_some(0);
                let departure = Departure::Graceful { expiry_seconds };
                connected.attachment.leave(departure, DisconnectReason::ServerError);
                Err(refusal)
            }
        }
    }

    async fn welcome(
        &self,
        link: &mut Link,
        connected: &Connected,
        assigned_id: Option<&str>,
    ) -> Result<(), Refusal> {
        if let Some(stored) = &connected.stored
            && stored.wait().await.is_err()
        {
            let text = "the session cannot be stored; try again later";
            return Err(Refusal::new(Code::ServerUnavailable, text, Refused::SessionsMax));
        }
        link.restore_incoming(connected.incoming.iter().copied());
        let welcome = Welcome {
            request: &self.request,
            rules: self.rules(),
            session_present: connected.session_present,
            expiry_seconds: self.expiry_seconds(),
            assigned_id,
        };
        welcome.packet().and_then(|packet| link.send(packet)).map_err(|error| {
            tracing::debug!(%error, "the CONNACK does not fit the client's limits");
            let text = "the CONNACK does not fit into what the client takes";
            Refusal::new(Code::PacketTooLarge, text, Refused::MalformedConnect)
        })
    }

    fn client(
        self,
        link: Link,
        granted: Granted,
        (connected, arrival): (Connected, Arrival),
        control: &Arc<Control>,
    ) -> Box<Client> {
        let (shared, who, now) = (self.shared, &granted.who, Instant::now());
        // The session may know of more connections than we do: it has survived a restart.
        let version = connected.attachment.connection_number().saturating_sub(1);
        shared.clients.has_reached(&who.client_id, version);
        granted.counters.connected(self.peer.address.ip());
        shared.counters.session();
        let address = self.peer.address.ip();
        shared.lifecycle.tell(
            who,
            "presence/connected",
            shared.clock.now(),
            || json!({"ipAddress": address.to_string(), "versionNumber": version}),
        );
        let mut event = self.peer.event(ConnectionEventKind::Connected, self.door, shared);
        event.client_id = Some(Arc::clone(&who.client_id));
        event.thing = who.thing.clone();
        event.principal = Some(Arc::clone(&who.principal));
        event.protocol = Some(self.peer.protocol(self.request.level));
        shared.log.add(event);
        if let Some(log) = shared.iot_log() {
            log.write(&shared.line(IotEvent::Connect, who, self.peer));
        }
        let rules = self.rules();
        let keep_alive = rules.keep_alive_seconds(self.request.keep_alive, self.request.level);
        let is_websocket = self.peer.carrier == picket_ports::connections::Transport::WebSocket;
        let lifetime = Duration::from_secs(u64::from(shared.config.websocket_seconds_max));
        let mut client = Box::new(Client::new(ClientParts {
            link,
            pace: Pace::new(rules, arrival.publishes, now),
            keep_alive: (keep_alive > 0)
                .then(|| Duration::from_millis(u64::from(keep_alive) * 1500)),
            expires: is_websocket.then(|| now + lifetime),
            peer: self.peer.clone(),
            shared: Arc::clone(shared),
            door: Arc::clone(self.door),
            control: Arc::clone(control),
            attachment: connected.attachment,
            is_persistent: self.expiry_seconds() > 0,
            will_topic: granted.will_topic,
            version,
            rights: granted.rights,
            counters: granted.counters,
            who: granted.who,
            alias_max: self.request.topic_alias_max,
            wants_reasons: self.request.wants_reasons,
        }));
        if connected.session_present {
            // The rights may be others than when the session was left.
            client.end_lost_subscriptions();
        }
        client
    }
}

fn denied(text: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::NotAuthorized, text, Refused::NotAuthorized)
}
