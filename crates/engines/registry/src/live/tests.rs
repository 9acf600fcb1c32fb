//! The view over the storage in use.

mod any_changes;
mod keeps_up;
mod welcome;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use picket_core::{CertificateId, PolicyName, Tasks, ThingName, Timestamp};
use picket_ports::directory::{Directory as _, DirectoryChange};
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, Certificates as _, Devices as _, Feed as _,
    Groups as _, NewDevice, Policies as _, Policy, PolicyTarget, PolicyVersion, Thing, ThingGroup,
    Things as _,
};
use picket_sqlite::SqliteRegistry;
use tokio::sync::broadcast;

use super::LiveDirectory;

const CREATED: Timestamp = Timestamp::from_millis(1);

struct Fixture {
    registry: Arc<SqliteRegistry>,
    directory: Arc<LiveDirectory>,
    changes: broadcast::Receiver<DirectoryChange>,
    tasks: Tasks,
    _dir: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap());
    let tasks = Tasks::new();
    let directory = LiveDirectory::follow(registry.clone(), &tasks).await.unwrap();
    let changes = directory.changes();
    Fixture { registry, directory, changes, tasks, _dir: dir }
}

fn thing(name: &str) -> ThingName {
    ThingName::new(name).unwrap()
}

fn policy(name: &str) -> PolicyName {
    PolicyName::new(name).unwrap()
}

fn id(digit: char) -> CertificateId {
    CertificateId::new(String::from(digit).repeat(64)).unwrap()
}

fn new_thing(name: &str) -> Thing {
    Thing::new(thing(name), format!("id of {name}"), CREATED)
}

fn new_group(name: &str, parent: Option<&str>) -> ThingGroup {
    ThingGroup::new(name, format!("id of {name}"), parent.map(str::to_owned), CREATED)
}

fn new_certificate(id: CertificateId) -> Certificate {
    Certificate {
        pem: format!("pem of {id}"),
        id,
        status: CertificateStatus::Active,
        ca: None,
        mode: CertificateMode::Default,
        not_before: CREATED,
        not_after: Timestamp::from_millis(9),
        created: CREATED,
        modified: CREATED,
        version: 1,
    }
}

impl Fixture {
    async fn caught_up(&self) {
        let revision = *self.registry.revision().borrow();
        let seen = self.directory.caught_up(revision);
        tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
    }

    /// Everything that was announced since this was asked last, when the view has caught up.
    async fn announced(&mut self) -> Vec<DirectoryChange> {
        self.caught_up().await;
        std::iter::from_fn(|| self.changes.try_recv().ok()).collect()
    }

    /// A pump with certificate `a` in the hall of the site, and a yard.
    async fn fleet(&mut self) {
        let registry = &self.registry;
        for (name, parent) in [("site", None), ("hall", Some("site")), ("yard", None)] {
            registry.create_group(&new_group(name, parent)).await.unwrap();
        }
        for name in ["basic", "extra"] {
            registry.create_policy(&Policy::new(policy(name), "{}", CREATED)).await.unwrap();
        }
        let (pump, certificate) = (new_thing("pump"), new_certificate(id('a')));
        let (basic, group) = (policy("basic"), "hall");
        let device = NewDevice { thing: &pump, certificate: &certificate, policy: &basic, group };
        registry.enroll(&device).await.unwrap();
        self.announced().await;
    }

    fn policies(&self, client: &str) -> Vec<String> {
        let principal = self.directory.principal(&id('a'), client);
        principal.policies.iter().map(|policy| policy.name.to_string()).collect()
    }

    async fn set_status(&self, status: CertificateStatus) {
        let mut certificate = self.registry.certificate(&id('a')).await.unwrap();
        certificate.status = status;
        certificate.version += 1;
        self.registry.replace_certificate(&certificate).await.unwrap();
    }
}

fn rights() -> DirectoryChange {
    DirectoryChange::RightsOf(id('a'))
}

#[tokio::test]
async fn a_certificates_states_reach_the_door_and_its_sessions() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    for status in [CertificateStatus::Inactive, CertificateStatus::Active] {
        fixture.set_status(status).await;
        assert_eq!(fixture.announced().await, [DirectoryChange::Certificate(id('a'))]);
        assert_eq!(fixture.directory.certificate(&id('a')).unwrap().status, status);
    }
    let registry = fixture.registry.clone();
    registry.detach_thing(&thing("pump"), &id('a')).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    registry.delete_certificate(&id('a'), true).await.unwrap();
    assert_eq!(fixture.announced().await, [DirectoryChange::Certificate(id('a'))]);
    assert_eq!(fixture.directory.certificate(&id('a')), None);
    assert!(fixture.policies("pump").is_empty());
    assert!(fixture.tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn policies_given_and_taken_at_the_certificate_and_along_the_groups_reach_its_sessions() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let registry = fixture.registry.clone();
    assert_eq!(fixture.policies("pump"), ["basic"]);
    for target in [PolicyTarget::Group("site".into()), PolicyTarget::Group("hall".into())] {
        registry.attach_policy(&policy("extra"), &target).await.unwrap();
        assert_eq!(fixture.announced().await, [rights()]);
        assert_eq!(fixture.policies("pump"), ["basic", "extra"]);
        // Under another client id the certificate stands for no thing, so the groups give nothing.
        assert_eq!(fixture.policies("valve"), ["basic"]);
        registry.detach_policy(&policy("extra"), &target).await.unwrap();
        assert_eq!(fixture.announced().await, [rights()]);
        assert_eq!(fixture.policies("pump"), ["basic"]);
    }
    registry.attach_policy(&policy("extra"), &PolicyTarget::Group("yard".into())).await.unwrap();
    assert_eq!(fixture.announced().await, [], "nobody is in the yard");
    let target = PolicyTarget::Certificate(id('a'));
    registry.attach_policy(&policy("extra"), &target).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    registry.attach_policy(&policy("extra"), &target).await.unwrap();
    assert_eq!(fixture.announced().await, [], "it was attached");
    registry.detach_policy(&policy("basic"), &target).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    assert_eq!(fixture.policies("valve"), ["extra"]);
}

