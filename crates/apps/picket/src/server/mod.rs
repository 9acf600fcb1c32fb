//! Wiring: opens the stores, starts the engines in the order of the line, and takes them down again.
//!
//! This is the one place that knows which adapter stands behind which port.

mod admin;
mod alarm_events;
mod control;
mod demo;
mod identity;
mod line;
mod quickstart;
mod response;
mod secrets;
mod storage;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use picket_api_aws::AwsServer;
use picket_api_console::{ConsoleDeps, ConsoleServer, FrontDoor};
use picket_api_splunk::{HecDeps, HecServer};
use picket_broker::Broker;
use picket_core::{Clock, SystemClock, Tasks};
use picket_delivery::{DeliveryConfig, DeliveryDeps, DeliveryEngine};
use picket_detect::{Dependencies as DetectDeps, DetectEngine};
use picket_gateway::{Gateway, GatewayParts};
use picket_mitigate::Mitigation;
use picket_notify::{DeviceAlerts, NotifyEngine};
use picket_ports::{AlarmListener, Delivery, Directory, MessageTap, Publish, Registry};
use picket_registry::{Enroller, EnrollmentDefaults, LiveDirectory};
use picket_rules::{RulesEngine, RulesParts};
use picket_siem::{Siem, SiemDeps};

use crate::config::Config;
use crate::credentials::{AdminAccess, ConsoleAccess, Credentials, HecAccess, MqttAccess};

use alarm_events::AlarmEvents;
use control::{Control, Engines};
pub(crate) use demo::DemoPlan;
use identity::Identity;
use line::Line;
use secrets::Secrets;
use storage::Storage;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[error("the start failed at {part}")]
pub(crate) struct StartError {
    /// The part, for example `the gateway`.
    part: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StartError {
    fn of<E: std::error::Error + Send + Sync + 'static>(
        part: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |error| Self { part, source: Box::new(error) }
    }
}

/// The scopes of tasks, in the order in which they are told to stop: who feeds others goes first.
#[derive(Debug, Default)]
struct Scopes {
    simulation: Tasks,
    console: Tasks,
    detect: Tasks,
    delivery: Tasks,
    hec: Tasks,
    siem: Tasks,
    base: Tasks,
}

impl Scopes {
    fn all(&self) -> Vec<Tasks> {
        let Self { simulation, console, detect, delivery, hec, siem, base } = self;
        [simulation, console, detect, delivery, hec, siem, base].map(Clone::clone).to_vec()
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// What was written into `credentials.json`.
    pub(crate) credentials: Credentials,
    data: PathBuf,
    readiness: admin::Readiness,
    scopes: Scopes,
    line: Arc<Line>,
    enroller: Arc<Enroller>,
    clock: Arc<dyn Clock>,
    storage: Storage,
}

/// The parts that exist before anything listens.
struct Ground {
    data: PathBuf,
    storage: Storage,
    identity: Identity,
    directory: Arc<LiveDirectory>,
    clock: Arc<dyn Clock>,
    scopes: Scopes,
    secrets: Secrets,
    /// Whether no start has succeeded before.
    is_first_start: bool,
}

/// The SIEM and its event collector.
struct Back {
    siem: Siem,
    hec: Arc<HecServer>,
}

/// From the front door to the delivery streams.
struct Front {
    control: Control,
    aws: AwsServer,
    gateway: Arc<Gateway>,
    broker: Arc<Broker>,
    detect: Arc<DetectEngine>,
    rules: Arc<RulesEngine>,
    delivery: Arc<DeliveryEngine>,
    notify: Arc<NotifyEngine>,
    mitigation: Arc<Mitigation>,
}

impl Server {
    /// Starts every part over the data directory `data`. Ready when this resolves.
    pub(crate) async fn start(config: Config, data: &Path) -> Result<Self, StartError> {
        let ground = lay_ground(&config, data).await?;
        let back = start_back(&config, &ground).await?;
        provision(&config, &ground, &back).await?;
        let front = start_front(&config, &ground, &back).await?;
        let (control, aws) = (front.control, front.aws);
        let line = Arc::new(Line {
            gateway: front.gateway,
            broker: front.broker,
            detect: front.detect,
            rules: front.rules,
            delivery: front.delivery,
            notify: front.notify,
            mitigation: front.mitigation,
            hec: back.hec,
            siem: back.siem,
            aws: aws.endpoint().clone(),
            scopes: ground.scopes.all(),
        });
        let readiness = admin::Readiness::default();
        let admin_scope = &ground.scopes.base;
        let admin = admin::serve(config.admin.listen, readiness.clone(), line.clone(), admin_scope)
            .await
            .map_err(StartError::of("the admin listener"))?;
        let enroller = Arc::new(enroller(&control)?);
        let console = start_console(&config, &ground, &line, &control, &enroller).await?;
        let credentials = Credentials {
            console: ConsoleAccess {
                url: format!("http://{console}"),
                username: ADMIN.to_owned(),
                password: ground.secrets.console_password.clone(),
            },
            aws: control::access(&config, &ground, &aws),
            hec: HecAccess {
                url: line.hec.url(),
                token: ground.secrets.hec_token.clone(),
                index: quickstart::INDEX.to_owned(),
            },
            mqtt: mqtt_access(&line.gateway, &ground.identity),
            admin: AdminAccess { url: format!("http://{admin}") },
        };
        credentials.write(data).map_err(StartError::of("the credentials file"))?;
        readiness.set(true);
        let Ground { data, storage, scopes, clock, .. } = ground;
        Ok(Self { credentials, data, readiness, scopes, line, enroller, clock, storage })
    }

