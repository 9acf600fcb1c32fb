//! What the console works with besides the engines: the control plane over a real registry, and a broker.

use std::sync::Arc;

use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, Clock, Tasks};
use picket_pki::Authority;
use picket_ports::Registry;
use picket_ports::connection_log::{ConnectionEvent, ConnectionLog, ConnectionLogFilter};
use picket_registry::{ControlParts, ControlPlane, LiveDirectory, RegistryLimits};

/// The front door's log before anybody has come.
#[derive(Debug)]
pub(crate) struct EmptyLog;

impl ConnectionLog for EmptyLog {
    fn recent(&self, _: &ConnectionLogFilter, _: usize) -> Vec<ConnectionEvent> {
        Vec::new()
    }

    fn last(&self, _: &str) -> Option<ConnectionEvent> {
        None
    }
}

pub(crate) fn broker(clock: Arc<dyn Clock>, tasks: &Tasks) -> Arc<Broker> {
    let broker = Broker::new(BrokerLimits::default(), clock);
    broker.start(tasks);
    broker
}

pub(crate) async fn control(
    registry: Arc<dyn Registry>,
    broker: &Arc<Broker>,
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> Arc<ControlPlane> {
    let directory = LiveDirectory::follow(registry.clone(), tasks).await.unwrap();
    Arc::new(ControlPlane::new(ControlParts {
        registry,
        directory,
        authority: Arc::new(Authority::generate(clock.now()).unwrap()),
        publish: broker.clone(),
        clock,
        account: Account::default(),
        limits: RegistryLimits::default(),
    }))
}