#[tokio::test]
async fn another_default_version_is_in_force_at_once_and_one_that_is_only_added_is_not() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let registry = fixture.registry.clone();
    let mut basic = registry.policy(&policy("basic")).await.unwrap();
    let document = r#"{"Statement":[]}"#.into();
    basic.versions.push(PolicyVersion { id: 2, document, created: CREATED });
    (basic.last_version, basic.revision) = (2, 2);
    registry.replace_policy(&basic).await.unwrap();
    assert_eq!(fixture.announced().await, []);
    (basic.default_version, basic.revision) = (2, 3);
    registry.replace_policy(&basic).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    let principal = fixture.directory.principal(&id('a'), "pump");
    assert_eq!(principal.policies[0].document, r#"{"Statement":[]}"#);
}

#[tokio::test]
async fn a_things_groups_type_and_end_reach_its_sessions() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let registry = fixture.registry.clone();
    registry.attach_policy(&policy("extra"), &PolicyTarget::Group("yard".into())).await.unwrap();
    registry.add_to_group(&thing("pump"), "yard").await.unwrap();
    assert_eq!(fixture.announced().await, [rights(), DirectoryChange::Things]);
    assert_eq!(fixture.directory.groups_of("pump"), ["hall", "site", "yard"]);
    assert_eq!(fixture.policies("pump"), ["basic", "extra"]);
    registry.delete_group("yard", None).await.unwrap();
    assert_eq!(fixture.announced().await, [rights(), DirectoryChange::Things]);
    assert_eq!(fixture.directory.groups_of("pump"), ["hall", "site"]);
    assert_eq!(fixture.policies("pump"), ["basic"]);
    registry.remove_from_group(&thing("pump"), "hall").await.unwrap();
    assert_eq!(fixture.announced().await, [rights(), DirectoryChange::Things]);
    assert!(fixture.directory.groups_of("pump").is_empty());

    let mut pump = registry.thing(&thing("pump")).await.unwrap();
    (pump.billing_group, pump.version) = (Some("cost-7".into()), 2);
    registry.replace_thing(&pump).await.unwrap();
    assert_eq!(fixture.announced().await, [], "no policy can ask for a billing group");
    pump.attributes = vec![("site".into(), "north".into())];
    (pump.type_name, pump.version) = (Some("sensor".into()), 3);
    registry.replace_thing(&pump).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    let seen = fixture.directory.principal(&id('a'), "pump").thing.unwrap();
    assert_eq!((&seen.type_name, &seen.attributes), (&pump.type_name, &pump.attributes));

    registry.detach_thing(&thing("pump"), &id('a')).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    assert!(fixture.directory.principal(&id('a'), "pump").thing.is_none());
    registry.delete_thing(&thing("pump"), None).await.unwrap();
    assert_eq!(fixture.announced().await, [DirectoryChange::Things]);
    assert!(!fixture.directory.is_registered("pump"));
}

#[tokio::test]
async fn an_exclusive_attachment_stands_for_its_thing_under_any_client_id() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let registry = fixture.registry.clone();
    registry.attach_policy(&policy("extra"), &PolicyTarget::Group("site".into())).await.unwrap();
    registry.attach_thing(&thing("pump"), &id('a'), true).await.unwrap();
    assert_eq!(fixture.announced().await, [rights(), rights()]);
    let principal = fixture.directory.principal(&id('a'), "any-client");
    assert_eq!(principal.thing.unwrap().name, thing("pump"));
    assert!(principal.is_exclusive);
    assert_eq!(fixture.policies("any-client"), ["basic", "extra"]);
    registry.attach_thing(&thing("pump"), &id('a'), false).await.unwrap();
    assert_eq!(fixture.announced().await, [rights()]);
    assert!(fixture.directory.principal(&id('a'), "any-client").thing.is_none());
}

#[tokio::test]
async fn a_new_device_is_known_whole_and_a_view_opened_later_knows_the_same() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let (valve, certificate) = (new_thing("valve"), new_certificate(id('b')));
    let (extra, group) = (policy("extra"), "yard");
    let device = NewDevice { thing: &valve, certificate: &certificate, policy: &extra, group };
    fixture.registry.enroll(&device).await.unwrap();
    assert_eq!(fixture.announced().await, [DirectoryChange::Things]);
    let later = LiveDirectory::follow(fixture.registry.clone(), &fixture.tasks).await.unwrap();
    for directory in [&fixture.directory, &later] {
        let principal = directory.principal(&id('b'), "valve");
        assert_eq!(principal.thing.as_ref().unwrap().name, thing("valve"));
        let names: BTreeSet<_> = principal.policies.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["extra"]));
        assert_eq!(directory.groups_of("valve"), ["yard"]);
    }
}
