//! What follows an alarm: those who asked are told, and mitigation does what an operator approves.

use std::sync::Arc;

use picket_audit::FindingBook;
use picket_broker::Broker;
use picket_delivery::DeliveryEngine;
use picket_detect::DetectEngine;
use picket_mitigate::Mitigation;
use picket_notify::NotifyEngine;

use super::control::Control;
use super::{Ground, StartError};
use crate::config::Config;

const NOTIFICATIONS: &str = "notifications";
const MITIGATION: &str = "mitigation";

/// Notification topics. Nothing is delivered before [`NotifyEngine::start`].
pub(super) async fn open_notify(
    config: &Config,
    ground: &Ground,
    (broker, delivery): (&Arc<Broker>, &Arc<DeliveryEngine>),
) -> Result<Arc<NotifyEngine>, StartError> {
    let deps = picket_notify::Dependencies {
        registry: ground.storage.registry.clone(),
        states: ground.storage.store.clone(),
        publish: broker.clone(),
        delivery: delivery.clone(),
        extra_roots: vec![ground.identity.authority.certificate_pem().to_owned()],
        account: config.account.clone(),
        clock: ground.clock.clone(),
        tasks: ground.scopes.delivery.clone(),
    };
    NotifyEngine::open(config.notify.clone(), deps).await.map_err(StartError::of(NOTIFICATIONS))
}

/// Mitigation; goes on with the tasks that a stop interrupted.
pub(super) async fn open_mitigation(
    config: &Config,
    ground: &Ground,
    control: &Control,
    (detect, notify): (&Arc<DetectEngine>, &Arc<NotifyEngine>),
) -> Result<Arc<Mitigation>, StartError> {
    let (states, tasks) = (&ground.storage.store, &ground.scopes.detect);
    let findings = FindingBook::open(&**states, ground.clock.clone(), tasks)
        .await
        .map_err(StartError::of(MITIGATION))?;
    let deps = picket_mitigate::Dependencies {
        registry: ground.storage.registry.clone(),
        states: states.clone(),
        remedies: control.plane.clone(),
        alarms: detect.clone(),
        findings,
        notify: notify.clone(),
        clock: ground.clock.clone(),
        tasks: tasks.clone(),
        account: config.account.clone(),
    };
    Mitigation::open(config.mitigation.clone(), deps).await.map_err(StartError::of(MITIGATION))
}
