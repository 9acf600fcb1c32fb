//! A gateway on free ports with a registry, counters and an intake in memory.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use picket_broker::{Broker, BrokerLimits};
use picket_core::{
    Account, CertificateId, PolicyName, Role, Secret, SystemClock, Tasks, ThingName, Timestamp,
};
use picket_gateway::{
    BoundAddresses, Gateway, GatewayConfig, GatewayParts, Refused, ServerIdentity,
};
use picket_ports::directory::{
    CertificateEntry, DirectoryChange, PolicyText, Principal, ThingEntry,
};
use picket_ports::registry::CertificateStatus;
use picket_ports::{
    AccessKeys, CloudMetrics, DeviceCounters, Directory, HttpPeer, JustInTime, JustInTimeError,
    KeyOwner, KeyRights, LogError, Message, MessageTap, ReportIntake, ReportPublish, ReportReply,
    RoleRights, RoleSession, SessionRequest, SignerError, StateStores, TapError,
};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

/// A registry in memory: certificates that have the same policies, unless they have their own.
#[derive(Debug)]
pub(crate) struct Registry {
    certificates: Mutex<HashMap<CertificateId, CertificateEntry>>,
    policies: Mutex<Vec<Arc<PolicyText>>>,
    own_policies: Mutex<HashMap<CertificateId, Vec<Arc<PolicyText>>>>,
    /// Whether certificates belong to their things alone.
    pub(crate) is_exclusive: AtomicBool,
    /// Whether certificates that are not registered may introduce themselves.
    pub(crate) is_hospitable: AtomicBool,
    changes: broadcast::Sender<DirectoryChange>,
}

impl Registry {
    pub(crate) fn set_status(&self, id: &CertificateId, status: CertificateStatus) {
        if let Some(entry) = self.certificates.lock().unwrap().get_mut(id) {
            entry.status = status;
        }
        self.tell(DirectoryChange::Certificate(id.clone()));
    }

    /// Changes a certificate without a word, as if the change were on its way.
    pub(crate) fn change_quietly(
        &self,
        id: &CertificateId,
        change: impl FnOnce(&mut CertificateEntry),
    ) {
        change(self.certificates.lock().unwrap().get_mut(id).unwrap());
    }

    pub(crate) fn remove(&self, id: &CertificateId) {
        self.certificates.lock().unwrap().remove(id);
        self.tell(DirectoryChange::Certificate(id.clone()));
    }

    pub(crate) fn set_policy(&self, document: &str) {
        *self.policies.lock().unwrap() = vec![policy("device", document)];
        self.tell(DirectoryChange::Rights);
    }

    pub(crate) fn set_policies_of(&self, id: &CertificateId, documents: &[(&str, &str)]) {
        let policies = documents.iter().map(|(name, document)| policy(name, document)).collect();
        self.own_policies.lock().unwrap().insert(id.clone(), policies);
        self.tell(DirectoryChange::RightsOf(id.clone()));
    }

    pub(crate) fn tell(&self, change: DirectoryChange) {
        self.changes.send(change).unwrap();
    }
}

fn policy(name: &str, document: &str) -> Arc<PolicyText> {
    let name = PolicyName::new(name).unwrap();
    Arc::new(PolicyText { name, document: document.to_owned() })
}

impl Directory for Registry {
    fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        self.certificates.lock().unwrap().get(id).cloned()
    }

    fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        let thing = ThingName::new(client_id)
            .ok()
            .map(|name| Arc::new(ThingEntry { name, type_name: None, attributes: Vec::new() }));
        let own = self.own_policies.lock().unwrap().get(certificate).cloned();
        Principal {
            certificate: Some(certificate.clone()),
            thing,
            is_exclusive: self.is_exclusive.load(Ordering::Relaxed),
            policies: own.unwrap_or_else(|| self.policies.lock().unwrap().clone()),
        }
    }

    fn is_welcome(&self, _der: &[u8]) -> bool {
        self.is_hospitable.load(Ordering::Relaxed)
    }

    fn is_registered(&self, _name: &str) -> bool {
        true
    }

    fn groups_of(&self, _thing: &str) -> Vec<String> {
        Vec::new()
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        self.changes.subscribe()
    }
}

/// Registers whoever introduces itself, as PENDING_ACTIVATION.
#[derive(Debug)]
pub(crate) struct Introductions {
    registry: Arc<Registry>,
    pub(crate) presented: Mutex<Vec<CertificateId>>,
}

