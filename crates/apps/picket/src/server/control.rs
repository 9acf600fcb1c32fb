//! The control plane and the AWS endpoint in front of it.

use std::sync::Arc;

use picket_api_aws::{AwsDeps, AwsServer, DataPlane, DataPlaneParts};
use picket_api_console::Role;
use picket_broker::Broker;
use picket_detect::DetectEngine;
use picket_mitigate::Mitigation;
use picket_notify::NotifyEngine;
use picket_ports::{EventIndex, IotLog, Registry};
use picket_registry::{AccessKeyBook, ControlParts, ControlPlane, IotLogs};
use picket_rules::RulesEngine;

use super::{ADMIN, Back, Ground, StartError, quickstart};
use crate::config::Config;
use crate::credentials::AwsAccess;

const PART: &str = "the AWS endpoint";

/// Who may change the registry, and by which rules.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) plane: Arc<ControlPlane>,
    pub(super) keys: Arc<AccessKeyBook>,
}

/// The engines that messages sent over HTTP go to.
pub(super) struct Engines<'a> {
    pub(super) broker: &'a Arc<Broker>,
    pub(super) detect: &'a Arc<DetectEngine>,
    pub(super) rules: &'a Arc<RulesEngine>,
    pub(super) notify: &'a Arc<NotifyEngine>,
    pub(super) mitigation: &'a Arc<Mitigation>,
}

/// The control plane, and the first user with their access key. Events go out by `broker`.
pub(super) async fn open(
    config: &Config,
    ground: &Ground,
    broker: &Arc<Broker>,
) -> Result<Control, StartError> {
    let registry: Arc<dyn Registry> = ground.storage.registry.clone();
    let plane = ControlPlane::new(ControlParts {
        registry: registry.clone(),
        directory: ground.directory.clone(),
        authority: ground.identity.authority.clone(),
        publish: broker.clone(),
        clock: ground.clock.clone(),
        account: config.account.clone(),
        limits: config.registry.clone(),
    });
    let (clock, secrets) = (&*ground.clock, &ground.secrets);
    let password = &secrets.console_password;
    picket_api_console::ensure_user(&*registry, clock, ADMIN, password, Role::Admin)
        .await
        .map_err(StartError::of("the first user"))?;
    let (id, secret) = (&secrets.access_key_id, &secrets.secret_access_key);
    picket_registry::ensure_access_key(&*registry, clock, ADMIN, id, secret)
        .await
        .map_err(StartError::of("the first access key"))?;
    let keys =
        AccessKeyBook::follow(registry, &ground.scopes.base).await.map_err(StartError::of(PART))?;
    let token_key = ground.secrets.token_key().map_err(StartError::of(PART))?;
    keys.seal_sessions_with(token_key.derive("sessions of roles"));
    Ok(Control { plane: Arc::new(plane), keys })
}

/// Serves the endpoint.
pub(super) async fn serve(
    config: &Config,
    ground: &Ground,
    control: &Control,
    engines: &Engines<'_>,
) -> Result<AwsServer, StartError> {
    let data = DataPlane::new(DataPlaneParts {
        publish: engines.broker.clone(),
        rules: engines.rules.clone(),
        reports: engines.detect.clone(),
        connections: engines.broker.clone(),
        retained: engines.broker.clone(),
        cloud_metrics: engines.detect.clone(),
        directory: ground.directory.clone(),
        rights: control.plane.rights().clone(),
    });
    let deps = AwsDeps {
        control: control.plane.clone(),
        keys: control.keys.clone(),
        clock: ground.clock.clone(),
        tasks: ground.scopes.console.clone(),
        token_key: ground.secrets.token_key().map_err(StartError::of(PART))?,
        data,
        alarms: engines.detect.clone(),
        metric_history: engines.detect.clone(),
        notify: engines.notify.clone(),
        mitigation: engines.mitigation.clone(),
    };
    AwsServer::bind(config.aws.clone(), deps).await.map_err(StartError::of(PART))
}

/// The log of what devices do, as operators have it switched on, in the SIEM.
pub(super) async fn log_iot(
    ground: &Ground,
    control: &Control,
    back: &Back,
) -> Result<Arc<dyn IotLog>, StartError> {
    let into: (Arc<dyn EventIndex>, _) = (Arc::new(back.siem.clone()), quickstart::INDEX);
    let logs = IotLogs::start(control.plane.clone(), into, &ground.scopes.delivery);
    Ok(logs.await.map_err(StartError::of("the IoT log"))?)
}

/// How clients on this machine reach it.
pub(super) fn access(config: &Config, ground: &Ground, server: &AwsServer) -> AwsAccess {
    AwsAccess {
        endpoint_url: server.url(),
        region: config.account.region.clone(),
        account_id: config.account.id.clone(),
        access_key_id: ground.secrets.access_key_id.clone(),
        secret_access_key: ground.secrets.secret_access_key.clone(),
    }
}
