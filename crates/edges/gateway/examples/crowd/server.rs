//! The front door with a registry in memory.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, CertificateId, PolicyName, SystemClock, Tasks, ThingName, Timestamp};
use picket_gateway::{Gateway, GatewayConfig, GatewayParts, ServerIdentity};
use picket_ports::directory::{
    CertificateEntry, DirectoryChange, PolicyText, Principal, ThingEntry,
};
use picket_ports::registry::CertificateStatus;
use picket_ports::{
    CloudMetrics, DeviceCounters, Directory, LogError, ReportIntake, ReportPublish, ReportReply,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use crate::Failure;

const CONFIG: &str = "mqtt = \"127.0.0.1:0\"\nalpn = \"off\"\nconnections_per_address_max = 100000";

/// Ten statements, as a fleet's policy may have.
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/${iot:Connection.Thing.ThingName}"},
{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:*:*:topic/fleet/${iot:ClientId}/a/*"},
{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:*:*:topic/fleet/${iot:ClientId}/b/*"},
{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:*:*:topic/fleet/${iot:ClientId}/c/*"},
{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:*:*:topic/$aws/things/${iot:ClientId}/defender/*"},
{"Effect":"Allow","Action":"iot:Receive","Resource":"arn:aws:iot:*:*:topic/fleet/${iot:ClientId}/*"},
{"Effect":"Allow","Action":"iot:Receive","Resource":"arn:aws:iot:*:*:topic/$aws/things/${iot:ClientId}/*"},
{"Effect":"Allow","Action":"SUBSCRIBE","Resource":"arn:aws:iot:*:*:topicfilter/fleet/${iot:ClientId}/*"},
{"Effect":"Allow","Action":"SUBSCRIBE","Resource":"arn:aws:iot:*:*:topicfilter/$aws/things/${iot:ClientId}/*"},
{"Effect":"Deny","Action":"iot:Connect","Resource":"arn:aws:iot:*:*:client/banned-*"}]}"#;

#[derive(Debug)]
struct Registry {
    certificates: Mutex<HashMap<CertificateId, CertificateEntry>>,
    policy: Mutex<Arc<PolicyText>>,
    changes: broadcast::Sender<DirectoryChange>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn policy(may_subscribe: bool) -> Result<Arc<PolicyText>, Failure> {
    let action = if may_subscribe { "iot:Subscribe" } else { "iot:GetThingShadow" };
    let document = POLICY.replace("SUBSCRIBE", action);
    Ok(Arc::new(PolicyText { name: PolicyName::new("fleet")?, document }))
}

impl Directory for Registry {
    fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        locked(&self.certificates).get(id).cloned()
    }

    fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        let thing = ThingName::new(client_id)
            .ok()
            .map(|name| Arc::new(ThingEntry { name, type_name: None, attributes: Vec::new() }));
        Principal {
            certificate: Some(certificate.clone()),
            thing,
            is_exclusive: false,
            policies: vec![Arc::clone(&locked(&self.policy))],
        }
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

/// Counts nothing and keeps no reports.
#[derive(Debug)]
struct Nobody;

impl CloudMetrics for Nobody {
    fn device(&self, _identity: &str) -> Arc<dyn DeviceCounters> {
        Arc::new(Self)
    }
}

impl DeviceCounters for Nobody {
    fn connection_attempt(&self, _from: IpAddr) {}
    fn connected(&self, _from: IpAddr) {}
    fn disconnected(&self) {}
    fn authorization_failure(&self, _topic: Option<&str>) {}
    fn message_in(&self, _topic: &str, _payload_bytes: usize) {}
    fn message_out(&self, _topic: &str, _payload_bytes: usize) {}
}

#[async_trait]
impl ReportIntake for Nobody {
    async fn submit(&self, _report: ReportPublish) -> Result<ReportReply, LogError> {
        Ok(ReportReply { accepted: true, document: Bytes::new(), trace: None })
    }
}

pub(crate) struct Server {
    // Last to go, as the gateway's tasks run on it.
    gateway: Gateway,
    broker: Arc<Broker>,
    registry: Arc<Registry>,
    names: Vec<String>,
    _runtime: Runtime,
}

impl Server {
    /// Starts with `count` devices, whose keys are left in `directory`.
    pub(crate) fn start(count: usize, directory: &Path) -> Result<Self, Failure> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let own = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &issuer)?;
        let identity = ServerIdentity {
            chain: vec![own.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der())?,
        };
        let mut certificates = HashMap::new();
        let mut keys = std::fs::File::create(directory.join("devices"))?;
        std::fs::write(directory.join("ca"), issuer.der())?;
        for _ in 0..count {
            let key = KeyPair::generate()?;
            let params = CertificateParams::new(Vec::<String>::new())?;
            let der = params.signed_by(&key, &issuer)?.der().clone();
            for part in [der.as_ref(), &key.serialize_der()] {
                keys.write_all(&u32::try_from(part.len())?.to_be_bytes())?;
                keys.write_all(part)?;
            }
            let id = picket_pki::id_of_der(&der);
            let status = CertificateStatus::Active;
            let not_after = Timestamp::from_millis(i64::MAX);
            certificates.insert(id.clone(), CertificateEntry { id, status, not_after });
        }
        let registry = Arc::new(Registry {
            certificates: Mutex::new(certificates),
            policy: Mutex::new(policy(true)?),
            changes: broadcast::channel(1024).0,
        });
        let runtime = Runtime::new()?;
        let broker = Broker::new(BrokerLimits::default(), Arc::new(SystemClock));
        let parts = GatewayParts {
            directory: registry.clone(),
            cloud_metrics: Arc::new(Nobody),
            reports: Arc::new(Nobody),
            broker: Arc::clone(&broker),
            clock: Arc::new(SystemClock),
            account: Account::default(),
            identity: Some(identity),
            access_keys: None,
            just_in_time: None,
            https: None,
        };
        let config: GatewayConfig = toml::from_str(CONFIG)?;
        let gateway = runtime.block_on(async {
            broker.start(&Tasks::new());
            Gateway::start(config, parts).await
        })?;
        let names = (0..count).map(|n| format!("device-{n}")).collect();
        Ok(Self { gateway, broker, registry, names, _runtime: runtime })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.gateway.addresses().mqtt.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Waits until every device would get a message, or none would.
    pub(crate) fn until_subscribed(&self, wanted: bool) -> Result<(), Failure> {
        let left = std::cell::RefCell::new(self.names.clone());
        let is_reached = |name: &String| self.broker.has_audience(&format!("fleet/{name}/x"));
        self.until("subscriptions", || {
            let mut left = left.borrow_mut();
            // Those that have been seen to be as wanted are not asked again: that costs, too.
            while left.last().is_some_and(|name| is_reached(name) == wanted) {
                left.pop();
            }
            left.is_empty()
        })
    }

    /// Sessions let in.
    pub(crate) fn sessions(&self) -> usize {
        usize::try_from(self.gateway.counters().sessions).unwrap_or(usize::MAX)
    }

    pub(crate) fn open(&self) -> usize {
        self.gateway.counters().open
    }

    pub(crate) fn allow_no_subscriptions(&self) {
        if let Ok(policy) = policy(false) {
            *locked(&self.registry.policy) = policy;
        }
        drop(self.registry.changes.send(DirectoryChange::Rights));
    }

    pub(crate) fn revoke_all(&self) {
        let ids: Vec<CertificateId> = {
            let mut certificates = locked(&self.registry.certificates);
            let revoke = |entry: &mut CertificateEntry| entry.status = CertificateStatus::Revoked;
            certificates.values_mut().for_each(revoke);
            certificates.keys().cloned().collect()
        };
        for id in ids {
            drop(self.registry.changes.send(DirectoryChange::Certificate(id)));
        }
    }

    pub(crate) fn until(&self, what: &str, condition: impl Fn() -> bool) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(300);
        while !condition() {
            if Instant::now() > deadline {
                return Err(
                    format!("not in five minutes: {what}; {:?}", self.gateway.counters()).into()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}
