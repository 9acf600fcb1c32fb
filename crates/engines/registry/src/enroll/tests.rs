use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::{PolicyName, SystemClock, Tasks, Timestamp};
use picket_pki::Authority;
use picket_ports::directory::{Directory, DirectoryChange, Principal};
use picket_ports::enrollment::{EnrollError, Enrollment};
use picket_ports::registry::{
    CertificateStatus, Certificates as _, Feed as _, Groups as _, Order, Page, Policies as _,
    Policy, PolicyTarget, PolicyVersion, ThingGroup, Things as _,
};
use picket_sqlite::SqliteRegistry;

use crate::{Enroller, EnrollmentDefaults, LiveDirectory};

struct Fixture {
    registry: Arc<SqliteRegistry>,
    directory: Arc<LiveDirectory>,
    enroller: Enroller,
    tasks: Tasks,
    _dir: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap());
    let created = Timestamp::from_millis(1);
    for (name, parent) in [("site", None), ("fleet", Some("site".to_owned()))] {
        registry.create_group(&ThingGroup::new(name, name, parent, created)).await.unwrap();
    }
    for name in ["device", "group-rights"] {
        let name = PolicyName::new(name).unwrap();
        registry.create_policy(&Policy::new(name, "{}", created)).await.unwrap();
    }
    let on_parent = PolicyTarget::Group("site".into());
    registry.attach_policy(&PolicyName::new("group-rights").unwrap(), &on_parent).await.unwrap();
    let tasks = Tasks::new();
    let directory = LiveDirectory::follow(registry.clone(), &tasks).await.unwrap();
    let authority =
        Arc::new(Authority::generate(Timestamp::from_millis(1_735_689_600_000)).unwrap());
    let defaults =
        EnrollmentDefaults { group: "fleet".into(), policy: PolicyName::new("device").unwrap() };
    let enroller = Enroller::new(
        registry.clone(),
        authority,
        Some(directory.clone()),
        Arc::new(SystemClock),
        defaults,
    );
    Fixture { registry, directory, enroller, tasks, _dir: dir }
}

impl Fixture {
    async fn caught_up(&self) {
        let revision = *self.registry.revision().borrow();
        self.directory.caught_up(revision).await;
    }

    fn enroller_with(&self, policy: &str) -> Enroller {
        let policy = PolicyName::new(policy).unwrap();
        let authority = Authority::generate(Timestamp::from_millis(1_735_689_600_000)).unwrap();
        let defaults = EnrollmentDefaults { group: "fleet".into(), policy };
        let registry = self.registry.clone();
        Enroller::new(registry, Arc::new(authority), None, Arc::new(SystemClock), defaults)
    }
}

fn policy_names(
    fixture: &Fixture,
    certificate: &picket_core::CertificateId,
    client: &str,
) -> Vec<String> {
    let principal = fixture.directory.principal(certificate, client);
    principal.policies.iter().map(|policy| policy.name.to_string()).collect()
}