    /// Starts a simulated fleet of this server's own.
    pub(crate) async fn start_demo(&self, plan: DemoPlan) -> Result<(), StartError> {
        demo::start(self, plan).await.map_err(StartError::of("the simulated fleet"))
    }

    /// Takes everything down: the doors first, the stores last. What was acknowledged is durable already,
    /// so a phase that is late costs nothing but a longer next start.
    pub(crate) async fn stop(self) {
        self.readiness.set(false);
        let scopes = &self.scopes;
        late("the simulated fleet", scopes.simulation.shut_down(Duration::from_secs(5)).await);
        late("the gateway", self.line.gateway.shut_down(Duration::from_secs(10)).await);
        let phases = [
            ("the console", &scopes.console, 5),
            ("detection", &scopes.detect, 10),
            ("delivery", &scopes.delivery, 10),
            ("the event collector", &scopes.hec, 10),
            ("the SIEM", &scopes.siem, 20),
            ("the registry view", &scopes.base, 5),
        ];
        for (name, scope, seconds) in phases {
            late(name, scope.shut_down(Duration::from_secs(seconds)).await);
        }
        self.storage.registry.close().await;
    }
}

const ADMIN: &str = "admin";

fn late(name: &str, in_time: bool) {
    if !in_time {
        tracing::warn!("{name} did not stop in time; going on without it");
    }
}

async fn lay_ground(config: &Config, data: &Path) -> Result<Ground, StartError> {
    let storage = Storage::open(data).await.map_err(StartError::of("the data directory"))?;
    // Absolute from here on: credentials.json is read from other directories.
    let data = data.canonicalize().map_err(StartError::of("the data directory"))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let identity = Identity::load(&data, &config.tls.names, clock.now())
        .map_err(StartError::of("the certificate authority"))?;
    let scopes = Scopes::default();
    let registry: Arc<dyn Registry> = storage.registry.clone();
    let directory = LiveDirectory::follow(registry, &scopes.base)
        .await
        .map_err(StartError::of("the registry view"))?;
    let is_first_start = !Credentials::path(&data).exists();
    let secrets = Secrets::load(&data).map_err(StartError::of("the secrets file"))?;
    Ok(Ground { data, storage, identity, directory, clock, scopes, secrets, is_first_start })
}

async fn start_back(config: &Config, ground: &Ground) -> Result<Back, StartError> {
    let siem = SiemDeps {
        logs: ground.storage.store.clone(),
        states: ground.storage.store.clone(),
        registry: ground.storage.registry.clone(),
        root: ground.data.join("segments"),
        clock: ground.clock.clone(),
        tasks: ground.scopes.siem.clone(),
    };
    let siem = Siem::open(config.siem.clone(), siem).await.map_err(StartError::of("the SIEM"))?;
    let tls = match config.hec.tls {
        true => Some(ground.identity.tls_config().map_err(StartError::of("the event collector"))?),
        false => None,
    };
    let hec = HecDeps {
        index: Arc::new(siem.clone()),
        registry: ground.storage.registry.clone(),
        states: ground.storage.store.clone(),
        clock: ground.clock.clone(),
        tasks: ground.scopes.hec.clone(),
        tls,
    };
    let hec = HecServer::open(config.hec.clone(), hec)
        .await
        .map_err(StartError::of("the event collector"))?;
    Ok(Back { siem, hec: Arc::new(hec) })
}

/// First start: the quickstart set. Until that has succeeded once, each start goes on with it.
async fn provision(config: &Config, ground: &Ground, back: &Back) -> Result<(), StartError> {
    let registry: Arc<dyn Registry> = ground.storage.registry.clone();
    if ground.is_first_start {
        let token = &ground.secrets.hec_token;
        quickstart::apply(registry.clone(), &config.account, token, ground.clock.now())
            .await
            .map_err(StartError::of("the quickstart set"))?;
    }
    back.siem.refresh_indexes().await.map_err(StartError::of("the SIEM"))?;
    let revision = *registry.revision().borrow();
    ground.directory.caught_up(revision).await;
    Ok(())
}

async fn start_front(config: &Config, ground: &Ground, back: &Back) -> Result<Front, StartError> {
    let registry: Arc<dyn Registry> = ground.storage.registry.clone();
    let delivery = DeliveryDeps {
        logs: ground.storage.store.clone(),
        states: ground.storage.store.clone(),
        registry: registry.clone(),
        functions: None,
        root: ground.data.join("backup"),
        extra_roots: vec![ground.identity.authority.certificate_pem().to_owned()],
        account: config.account.clone(),
        clock: ground.clock.clone(),
        tasks: ground.scopes.delivery.clone(),
    };
    let own = DeliveryConfig { own_hec: Some(back.hec.url()), ..config.delivery.clone() };
    let delivery = DeliveryEngine::open(own, delivery).await.map_err(StartError::of("delivery"))?;
    let parts = RulesParts {
        registry: registry.clone(),
        delivery: delivery.clone() as Arc<dyn Delivery>,
        clock: ground.clock.clone(),
        account: config.account.clone(),
    };
    let rules = RulesEngine::open(parts, config.rules.clone())
        .await
        .map_err(StartError::of("the rules"))?;
    rules.follow_registry(&ground.scopes.delivery);
    let states = &*ground.storage.store;
    let broker = Broker::open((&config.broker).into(), ground.clock.clone(), states)
        .await
        .map_err(StartError::of("the broker"))?;
    broker.attach_tap(rules.clone() as Arc<dyn MessageTap>);
    rules.attach_publisher(broker.clone() as Arc<dyn Publish>);
    // After the rules are there: wills of clients that the last process had go out at once.
    broker.start(&ground.scopes.detect);
    let notify = response::open_notify(config, ground, (&broker, &delivery)).await?;
    let listeners = alarm_listeners(back, &notify);
    let detect = start_detect(config, ground, &broker, listeners).await?;
    let control = control::open(config, ground, &broker).await?;
    let mitigation =
        response::open_mitigation(config, ground, &control, (&detect, &notify)).await?;
    let engines = Engines {
        broker: &broker,
        detect: &detect,
        rules: &rules,
        notify: &notify,
        mitigation: &mitigation,
    };
    let aws = control::serve(config, ground, &control, &engines).await?;
    notify.start(&aws.url());
    let parts = GatewayParts {
        directory: ground.directory.clone() as Arc<dyn Directory>,
        cloud_metrics: detect.clone(),
        reports: detect.clone(),
        broker: broker.clone(),
        clock: ground.clock.clone(),
        account: config.account.clone(),
        identity: Some(ground.identity.server_identity().map_err(StartError::of("the gateway"))?),
        access_keys: Some(control.keys.clone()),
        just_in_time: Some(control.plane.clone()),
        https: Some(picket_api_aws::https_router(aws.endpoint().clone())),
    };
    let gateway = Gateway::start(config.gateway.clone(), parts)
        .await
        .map_err(StartError::of("the gateway"))?;
    let gateway = Arc::new(gateway);
    gateway.attach_iot_log(control::log_iot(ground, &control, back).await?);
    Ok(Front { control, aws, gateway, broker, detect, rules, delivery, notify, mitigation })
}

/// Who is told of alarms.
fn alarm_listeners(back: &Back, notify: &Arc<NotifyEngine>) -> Vec<Arc<dyn AlarmListener>> {
    let in_siem = AlarmEvents::new(Arc::new(back.siem.clone()), quickstart::INDEX);
    vec![Arc::new(in_siem), Arc::new(DeviceAlerts::new(notify.clone()))]
}

async fn start_detect(
    config: &Config,
    ground: &Ground,
    broker: &Arc<Broker>,
    listeners: Vec<Arc<dyn AlarmListener>>,
) -> Result<Arc<DetectEngine>, StartError> {
    let parts = DetectDeps {
        logs: ground.storage.store.clone(),
        states: ground.storage.store.clone(),
        registry: ground.storage.registry.clone(),
        directory: ground.directory.clone(),
        listeners,
        publish: broker.clone(),
        clock: ground.clock.clone(),
        tasks: ground.scopes.detect.clone(),
    };
    DetectEngine::open(config.detect.clone(), parts).await.map_err(StartError::of("detection"))
}

fn enroller(control: &Control) -> Result<Enroller, StartError> {
    let policy = picket_core::PolicyName::new(quickstart::DEVICE_POLICY)
        .map_err(StartError::of("enrollment"))?;
    let defaults = EnrollmentDefaults { group: quickstart::FLEET_GROUP.to_owned(), policy };
    Ok(Enroller::new(control.plane.clone(), defaults))
}

async fn start_console(
    config: &Config,
    ground: &Ground,
    line: &Arc<Line>,
    control: &Control,
    enroller: &Arc<Enroller>,
) -> Result<std::net::SocketAddr, StartError> {
    let part = "the console";
    let at = line.gateway.addresses();
    let port = |address: Option<std::net::SocketAddr>| address.map(|address| address.port());
    let front_door = FrontDoor {
        host: config.aws.data_host.clone(),
        mqtt_port: port(at.mqtt),
        alpn_port: port(at.alpn),
    };
    let deps = ConsoleDeps {
        control: control.plane.clone(),
        front_door,
        connections: line.broker.clone(),
        connection_log: line.gateway.connection_log(),
        publish: line.broker.clone(),
        listen: line.broker.clone(),
        enrollment: enroller.clone(),
        alarms: line.detect.clone(),
        metric_history: line.detect.clone(),
        notify: line.notify.clone(),
        mitigation: line.mitigation.clone(),
        search: Arc::new(line.siem.clone()),
        pipeline: line.clone(),
        clock: ground.clock.clone(),
        tasks: ground.scopes.console.clone(),
    };
    let console =
        ConsoleServer::bind(config.console.clone(), deps).await.map_err(StartError::of(part))?;
    Ok(console.local_addr())
}

fn mqtt_access(gateway: &Gateway, identity: &Identity) -> MqttAccess {
    let at = gateway.addresses();
    MqttAccess {
        host: "localhost".to_owned(),
        port: at.mqtt.map(|address| address.port()),
        alpn_port: at.alpn.map(|address| address.port()),
        plaintext_port: at.plaintext.map(|address| address.port()),
        ca: identity.ca_path.clone(),
    }
}
