//! What the console works with besides the engines: the control plane over a real registry, and a broker.

use std::sync::{Arc, OnceLock};

use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, Clock, PolicyName, Tasks};
use picket_mitigate::{Dependencies, MitigateConfig, Mitigation};
use picket_notify::testsuite::MemoryStates;
use picket_pki::Authority;
use picket_ports::findings::by_hand::FindingsByHand;
use picket_ports::{Alarms, Notify, Registry};
use picket_registry::{
    ControlParts, ControlPlane, Enroller, EnrollmentDefaults, LiveDirectory, NewGroup,
    RegistryLimits,
};

/// The group that devices join.
pub(crate) const FLEET: &str = "picket-fleet";
/// The policy that their certificates get.
pub(crate) const DEVICE_POLICY: &str = "picket-device";
const DEVICE_RIGHTS: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "Connect", "Effect": "Allow", "Action": "iot:Connect",
     "Resource": "arn:aws:iot:us-east-1:000000000000:client/${iot:Connection.Thing.ThingName}"}
]}"#;

pub(crate) fn broker(clock: Arc<dyn Clock>, tasks: &Tasks) -> Arc<Broker> {
    let broker = Broker::new(BrokerLimits::default(), clock);
    broker.start(tasks);
    broker
}

/// A control plane whose registry has what enrollment needs.
pub(crate) async fn control(
    registry: Arc<dyn Registry>,
    broker: &Arc<Broker>,
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> Arc<ControlPlane> {
    let directory = LiveDirectory::follow(registry.clone(), tasks).await.unwrap();
    let control = ControlPlane::new(ControlParts {
        registry,
        directory,
        authority: authority(&*clock),
        publish: broker.clone(),
        clock,
        account: Account::default(),
        limits: RegistryLimits::default(),
    });
    let fleet = NewGroup { name: FLEET.to_owned(), ..NewGroup::default() };
    control.create_thing_group(fleet, &[]).await.unwrap();
    control.create_policy(DEVICE_POLICY, DEVICE_RIGHTS, &[]).await.unwrap();
    Arc::new(control)
}

/// One for all, since making a key takes a while.
fn authority(clock: &dyn Clock) -> Arc<Authority> {
    static MADE: OnceLock<Arc<Authority>> = OnceLock::new();
    MADE.get_or_init(|| Arc::new(Authority::generate(clock.now()).unwrap())).clone()
}

/// Enrollment into the fleet.
pub(crate) fn enroller(control: &Arc<ControlPlane>) -> Enroller {
    let policy = PolicyName::new(DEVICE_POLICY).unwrap();
    Enroller::new(control.clone(), EnrollmentDefaults { group: FLEET.to_owned(), policy })
}

/// Mitigation of these alarms, which changes the control plane's registry.
pub(crate) async fn mitigation(
    (control, alarms): (&Arc<ControlPlane>, Arc<dyn Alarms>),
    (notify, clock, tasks): (Arc<dyn Notify>, Arc<dyn Clock>, &Tasks),
) -> Arc<Mitigation> {
    let dependencies = Dependencies {
        registry: control.registry().clone(),
        states: Arc::new(MemoryStates::default()),
        remedies: control.clone(),
        alarms,
        findings: Arc::new(FindingsByHand::default()),
        notify,
        clock,
        tasks: tasks.clone(),
        account: Account::default(),
    };
    Mitigation::open(MitigateConfig::default(), dependencies).await.unwrap()
}
