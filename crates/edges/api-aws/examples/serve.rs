//! The AWS endpoint over a new, temporary registry, for trying operations with boto3 or awscli:
//! `cargo run -p picket-api-aws --example serve [PORT]`. It prints one line of JSON: the address, the key of
//! an admin, and that of a viewer.
//!
//! Nothing here is part of the product.

#![expect(clippy::unwrap_used, reason = "an example that cannot start may panic")]
#![expect(clippy::print_stdout, reason = "the line is what scripts read")]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use picket_api_aws::{AwsConfig, AwsDeps, AwsServer, DataPlane, DataPlaneParts};
use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, Clock as _, SystemClock, Tasks};
use picket_pki::Authority;
use picket_ports::registry::DocumentKind;
use picket_ports::{
    CloudMetrics, DeviceCounters, LogError, Message, MessageTap, Registry, ReportIntake,
    ReportPublish, ReportReply, TapError,
};
use picket_registry::{
    AccessKeyBook, ControlParts, ControlPlane, LiveDirectory, NewAccessKey, RegistryLimits,
    RightsBook, create_access_key,
};
use picket_sqlite::SqliteRegistry;
use picket_wire_aws::TokenKey;

/// Stands for the parts that an endpoint alone has not: no rules, no detection, no counting.
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

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let folder = tempfile::tempdir().unwrap();
    let opened = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
    let registry: Arc<dyn Registry> = Arc::new(opened);
    let tasks = Tasks::new();
    let admin = user(&*registry, "admin").await;
    let viewer = user(&*registry, "viewer").await;
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let config = AwsConfig { listen: ([127, 0, 0, 1], port).into(), ..AwsConfig::default() };
    let deps = deps(&registry, &tasks).await;
    let server = AwsServer::bind(config, deps).await.unwrap();
    let line = serde_json::json!({
        "endpoint_url": server.url(),
        "access_key_id": admin.key.id,
        "secret_access_key": admin.secret.expose(),
        "viewer_access_key_id": viewer.key.id,
        "viewer_secret_access_key": viewer.secret.expose(),
    });
    println!("{line}");
    tokio::signal::ctrl_c().await.unwrap();
    for figures in server.endpoint().snapshot() {
        tracing::info!(?figures);
    }
    tasks.shut_down(Duration::from_secs(2)).await;
}

async fn deps(registry: &Arc<dyn Registry>, tasks: &Tasks) -> AwsDeps {
    let clock = Arc::new(SystemClock);
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
    let control = ControlPlane::new(ControlParts {
        registry: registry.clone(),
        directory,
        authority: Arc::new(Authority::generate(clock.now()).unwrap()),
        publish: broker,
        clock: clock.clone(),
        account: Account::default(),
        limits: RegistryLimits::default(),
    });
    AwsDeps {
        control: Arc::new(control),
        keys: AccessKeyBook::follow(registry.clone(), tasks).await.unwrap(),
        clock,
        tasks: tasks.clone(),
        token_key: TokenKey::new([7; 32]),
        data,
    }
}

/// A user named like their role, who cannot log in to the console.
async fn user(registry: &dyn Registry, role: &str) -> NewAccessKey {
    let body = serde_json::json!({"format": "1", "password_hash": "!", "role": role}).to_string();
    let now = SystemClock.now();
    registry.create_document(DocumentKind::User, role, &body, now).await.unwrap();
    create_access_key(registry, &SystemClock, role).await.unwrap()
}
