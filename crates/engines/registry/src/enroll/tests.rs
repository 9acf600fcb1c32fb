use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::PolicyName;
use picket_ports::directory::{Directory as _, DirectoryChange, Principal};
use picket_ports::enrollment::{EnrollError, Enrollment as _, NewDeviceRequest};
use picket_ports::registry::{CertificateStatus, Order, Page, PolicyTarget, PolicyVersion};
use serde_json::json;

use crate::test_plane::{TestPlane, pairs};
use crate::{Enroller, EnrollmentDefaults, ThingTypeProperties};

struct Fixture {
    at: TestPlane,
    enroller: Enroller,
}

async fn fixture() -> Fixture {
    let at = TestPlane::new().await;
    at.groups(&["site", "site/fleet"]).await;
    for name in ["device", "group-rights"] {
        at.plane.create_policy(name, RIGHTS, &[]).await.unwrap();
    }
    let on_parent = PolicyTarget::Group("site".into());
    let policy = PolicyName::new("group-rights").unwrap();
    at.registry.attach_policy(&policy, &on_parent).await.unwrap();
    let enroller = enroller(&at, "device");
    Fixture { at, enroller }
}

fn enroller(at: &TestPlane, policy: &str) -> Enroller {
    let policy = PolicyName::new(policy).unwrap();
    Enroller::new(at.plane.clone(), EnrollmentDefaults { group: "fleet".into(), policy })
}

impl Fixture {
    async fn caught_up(&self) {
        let revision = *self.at.registry.revision().borrow();
        self.at.directory.caught_up(revision).await;
    }
}

const RIGHTS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}"#;

fn named(name: &str) -> NewDeviceRequest {
    NewDeviceRequest::named(name)
}

fn policy_names(
    fixture: &Fixture,
    certificate: &picket_core::CertificateId,
    client: &str,
) -> Vec<String> {
    let principal = fixture.at.directory.principal(certificate, client);
    principal.policies.iter().map(|policy| policy.name.to_string()).collect()
}

#[tokio::test]
async fn an_enrolled_device_is_known_at_the_door_with_its_own_and_its_groups_rights() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing(named("pump-17")).await.unwrap();
    let entry = fixture.at.directory.certificate(&bundle.certificate_id).unwrap();
    assert_eq!(entry.status, CertificateStatus::Active);
    let stored = fixture.at.registry.certificate(&bundle.certificate_id).await.unwrap();
    assert!(stored.not_before < stored.created && stored.created < stored.not_after);
    assert_eq!(stored.not_after, entry.not_after);
    assert_eq!(
        policy_names(&fixture, &bundle.certificate_id, "pump-17"),
        ["device", "group-rights"]
    );
    assert_eq!(fixture.at.directory.groups_of("pump-17"), ["fleet", "site"]);
    // Under another client id the certificate stands for no thing, so the groups give nothing.
    assert_eq!(policy_names(&fixture, &bundle.certificate_id, "pump-18"), ["device"]);
    fixture.at.end().await;
}

#[tokio::test]
async fn a_second_thing_of_the_same_name_and_an_unknown_group_are_refused() {
    let fixture = fixture().await;
    fixture.enroller.create_thing(named("pump-17")).await.unwrap();
    let taken = fixture.enroller.create_thing(named("pump-17")).await.unwrap_err();
    assert!(matches!(taken, EnrollError::AlreadyExists(_)), "{taken}");
    let nowhere = NewDeviceRequest { group: Some("nowhere".into()), ..named("pump-18") };
    let lost = fixture.enroller.create_thing(nowhere).await.unwrap_err();
    assert!(matches!(lost, EnrollError::NoSuchGroup(_)), "{lost}");
    assert!(!fixture.at.directory.is_registered("pump-18"));
    let odd = fixture.enroller.create_thing(named("pump/17")).await.unwrap_err();
    assert!(matches!(odd, EnrollError::BadName(_)), "{odd}");
}

#[tokio::test]
async fn an_enrollment_that_fails_leaves_nothing_and_the_name_stays_free() {
    let fixture = fixture().await;
    let mut lost = enroller(&fixture.at, "no-such-policy");
    let error = lost.create_thing(named("pump-17")).await.unwrap_err();
    assert!(matches!(&error, EnrollError::Failed(cause) if cause.contains("no-such-policy")));
    assert_eq!(fixture.at.registry.count_things().await.unwrap(), 0);
    let page = Page::first(9);
    let left = fixture.at.registry.certificates(None, Order::Ascending, &page).await.unwrap();
    assert!(left.rows.is_empty());
    lost = enroller(&fixture.at, "device");
    lost.create_thing(named("pump-17")).await.unwrap();
}