#[async_trait]
impl JustInTime for Introductions {
    async fn present(
        &self,
        der: &[u8],
        _from: std::net::IpAddr,
    ) -> Result<(CertificateId, CertificateStatus), JustInTimeError> {
        let id = picket_pki::id_of_der(der);
        let status = CertificateStatus::PendingActivation;
        let not_after = Timestamp::from_millis(i64::MAX);
        let entry = CertificateEntry { id: id.clone(), status, not_after };
        self.registry.certificates.lock().unwrap().insert(id.clone(), entry);
        self.presented.lock().unwrap().push(id.clone());
        Ok((id, status))
    }
}

/// Access keys in memory.
#[derive(Debug, Default)]
pub(crate) struct Keys(pub(crate) Mutex<HashMap<String, KeyOwner>>);

impl Keys {
    /// A user with this role, and the same for its key and secret.
    pub(crate) fn add(&self, user: &str, role: Role) -> KeyOwner {
        let access_key = format!("AKIA{}", user.to_uppercase());
        let secret = Secret::new(format!("secret-of-{user}"));
        let owner =
            KeyOwner { user: user.to_owned(), rights: KeyRights::User(role), access_key, secret };
        self.0.lock().unwrap().insert(owner.access_key.clone(), owner.clone());
        owner
    }

    /// The session of a role that may do what its resource's last part begins with one of `allowed`.
    pub(crate) fn begin_session(&self, token: &str, allowed: &[&str]) -> KeyOwner {
        let session = RoleSession {
            role: "r".to_owned(),
            role_arn: "arn:aws:iam::000000000000:role/r".to_owned(),
            role_id: "AROA1".to_owned(),
            name: "s".to_owned(),
            expires: Timestamp::from_millis(i64::MAX),
            token: Secret::new(token),
            facts: Vec::new(),
            rights: Arc::new(Begins(allowed.iter().map(|text| (*text).to_owned()).collect())),
        };
        let owner = KeyOwner {
            rights: KeyRights::Session(Arc::new(session)),
            ..self.add("shift", Role::Viewer)
        };
        self.0.lock().unwrap().insert(owner.access_key.clone(), owner.clone());
        owner
    }

    fn found(&self, access_key: &str) -> Option<KeyOwner> {
        self.0.lock().unwrap().get(access_key).cloned()
    }

    pub(crate) fn remove(&self, owner: &KeyOwner) {
        self.0.lock().unwrap().remove(&owner.access_key);
    }
}

#[derive(Debug)]
struct Begins(Vec<String>);

impl RoleRights for Begins {
    fn refusal(&self, _session: &RoleSession, asked: &SessionRequest<'_>) -> Option<String> {
        let resource = asked.resource.unwrap_or_default().rsplit(':').next().unwrap_or_default();
        let is_allowed = self.0.iter().any(|begin| resource.starts_with(begin.as_str()));
        (!is_allowed).then(|| format!("because no policy of the role allows {}", asked.action))
    }
}

#[async_trait]
impl AccessKeys for Keys {
    fn owner(&self, access_key: &str) -> Option<KeyOwner> {
        self.found(access_key).filter(|owner| matches!(owner.rights, KeyRights::User(_)))
    }

    /// Sessions are those of [`Keys::begin_session`].
    fn session(
        &self,
        access_key: &str,
        token: &Secret,
        _now: Timestamp,
    ) -> Result<KeyOwner, SignerError> {
        let owner = self.found(access_key).ok_or(SignerError::NoSuchSession)?;
        match &owner.rights {
            KeyRights::Session(session) if session.token == *token => Ok(owner),
            _ => Err(SignerError::NoSuchSession),
        }
    }

    async fn caught_up(&self, _revision: u64) {}
}

/// Says who asks.
fn router() -> Router {
    let who = |Extension(peer): Extension<HttpPeer>, body: Bytes| async move {
        let certificate = peer.certificate.map_or("nobody".to_owned(), |id| id.to_string());
        format!("{certificate} sent {} bytes", body.len())
    };
    Router::new().route("/who", get(who).post(who))
}

/// Counts as lines of text.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Arc<Mutex<Vec<String>>>);

