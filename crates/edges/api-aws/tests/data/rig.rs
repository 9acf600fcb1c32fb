//! A data endpoint over a real registry and broker, with one device.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use picket_api_aws::{AwsConfig, AwsDeps, DataPlane, DataPlaneParts, Endpoint, https_router};
use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, CertificateId, Clock as _, Secret, SystemClock, Tasks};
use picket_mitigate::{MitigateConfig, Mitigation};
use picket_notify::testsuite::MemoryStates;
use picket_pki::Authority;
use picket_ports::alarms::by_hand::AlarmsByHand;
use picket_ports::findings::by_hand::FindingsByHand;
use picket_ports::metric_history::by_hand::HistoryByHand;
use picket_ports::{
    AccessKeys as _, CloudMetrics, DeviceCounters, HttpPeer, KeyOwner, LogError, Message,
    MessageTap, Registry, ReportIntake, ReportPublish, ReportReply, SignerError, TapError,
};
use picket_registry::{
    AccessKeyBook, AttachmentKind, ControlParts, ControlPlane, LiveDirectory, NewRole, NewThing,
    RegistryLimits, RightsBook,
};
use picket_sqlite::SqliteRegistry;
use picket_wire_aws::TokenKey;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const POLICY: &str = "rights";

/// Writes down what it is told.
#[derive(Debug, Default)]
struct Witness {
    counts: Mutex<Vec<String>>,
    rules: Mutex<Vec<String>>,
}

#[async_trait]
impl MessageTap for Witness {
    fn wants(&self, _topic: &str) -> bool {
        true
    }

    async fn accept(&self, message: Arc<Message>) -> Result<(), TapError> {
        self.rules.lock().push(message.topic.as_ref().to_owned());
        Ok(())
    }
}

#[async_trait]
impl ReportIntake for Witness {
    async fn submit(&self, report: ReportPublish) -> Result<ReportReply, LogError> {
        assert_eq!(report.thing, "pump");
        if &*report.payload == b"unstorable" {
            return Err(LogError::DiskFull { log: "reports".to_owned() });
        }
        let document = json!({"statusDetails": {"ErrorMessage": "it is bad"}}).to_string();
        let accepted = &*report.payload == b"good";
        Ok(ReportReply { accepted, document: Bytes::from(document), trace: None })
    }
}

#[derive(Debug)]
struct Counters(Arc<Witness>);