#[tokio::test]
async fn a_change_is_in_force_at_the_door_within_milliseconds() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing(named("pump-17")).await.unwrap();
    let before = fixture.at.directory.principal(&bundle.certificate_id, "pump-17");
    let mut changes = fixture.at.directory.changes();
    let device = PolicyName::new("device").unwrap();
    let asked = Instant::now();
    let mut policy = fixture.at.registry.policy(&device).await.unwrap();
    let document = r#"{"Statement":[]}"#.into();
    policy.versions.push(PolicyVersion { id: 2, document, created: policy.created });
    (policy.default_version, policy.last_version, policy.revision) = (2, 2, 2);
    fixture.at.registry.replace_policy(&policy).await.unwrap();
    fixture.caught_up().await;
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    let concerned = DirectoryChange::RightsOf(bundle.certificate_id.clone());
    assert_eq!(changes.try_recv().unwrap(), concerned);
    let after = fixture.at.directory.principal(&bundle.certificate_id, "pump-17");
    let document = |principal: &Principal, at: usize| principal.policies[at].document.clone();
    assert_eq!(document(&after, 0), r#"{"Statement":[]}"#);
    assert_eq!(document(&before, 0), RIGHTS);
    // What did not change is still the same allocation, so that compiled policies stay in use.
    assert!(Arc::ptr_eq(&before.policies[1], &after.policies[1]));
    assert!(Arc::ptr_eq(before.thing.as_ref().unwrap(), after.thing.as_ref().unwrap()));
}

#[tokio::test]
async fn leaving_a_group_takes_its_rights_away() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing(named("pump-17")).await.unwrap();
    fixture.at.registry.remove_from_group(&bundle.thing, "fleet").await.unwrap();
    fixture.caught_up().await;
    assert_eq!(policy_names(&fixture, &bundle.certificate_id, "pump-17"), ["device"]);
    assert!(fixture.at.directory.groups_of("pump-17").is_empty());
    fixture.at.registry.detach_thing(&bundle.thing, &bundle.certificate_id).await.unwrap();
    fixture.at.registry.delete_thing(&bundle.thing, None).await.unwrap();
    fixture.caught_up().await;
    assert!(!fixture.at.directory.is_registered("pump-17"));
    assert!(fixture.at.directory.principal(&bundle.certificate_id, "pump-17").thing.is_none());
}

#[tokio::test]
async fn a_revoked_certificate_is_announced_at_once() {
    let fixture = fixture().await;
    let bundle = fixture.enroller.create_thing(named("pump-17")).await.unwrap();
    let mut changes = fixture.at.directory.changes();
    let mut certificate = fixture.at.registry.certificate(&bundle.certificate_id).await.unwrap();
    (certificate.status, certificate.version) = (CertificateStatus::Revoked, 2);
    fixture.at.registry.replace_certificate(&certificate).await.unwrap();
    fixture.caught_up().await;
    let change = DirectoryChange::Certificate(bundle.certificate_id.clone());
    assert_eq!(changes.try_recv().unwrap(), change);
    assert_eq!(
        fixture.at.directory.certificate(&bundle.certificate_id).unwrap().status,
        CertificateStatus::Revoked
    );
}

#[tokio::test]
async fn a_device_gets_the_type_and_attributes_that_were_asked_for_and_the_registry_says_so() {
    let mut fixture = fixture().await;
    let pump = ThingTypeProperties::default();
    fixture.at.plane.create_thing_type("pump", pump, &[]).await.unwrap();
    fixture.at.switch_on(&["THING", "THING_GROUP_MEMBERSHIP", "THING_TYPE_ASSOCIATION"]).await;
    let request = NewDeviceRequest {
        type_name: Some("pump".into()),
        attributes: pairs("site=west floor=3 gone="),
        ..named("pump-17")
    };
    fixture.enroller.create_thing(request).await.unwrap();
    let thing = fixture.at.plane.describe_thing("pump-17").await.unwrap();
    assert_eq!(thing.type_name.as_deref(), Some("pump"));
    assert_eq!(thing.attributes, pairs::<Vec<_>>("floor=3 site=west"));
    let published = fixture.at.published();
    let topics: Vec<&str> = published.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(
        topics,
        [
            "$aws/events/thing/pump-17/created",
            "$aws/events/thingTypeAssociation/thing/pump-17/thingType/pump/added",
            "$aws/events/thingGroupMembership/thingGroup/fleet/thing/pump-17/added",
        ]
    );
    assert_eq!(published[0].1["attributes"], json!({"floor": "3", "site": "west"}));
    fixture.at.end().await;
}

#[tokio::test]
async fn a_type_or_attributes_that_break_a_rule_are_refused_and_leave_nothing() {
    let fixture = fixture().await;
    fixture.at.plane.create_thing_type("old", ThingTypeProperties::default(), &[]).await.unwrap();
    fixture.at.plane.deprecate_thing_type("old", false).await.unwrap();
    let of_type = |name: &str| NewDeviceRequest { type_name: Some(name.into()), ..named("a") };
    let with = |text: &str| NewDeviceRequest { attributes: pairs(text), ..named("a") };
    for (request, problem) in [
        (of_type("none"), "thing type `none` does not exist"),
        (of_type("old"), "thing type old is deprecated"),
        (of_type("a b"), "at `thingTypeName` holds ' '"),
        (with("a=1 b=2 c=3 d=4"), "at most 3 attributes"),
        (with("a=%"), "at `attributes` holds '%'"),
    ] {
        let refused = fixture.enroller.create_thing(request).await.unwrap_err();
        assert!(!matches!(refused, EnrollError::Failed(_)), "{refused:?}");
        assert!(refused.to_string().contains(problem), "{refused}");
    }
    assert_eq!(fixture.at.registry.count_things().await.unwrap(), 0);
    let page = Page::first(9);
    let left = fixture.at.registry.certificates(None, Order::Ascending, &page).await.unwrap();
    assert!(left.rows.is_empty());
    fixture.at.end().await;
}
