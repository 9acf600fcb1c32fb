//! Stand-ins for the parts of the server that an endpoint alone has not. Also used by the example.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use picket_api_aws::{AwsDeps, DataPlane, DataPlaneParts};
use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, Clock, SystemClock, Tasks};
use picket_mitigate::{MitigateConfig, Mitigation};
use picket_notify::testsuite::MemoryStates;
use picket_pki::Authority;
use picket_ports::findings::by_hand::FindingsByHand;
use picket_ports::metric_history::by_hand::HistoryByHand;
use picket_ports::registry::DocumentKind;
use picket_ports::{
    Alarms, CloudMetrics, DeviceCounters, LogError, Message, MessageTap, Registry, ReportIntake,
    ReportPublish, ReportReply, TapError,
};
use picket_registry::{
    AccessKeyBook, ControlParts, ControlPlane, LiveDirectory, NewAccessKey, RegistryLimits,
    RightsBook, create_access_key,
};
use picket_wire_aws::TokenKey;

/// No rules, no detection, no counting.
#[derive(Debug)]
struct Absent;

#[async_trait]
impl MessageTap for Absent {
    fn wants(&self, _topic: &str) -> bool {
        false
    }

    async fn accept(&self, _message: Arc<Message>) -> Result<(), TapError> {
        Ok(())
    }
}

#[async_trait]
impl ReportIntake for Absent {
    async fn submit(&self, report: ReportPublish) -> Result<ReportReply, LogError> {
        tracing::info!(thing = %report.thing, "a report came in");
        Ok(ReportReply { accepted: true, document: Bytes::from_static(b"{}"), trace: None })
    }
}

impl CloudMetrics for Absent {
    fn device(&self, _identity: &str) -> Arc<dyn DeviceCounters> {
        Arc::new(Self)
    }
}

impl DeviceCounters for Absent {
    fn connection_attempt(&self, _from: IpAddr) {}
    fn connected(&self, _from: IpAddr) {}
    fn disconnected(&self) {}
    fn authorization_failure(&self, topic: Option<&str>) {
        tracing::info!(topic, "denied");
    }
    fn message_in(&self, _topic: &str, _payload_bytes: usize) {}
    fn message_out(&self, _topic: &str, _payload_bytes: usize) {}
}

/// What an endpoint over `registry`, `alarms` and `findings` works with.
pub(crate) async fn deps(
    registry: &Arc<dyn Registry>,
    (alarms, findings): (Arc<dyn Alarms>, Arc<FindingsByHand>),
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> AwsDeps {
    let directory = LiveDirectory::follow(registry.clone(), tasks).await.unwrap();
    let broker = Broker::new(BrokerLimits::default(), clock.clone());
    broker.start(tasks);
    let data = DataPlane::new(DataPlaneParts {
        publish: broker.clone(),
        rules: Arc::new(Absent),
        reports: Arc::new(Absent),
        connections: broker.clone(),
        retained: broker.clone(),
        cloud_metrics: Arc::new(Absent),
        directory: directory.clone(),
        rights: Arc::new(RightsBook::new(directory.clone(), Account::default())),
    });
    let control = Arc::new(ControlPlane::new(ControlParts {
        registry: registry.clone(),
        directory,
        authority: Arc::new(Authority::generate(clock.now()).unwrap()),
        publish: broker,
        clock: clock.clone(),
        account: Account::default(),
        limits: RegistryLimits::default(),
    }));
    let notify = picket_notify::testsuite::engine(registry.clone(), clock.clone(), tasks);
    let notify = notify.await.unwrap();
    let mitigation = picket_mitigate::Dependencies {
        registry: registry.clone(),
        states: Arc::new(MemoryStates::default()),
        remedies: control.clone(),
        alarms: alarms.clone(),
        findings,
        notify: notify.clone(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        account: Account::default(),
    };
    let keys = AccessKeyBook::follow(registry.clone(), tasks).await.unwrap();
    keys.seal_sessions_with([9; 32]);
    AwsDeps {
        control,
        keys,
        clock,
        tasks: tasks.clone(),
        token_key: TokenKey::new([7; 32]),
        data,
        alarms,
        metric_history: Arc::new(HistoryByHand::default()),
        notify,
        mitigation: Mitigation::open(MitigateConfig::default(), mitigation).await.unwrap(),
    }
}

/// A user named like their role, who cannot log in to the console, with an access key.
pub(crate) async fn user(registry: &dyn Registry, role: &str) -> NewAccessKey {
    let body = serde_json::json!({"format": "1", "password_hash": "!", "role": role}).to_string();
    let now = SystemClock.now();
    registry.create_document(DocumentKind::User, role, &body, now).await.unwrap();
    create_access_key(registry, &SystemClock, role).await.unwrap()
}