impl CloudMetrics for Counters {
    fn device(&self, identity: &str) -> Arc<dyn DeviceCounters> {
        assert_eq!(identity, "pump");
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

impl DeviceCounters for Counters {
    fn connection_attempt(&self, _from: IpAddr) {}
    fn connected(&self, _from: IpAddr) {}
    fn disconnected(&self) {}
    fn authorization_failure(&self, topic: Option<&str>) {
        self.0.counts.lock().push(format!("denied {}", topic.unwrap_or_default()));
    }
    fn message_in(&self, topic: &str, payload_bytes: usize) {
        self.0.counts.lock().push(format!("in {topic} {payload_bytes}"));
    }
    fn message_out(&self, _topic: &str, _payload_bytes: usize) {}
}

pub(crate) struct Rig {
    pub(crate) broker: Arc<Broker>,
    pub(crate) certificate: CertificateId,
    control: Arc<ControlPlane>,
    keys: Arc<AccessKeyBook>,
    router: Router,
    witness: Arc<Witness>,
    target: String,
    _tasks: Tasks,
    _folder: tempfile::TempDir,
}

pub(crate) fn statement(effect: &str, action: &str, resource: &str) -> Value {
    let resource = format!("arn:aws:iot:us-east-1:000000000000:{resource}");
    json!({"Effect": effect, "Action": action, "Resource": resource})
}

impl Rig {
    /// The thing `pump`, whose certificate has a policy of `statements`.
    pub(crate) async fn new(statements: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
        let registry: Arc<dyn Registry> = Arc::new(opened);
        let (tasks, clock) = (Tasks::new(), Arc::new(SystemClock));
        let directory = LiveDirectory::follow(registry.clone(), &tasks).await.unwrap();
        let broker = Broker::new(BrokerLimits::default(), clock.clone());
        let witness = Arc::new(Witness::default());
        let control = Arc::new(ControlPlane::new(ControlParts {
            registry: registry.clone(),
            directory: directory.clone(),
            authority: Arc::new(Authority::generate(clock.now()).unwrap()),
            publish: broker.clone(),
            clock: clock.clone(),
            account: Account::default(),
            limits: RegistryLimits::default(),
        }));
        let data = DataPlane::new(DataPlaneParts {
            publish: broker.clone(),
            rules: witness.clone(),
            reports: witness.clone(),
            connections: broker.clone(),
            retained: broker.clone(),
            cloud_metrics: Arc::new(Counters(witness.clone())),
            directory: directory.clone(),
            rights: Arc::new(RightsBook::new(directory, Account::default())),
        });
        let notify = picket_notify::testsuite::engine(registry.clone(), clock.clone(), &tasks);
        let notify = notify.await.unwrap();
        let mitigation = picket_mitigate::Dependencies {
            registry: registry.clone(),
            states: Arc::new(MemoryStates::default()),
            remedies: control.clone(),
            alarms: Arc::new(AlarmsByHand::default()),
            findings: Arc::new(FindingsByHand::default()),
            notify: notify.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            account: Account::default(),
        };
        let mitigation = Mitigation::open(MitigateConfig::default(), mitigation).await.unwrap();
        let keys = AccessKeyBook::follow(registry, &tasks).await.unwrap();
        keys.seal_sessions_with([9; 32]);
        let endpoint = Endpoint::new(
            AwsConfig::default(),
            AwsDeps {
                control: control.clone(),
                keys: keys.clone(),
                clock,
                tasks: tasks.clone(),
                token_key: TokenKey::new([7; 32]),
                data,
                alarms: Arc::new(AlarmsByHand::default()),
                metric_history: Arc::new(HistoryByHand::default()),
                notify,
                mitigation,
            },
        );
        let (certificate, target) = device(&control, statements).await;
        let router = https_router(endpoint);
        let (_tasks, _folder) = (tasks, folder);
        Self { broker, certificate, control, keys, router, witness, target, _tasks, _folder }
    }

    pub(crate) async fn detach_policy(&self) {
        self.control.detach_policy(POLICY, &self.target).await.unwrap();
    }

    /// The role `r`, which trusts the service `trusted`, behind the alias `a`.
    pub(crate) async fn role_alias(&self, trusted: &str) {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}]});
        let role =
            NewRole { name: "r".to_owned(), trust_policy: trust.to_string(), ..NewRole::default() };
        self.control.create_role(role).await.unwrap();
        let arn = "arn:aws:iam::000000000000:role/r";
        self.control.create_role_alias("a", arn, None, &[]).await.unwrap();
        self.keys.caught_up(*self.control.registry().revision().borrow()).await;
    }

    /// Who the credentials are of, now.
    pub(crate) fn who(&self, credentials: &Value) -> Result<KeyOwner, SignerError> {
        let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
        let token = Secret::new(text("sessionToken"));
        self.keys.session(&text("accessKeyId"), &token, SystemClock.now())
    }

    /// What the thing was charged with.
    pub(crate) fn counts(&self) -> Vec<String> {
        self.witness.counts.lock().clone()
    }

    pub(crate) fn seen_by_rules(&self) -> Vec<String> {
        self.witness.rules.lock().clone()
    }

    /// A request of the device over a connection on which it has proven its certificate.
    pub(crate) async fn device(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.send(request, Some(self.certificate.clone())).await
    }

    /// A request without a certificate and without a signature.
    pub(crate) async fn stranger(&self, method: &str, target: &str, body: &str) -> Reply {
        let request = Request::builder().method(method).uri(target);
        self.send(request.body(Body::from(body.to_owned())).unwrap(), None).await
    }

    async fn send(&self, mut request: Request<Body>, certificate: Option<CertificateId>) -> Reply {
        let address = ([192, 0, 2, 7], 50_000).into();
        request.extensions_mut().insert(HttpPeer { address, certificate });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let error = response.headers().get("x-amzn-errortype").cloned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("JSON: {body:?}"));
        let error = error.map(|error| error.to_str().unwrap().to_owned());
        Reply { status, body, error }
    }
}

async fn device(control: &ControlPlane, statements: &[Value]) -> (CertificateId, String) {
    let keys = control.create_keys_and_certificate(true).await.unwrap();
    let certificate = keys.certificate.id.clone();
    let target = control.certificate_arn(&certificate);
    let new = NewThing {
        name: "pump".to_owned(),
        type_name: None,
        billing_group: None,
        attributes: Default::default(),
    };
    control.create_thing(new).await.unwrap();
    control.attach_thing_principal("pump", &target, AttachmentKind::Exclusive).await.unwrap();
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    control.create_policy(POLICY, &document, &[]).await.unwrap();
    control.attach_policy(POLICY, &target).await.unwrap();
    (certificate, target)
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    error: Option<String>,
}

impl Reply {
    pub(crate) fn is_error(&self, status: u16, code: &str, words: &str) {
        assert_eq!((self.status, self.error.as_deref()), (status, Some(code)), "{}", self.body);
        let message = self.body["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
}