#[tokio::test]
async fn an_enrolled_device_is_known_at_the_door_with_its_own_and_its_groups_rights() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing("pump-17", None).await.unwrap();
    let entry = fixture.directory.certificate(&bundle.certificate_id).unwrap();
    assert_eq!(entry.status, CertificateStatus::Active);
    let stored = fixture.registry.certificate(&bundle.certificate_id).await.unwrap();
    assert!(stored.not_before < stored.created && stored.created < stored.not_after);
    assert_eq!(stored.not_after, entry.not_after);
    assert_eq!(
        policy_names(&fixture, &bundle.certificate_id, "pump-17"),
        ["device", "group-rights"]
    );
    assert_eq!(fixture.directory.groups_of("pump-17"), ["fleet", "site"]);
    // Under another client id the certificate stands for no thing, so the groups give nothing.
    assert_eq!(policy_names(&fixture, &bundle.certificate_id, "pump-18"), ["device"]);
    assert!(fixture.tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_second_thing_of_the_same_name_and_an_unknown_group_are_refused() {
    let fixture = fixture().await;
    fixture.enroller.create_thing("pump-17", None).await.unwrap();
    let taken = fixture.enroller.create_thing("pump-17", None).await.unwrap_err();
    assert!(matches!(taken, EnrollError::AlreadyExists(_)), "{taken}");
    let lost = fixture.enroller.create_thing("pump-18", Some("nowhere")).await.unwrap_err();
    assert!(matches!(lost, EnrollError::NoSuchGroup(_)), "{lost}");
    assert!(!fixture.directory.is_registered("pump-18"));
    let odd = fixture.enroller.create_thing("pump/17", None).await.unwrap_err();
    assert!(matches!(odd, EnrollError::BadName(_)), "{odd}");
}

#[tokio::test]
async fn an_enrollment_that_fails_leaves_nothing_and_the_name_stays_free() {
    let fixture = fixture().await;
    let mut lost = fixture.enroller_with("no-such-policy");
    let error = lost.create_thing("pump-17", None).await.unwrap_err();
    assert!(matches!(&error, EnrollError::Failed(cause) if cause.contains("no-such-policy")));
    assert_eq!(fixture.registry.count_things().await.unwrap(), 0);
    let page = Page::first(9);
    let left = fixture.registry.certificates(None, Order::Ascending, &page).await.unwrap();
    assert!(left.rows.is_empty());
    lost = fixture.enroller_with("device");
    lost.create_thing("pump-17", None).await.unwrap();
}

#[tokio::test]
async fn a_change_is_in_force_at_the_door_within_milliseconds() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing("pump-17", None).await.unwrap();
    let before = fixture.directory.principal(&bundle.certificate_id, "pump-17");
    let mut changes = fixture.directory.changes();
    let device = PolicyName::new("device").unwrap();
    let asked = Instant::now();
    let mut policy = fixture.registry.policy(&device).await.unwrap();
    let document = r#"{"Statement":[]}"#.into();
    policy.versions.push(PolicyVersion { id: 2, document, created: policy.created });
    (policy.default_version, policy.last_version, policy.revision) = (2, 2, 2);
    fixture.registry.replace_policy(&policy).await.unwrap();
    fixture.caught_up().await;
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    let concerned = DirectoryChange::RightsOf(bundle.certificate_id.clone());
    assert_eq!(changes.try_recv().unwrap(), concerned);
    let after = fixture.directory.principal(&bundle.certificate_id, "pump-17");
    let document = |principal: &Principal, at: usize| principal.policies[at].document.clone();
    assert_eq!(document(&after, 0), r#"{"Statement":[]}"#);
    assert_eq!(document(&before, 0), "{}");
    // What did not change is still the same allocation, so that compiled policies stay in use.
    assert!(Arc::ptr_eq(&before.policies[1], &after.policies[1]));
    assert!(Arc::ptr_eq(before.thing.as_ref().unwrap(), after.thing.as_ref().unwrap()));
}

#[tokio::test]
async fn leaving_a_group_takes_its_rights_away() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing("pump-17", None).await.unwrap();
    fixture.registry.remove_from_group(&bundle.thing, "fleet").await.unwrap();
    fixture.caught_up().await;
    assert_eq!(policy_names(&fixture, &bundle.certificate_id, "pump-17"), ["device"]);
    assert!(fixture.directory.groups_of("pump-17").is_empty());
    fixture.registry.detach_thing(&bundle.thing, &bundle.certificate_id).await.unwrap();
    fixture.registry.delete_thing(&bundle.thing, None).await.unwrap();
    fixture.caught_up().await;
    assert!(!fixture.directory.is_registered("pump-17"));
    assert!(fixture.directory.principal(&bundle.certificate_id, "pump-17").thing.is_none());
}

#[tokio::test]
async fn a_revoked_certificate_is_announced_at_once() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing("pump-17", None).await.unwrap();
    let mut changes = fixture.directory.changes();
    let mut certificate = fixture.registry.certificate(&bundle.certificate_id).await.unwrap();
    (certificate.status, certificate.version) = (CertificateStatus::Revoked, 2);
    fixture.registry.replace_certificate(&certificate).await.unwrap();
    fixture.caught_up().await;
    let change = DirectoryChange::Certificate(bundle.certificate_id.clone());
    assert_eq!(changes.try_recv().unwrap(), change);
    assert_eq!(
        fixture.directory.certificate(&bundle.certificate_id).unwrap().status,
        CertificateStatus::Revoked
    );
}