impl Metrics {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl CloudMetrics for Metrics {
    fn device(&self, identity: &str) -> Arc<dyn DeviceCounters> {
        Arc::new(Counters { identity: identity.to_owned(), lines: Arc::clone(&self.0) })
    }
}

#[derive(Debug)]
struct Counters {
    identity: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Counters {
    fn note(&self, line: impl std::fmt::Display) {
        self.lines.lock().unwrap().push(format!("{} {line}", self.identity));
    }
}

impl DeviceCounters for Counters {
    fn connection_attempt(&self, from: IpAddr) {
        self.note(format_args!("attempt from {from}"));
    }
    fn connected(&self, _from: IpAddr) {
        self.note("connected");
    }
    fn disconnected(&self) {
        self.note("disconnected");
    }
    fn authorization_failure(&self, topic: Option<&str>) {
        self.note(format_args!("denied {}", topic.unwrap_or("-")));
    }
    fn message_in(&self, topic: &str, payload_bytes: usize) {
        self.note(format_args!("in {topic} {payload_bytes}"));
    }
    fn message_out(&self, topic: &str, payload_bytes: usize) {
        self.note(format_args!("out {topic} {payload_bytes}"));
    }
}

/// Stores a report when it is let to; refuses the payload `bad`, and has no room for `full`.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) gate: tokio::sync::Semaphore,
    pub(crate) reports: Mutex<Vec<ReportPublish>>,
}

#[async_trait]
impl ReportIntake for Intake {
    async fn submit(&self, report: ReportPublish) -> Result<ReportReply, LogError> {
        self.gate.acquire().await.unwrap().forget();
        let payload = String::from_utf8_lossy(&report.payload);
        if payload.contains("full") {
            return Err(LogError::DiskFull { log: "reports".to_owned() });
        }
        let accepted = payload != "bad";
        self.reports.lock().unwrap().push(report);
        Ok(ReportReply { accepted, document: Bytes::from_static(b"{}"), trace: None })
    }
}

/// Sees everything under `tapped/` and `$aws/rules/`.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    pub(crate) topics: Mutex<Vec<String>>,
}

#[async_trait]
impl MessageTap for Tap {
    fn wants(&self, topic: &str) -> bool {
        topic.starts_with("tapped/") || topic.starts_with("$aws/rules/")
    }

    async fn accept(&self, message: Arc<Message>) -> Result<(), TapError> {
        self.topics.lock().unwrap().push(message.topic.to_string());
        match message.topic.ends_with("/fail") {
            true => Err(TapError { rule: "r".to_owned(), cause: "disk full".to_owned() }),
            false => Ok(()),
        }
    }
}

/// A device's certificate and key.
pub(crate) struct DeviceIdentity {
    pub(crate) id: CertificateId,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: KeyPair,
}

pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) gateway: Gateway,
    pub(crate) at: BoundAddresses,
    pub(crate) registry: Arc<Registry>,
    pub(crate) introductions: Arc<Introductions>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) tap: Arc<Tap>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) ca: CertificateDer<'static>,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

pub(crate) const ALLOW_OWN: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/${iot:Connection.Thing.ThingName}"},
  {"Effect":"Allow","Action":["iot:Publish","iot:Receive"],"Resource":[
     "arn:aws:iot:*:*:topic/own/${iot:ClientId}/*",
     "arn:aws:iot:*:*:topic/$aws/things/${iot:Connection.Thing.ThingName}/defender/metrics/*",
     "arn:aws:iot:*:*:topic/$aws/rules/*"]},
  {"Effect":"Allow","Action":"iot:Subscribe","Resource":[
     "arn:aws:iot:*:*:topicfilter/own/${iot:ClientId}/*",
     "arn:aws:iot:*:*:topicfilter/$aws/*"]},
  {"Effect":"Deny","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/banned"}
]}"#;

pub(crate) const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

impl Bench {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// Starts with a plaintext listener that wants `pair`.
    pub(crate) fn with_password(pair: &str) -> Self {
        Self::from_text(&format!(
            "mqtt = \"off\"\nalpn = \"off\"\nplaintext = \"127.0.0.1:0\"\n\
             plaintext_auth = \"password\"\nplaintext_password = \"{pair}\""
        ))
    }

    /// Starts with more lines of `[gateway]`.
    pub(crate) fn with(more: &str) -> Self {
        let text = format!(
            "mqtt = \"127.0.0.1:0\"\nalpn = \"127.0.0.1:0\"\nplaintext = \"127.0.0.1:0\"\n\
             plaintext_auth = \"anonymous\"\nplaintext_deny_subscribe = [\"test/nosubscribe\"]\n{more}"
        );
        Self::from_text(&text)
    }

    /// Starts with room for so many sessions.
    pub(crate) fn with_sessions_max(sessions_max: usize) -> Self {
        let text = "mqtt = \"off\"\nalpn = \"off\"\nplaintext = \"127.0.0.1:0\"\n\
                    plaintext_auth = \"anonymous\"";
        let limits = BrokerLimits { sessions_max, ..BrokerLimits::default() };
        Self::from_parts(text, Broker::new(limits, Arc::new(SystemClock)))
    }

