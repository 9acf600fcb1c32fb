//! A broker on the plaintext port alone, for conformance suites and for trying clients by hand:
//! `cargo run --release -p picket-gateway --example plaintext -- 127.0.0.1:1883`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, CertificateId, SystemClock, Tasks};
use picket_gateway::{Gateway, GatewayConfig, GatewayParts, ListenAddress, PlaintextAuth};
use picket_ports::directory::{CertificateEntry, DirectoryChange, Principal};
use picket_ports::{
    CloudMetrics, DeviceCounters, Directory, LogError, ReportIntake, ReportPublish, ReportReply,
};
use tokio::sync::broadcast;

/// Knows nobody, counts nothing; reports cannot come in without a certificate.
#[derive(Debug)]
struct Nobody(broadcast::Sender<DirectoryChange>);

impl Directory for Nobody {
    fn certificate(&self, _id: &CertificateId) -> Option<CertificateEntry> {
        None
    }
    fn principal(&self, _certificate: &CertificateId, _client_id: &str) -> Principal {
        Principal::default()
    }
    fn is_registered(&self, _name: &str) -> bool {
        false
    }
    fn groups_of(&self, _thing: &str) -> Vec<String> {
        Vec::new()
    }
    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        self.0.subscribe()
    }
}

impl CloudMetrics for Nobody {
    fn device(&self, _identity: &str) -> Arc<dyn DeviceCounters> {
        Arc::new(Self(self.0.clone()))
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
        let cause = "this server keeps no reports".to_owned();
        Err(LogError::Storage { log: "reports".to_owned(), cause })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: SocketAddr =
        std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:1883".to_owned()).parse()?;
    let config = GatewayConfig {
        mqtt: ListenAddress::OFF,
        alpn: ListenAddress::OFF,
        plaintext: ListenAddress::on(address),
        plaintext_auth: PlaintextAuth::Anonymous,
        plaintext_deny_subscribe: vec!["test/nosubscribe".to_owned()],
        ..GatewayConfig::default()
    };
    let nobody = Arc::new(Nobody(broadcast::channel(1).0));
    let (tasks, clock) = (Tasks::new(), Arc::new(SystemClock));
    let broker = Broker::new(BrokerLimits::default(), clock.clone());
    broker.start(&tasks);
    let parts = GatewayParts {
        directory: nobody.clone(),
        cloud_metrics: nobody.clone(),
        reports: nobody,
        broker,
        clock,
        account: Account::default(),
        identity: None,
        access_keys: None,
        just_in_time: None,
        https: None,
    };
    let gateway = Gateway::start(config, parts).await?;
    tokio::signal::ctrl_c().await?;
    gateway.shut_down(Duration::from_secs(5)).await;
    tasks.shut_down(Duration::from_secs(1)).await;
    Ok(())
}