    /// Starts with the sessions that are in `states`.
    pub(crate) fn over(states: &dyn StateStores) -> Self {
        let opening = Broker::open(BrokerLimits::default(), Arc::new(SystemClock), states);
        let broker = Runtime::new().unwrap().block_on(opening).unwrap();
        let text = "mqtt = \"127.0.0.1:0\"\nalpn = \"off\"\nplaintext = \"127.0.0.1:0\"\n\
                    plaintext_auth = \"anonymous\"";
        Self::from_parts(text, broker)
    }

    fn from_text(text: &str) -> Self {
        Self::from_parts(text, Broker::new(BrokerLimits::default(), Arc::new(SystemClock)))
    }

    fn from_parts(text: &str, broker: Arc<Broker>) -> Self {
        let config: GatewayConfig = toml::from_str(text).unwrap();
        let runtime = Runtime::new().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "test CA");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let ca = issuer.der().clone();
        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &issuer).unwrap();
        let identity = ServerIdentity {
            chain: vec![server.der().clone()],
            key: PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
        };
        let registry = Arc::new(Registry {
            certificates: Mutex::default(),
            policies: Mutex::new(vec![policy("device", ALLOW_OWN)]),
            own_policies: Mutex::default(),
            is_exclusive: AtomicBool::new(true),
            is_hospitable: AtomicBool::new(false),
            changes: broadcast::channel(256).0,
        });
        let introductions = Arc::new(Introductions {
            registry: Arc::clone(&registry),
            presented: Mutex::default(),
        });
        let keys = Arc::new(Keys::default());
        let metrics = Arc::new(Metrics::default());
        let gate = tokio::sync::Semaphore::new(1000);
        let intake = Arc::new(Intake { gate, reports: Mutex::default() });
        let tap = Arc::new(Tap::default());
        assert!(broker.attach_tap(Arc::clone(&tap) as Arc<dyn MessageTap>));
        let parts = GatewayParts {
            directory: Arc::clone(&registry) as Arc<dyn Directory>,
            cloud_metrics: Arc::clone(&metrics) as Arc<dyn CloudMetrics>,
            reports: Arc::clone(&intake) as Arc<dyn ReportIntake>,
            broker: Arc::clone(&broker),
            clock: Arc::new(SystemClock),
            account: Account::default(),
            identity: Some(identity),
            access_keys: Some(Arc::clone(&keys) as Arc<dyn AccessKeys>),
            just_in_time: Some(Arc::clone(&introductions) as Arc<dyn JustInTime>),
            https: Some(router()),
        };
        let gateway = runtime
            .block_on(async {
                broker.start(&Tasks::new());
                Gateway::start(config, parts).await
            })
            .unwrap();
        let at = gateway.addresses();
        Self {
            runtime,
            gateway,
            at,
            registry,
            introductions,
            keys,
            metrics,
            intake,
            tap,
            broker,
            ca,
            issuer,
        }
    }

    /// A device with a registered, active certificate.
    pub(crate) fn device(&self) -> DeviceIdentity {
        let device = self.stranger();
        self.register(&device);
        device
    }

    fn register(&self, device: &DeviceIdentity) {
        let entry = CertificateEntry {
            id: device.id.clone(),
            status: CertificateStatus::Active,
            not_after: Timestamp::from_millis(i64::MAX),
        };
        self.registry.certificates.lock().unwrap().insert(device.id.clone(), entry);
    }

    /// A device whose certificate nobody registered.
    pub(crate) fn stranger(&self) -> DeviceIdentity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(Vec::<String>::new()).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        DeviceIdentity { id: picket_id(&certificate), certificate, key }
    }

    /// A registered device whose certificate is of version 1, as openssl makes them by default.
    pub(crate) fn old_device(&self) -> DeviceIdentity {
        let key = KeyPair::from_pem(include_str!("../corpus/version-1.key")).unwrap();
        let pem = include_str!("../corpus/version-1.pem");
        let certificate = CertificateDer::from(picket_pki::der_of(pem).unwrap());
        let device = DeviceIdentity { id: picket_id(&certificate), certificate, key };
        self.register(&device);
        device
    }

    /// Waits until `condition` holds.
    pub(crate) fn until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !condition() {
            assert!(Instant::now() < deadline, "not in time: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How many were refused for `reason`.
    pub(crate) fn refused(&self, reason: Refused) -> u64 {
        self.gateway.counters().refused.get(&reason).copied().unwrap_or(0)
    }

    /// The distinct lines that the counters hold for `identity`.
    pub(crate) fn counted(&self, identity: &str) -> HashSet<String> {
        let prefix = format!("{identity} ");
        let lines = self.metrics.lines();
        lines.iter().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
    }
}

fn picket_id(der: &CertificateDer<'_>) -> CertificateId {
    picket_pki::id_of_der(der)
}
